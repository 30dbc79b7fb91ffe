"""What a search looks like from outside: the same plain values for the command line, for notebooks and for pages."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from aiida_gbml.science.interfaces.observations import Observations
from aiida_gbml.science.interfaces.summary import best_row
from aiida_gbml.science.structure_set import OK, StructureSet
from aiida_gbml.workflows.rounds_view import RoundsView

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


class SearchView(RoundsView):
    """Read access to a search for a grain boundary that is running, finished or failed."""

    LABEL = "GrainBoundarySearchWorkChain"
    NOUN = "a grain-boundary search"

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The flat summary; empty as long as there is none."""
        return dict(self.node.outputs.interface.get_dict()) if "interface" in self.node.outputs else {}

    @cached_property
    def observations(self) -> Observations:
        """Everything observed so far, in the order of the evaluations."""
        return max((node.observations for node in self.recorded), key=len, default=Observations.empty())

    @cached_property
    def expected_regrets(self) -> list[tuple[int, float]]:
        """Number of evaluations known and expected regret in J/m² at each proposal."""
        return [(known, one["expected_regret"]) for known, one in self.outlooks if "expected_regret" in one]

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


def _plain(value: Any) -> Any:
    """Return a number or an array as plain values; a number that is not defined, such as a slab's volume, as none."""
    plain = value.tolist()
    return None if plain != plain else plain  # noqa: PLR0124
