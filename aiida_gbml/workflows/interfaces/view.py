"""What a search looks like from outside: the same plain values for the command line, for notebooks and for pages."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from aiida import orm

from aiida_gbml.science.interfaces.observations import Observations
from aiida_gbml.science.interfaces.summary import best_row
from aiida_gbml.science.structure_set import OK, StructureSet
from aiida_gbml.workflows.process_view import ProcessView

if TYPE_CHECKING:
    from ase import Atoms

COLUMNS = (
    "excess_energy",
    "screening_energy",
    "excess_volume",
    "translation",
    "gap",
    "termination",
    "n_removed",
    "n_atoms",
)
"""What a row of a ranking tells, as far as it has it: J/m², J/m², Å, Å, Å and three numbers without dimension."""

_ROUND = re.compile(r"record_\d+")


class SearchView(ProcessView):
    """Read access to a search that is running, finished or failed.

    :param node: the work chain of the search.
    :raises ValueError: when the node is no grain-boundary search.
    """

    def __init__(self, node: orm.WorkChainNode) -> None:
        if node.process_label != "GrainBoundarySearchWorkChain":
            raise ValueError(f"process {node.pk} is a {node.process_label}, not a grain-boundary search")
        super().__init__(node)

    @property
    def progress(self) -> str:
        """How many candidates are evaluated."""
        return f"{len(self.observations)} evaluated"

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The flat summary; empty as long as there is none."""
        return dict(self.node.outputs.interface.get_dict()) if "interface" in self.node.outputs else {}

    @cached_property
    def observations(self) -> Observations:
        """Everything observed so far, in the order of the evaluations."""
        recorded = [node for label, node in self.children.items() if label == "adopt" or _ROUND.fullmatch(label)]
        nodes = [node.outputs.observations for node in recorded if node.is_finished_ok]
        if not nodes:
            return Observations.empty()
        latest: Observations = max((node.observations for node in nodes), key=len)
        return latest

    @cached_property
    def evaluated(self) -> StructureSet | None:
        """Every evaluated structure with its excess energy; none as long as the search goes on."""
        return self.node.outputs.evaluated.structures if "evaluated" in self.node.outputs else None

    @cached_property
    def expected_regrets(self) -> list[tuple[int, float]]:
        """Number of evaluations known and expected regret in J/m² at each proposal."""
        proposals = [node for label, node in self.children.items() if label.startswith("propose_")]
        found = []
        for node in (node for node in proposals if node.is_finished_ok):
            outputs = node.outputs.results if "results" in node.outputs else node.outputs
            regret = outputs.outlook.get("expected_regret") if "outlook" in outputs else None
            if regret is not None:
                known = node.inputs.observations if "observations" in node.inputs else node.inputs.arrays.observations
                found.append((known.base.attributes.get("n_observations"), regret))
        return found

    @cached_property
    def best_structure(self) -> tuple[Atoms, list[float]] | None:
        """The most stable structure and the heights z of its boundaries in Å; none as long as there is none."""
        structures = self.evaluated if self.verified is None else self.verified
        if structures is None:
            return None
        row = best_row(structures)
        first = float(structures.columns["boundary_height"][row])
        return structures.to_ase(row), [first, 0.0] if structures.pbc[row, 2] else [first]

    @cached_property
    def verified(self) -> StructureSet | None:
        """The basins with the excess energies of the second engine; none without it."""
        return self.node.outputs.verified.structures if "verified" in self.node.outputs else None

    def ranking(self, n_rows: int | None = None, *, verified: bool = False) -> list[dict[str, Any]]:
        """Return structures as plain values, lowest excess energy first, failed ones left out.

        :param n_rows: most of them.
        :param verified: those of the second engine instead of the first.
        """
        structures = self.verified if verified else self.evaluated
        if structures is None:
            return []
        columns = {**structures.columns, "n_atoms": structures.sizes}
        energies = columns["excess_energy"]
        order = [row for row in np.argsort(energies) if columns["status"][row] == OK][:n_rows]
        return [{name: _plain(columns[name][row]) for name in COLUMNS if name in columns} for row in order]

    def failures(self) -> list[tuple[str, int]]:
        """Return each reason of a failed evaluation with the number of rows it stopped, most frequent first."""
        return Counter(str(reason) for reason in self.observations.reasons if reason).most_common()


def _plain(value: Any) -> Any:
    """Return a number or an array as plain values; a number that is not defined, such as a slab's volume, as none."""
    plain = value.tolist()
    return None if plain != plain else plain  # noqa: PLR0124
