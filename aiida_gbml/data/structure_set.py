"""The node of a set of structures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from aiida import orm
from ase.symbols import Symbols

from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.science.structure_set import StructureSet

if TYPE_CHECKING:
    from typing_extensions import Self


class StructureSetData(ArchiveData):
    """An ordered set of periodic structures with named columns, see :class:`StructureSet`.

    It is the candidate list of a search, the training set of a potential and the result of an evaluation.
    Attributes for queries: ``n_structures``, ``n_atoms``, ``elements``, ``columns``, ``atom_columns`` and, once
    evaluated, ``n_ok`` and ``n_failed``.
    """

    FILENAME = "structures.npz"
    CONTENT = StructureSet

    def __init__(self, structures: StructureSet | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if structures is not None:
            self._set_content(structures.to_bytes())
            self.base.attributes.set_many(_summary(structures))

    @classmethod
    def from_structure_data(cls, nodes: Sequence[orm.StructureData]) -> Self:
        """Return an unstored node of some stored structures, whose uuids it keeps as the column `structure_uuid`.

        :raises ValueError: see ``check_row``.
        """
        for node in nodes:
            check_row(node)
        atoms = [node.get_ase() for node in nodes]
        return cls(StructureSet.from_ase(atoms, structure_uuid=np.array([node.uuid for node in nodes], dtype=str)))

    def to_structure_data(self, index: int) -> orm.StructureData:
        """Return one structure as an unstored node; call it inside a process only, for the sake of provenance."""
        return orm.StructureData(ase=self.structures.to_ase(index))

    @cached_property
    def structures(self) -> StructureSet:
        """The set itself."""
        return StructureSet.from_bytes(self.content)

    def __len__(self) -> int:
        return int(self.base.attributes.get("n_structures"))


def check_row(node: orm.StructureData) -> None:
    """Refuse a structure of which a set would lose something: it keeps elements, and no kinds.

    :raises ValueError: for partial occupancies, and for kinds that are not named by their element.
    """
    if node.is_alloy or node.has_vacancies:
        raise ValueError(f"structure {node.get_formula()} has partial occupancies, which no engine takes")
    marked = [kind.name for kind in node.kinds if kind.name != kind.symbol]
    if marked:
        raise ValueError(
            f"structure {node.get_formula()} has the kind '{marked[0]}', and a set of structures keeps elements only: "
            "use `CoreHoleSpectrumWorkChain` for its spectra, or name its kinds by their elements"
        )


def _summary(structures: StructureSet) -> dict[str, Any]:
    """Return the flat attributes by which sets are found."""
    summary: dict[str, Any] = {
        "n_structures": len(structures),
        "n_atoms": len(structures.numbers),
        "elements": sorted(set(Symbols(structures.numbers))),
        "columns": sorted(structures.columns),
        "atom_columns": sorted(structures.atom_columns),
    }
    if "status" in structures.columns:
        counts = Counter(structures.columns["status"].tolist())
        summary |= {"n_ok": counts["ok"], "n_failed": counts["failed"]}
    return summary
