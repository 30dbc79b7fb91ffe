"""Which points a search evaluates next: as a function, and as the task of a worker when the grid is large."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aiida_gbml.science.compounds.potential_surface.grid import SiteGrid
from aiida_gbml.science.compounds.potential_surface.observations import SiteEnergies
from aiida_gbml.science.compounds.potential_surface.search import SaddleSearch
from aiida_gbml.science.compounds.potential_surface.settings import SaddleStrategy
from aiida_gbml.science.compounds.potential_surface.structures import build
from aiida_gbml.science.learning.search import ExhaustiveSearch, RandomSearch, Search
from aiida_gbml.science.strict_json import write_json
from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.science.task import main

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True)
class SiteProposal:
    """What a search wants next.

    :param structures: the host with the atom at the points to evaluate; empty when the search is over.
    :param stop_reason: why the search is over; none while it goes on.
    :param barrier: barrier in eV as it is believed to be; none if nothing is known yet, or there is no path.
    :param agreement: share of drawn surfaces that agree with it; none if not known yet.
    """

    structures: StructureSet
    stop_reason: str | None
    barrier: float | None
    agreement: float | None

    @property
    def outlook(self) -> dict[str, Any]:
        """What is expected of the search, as JSON values without the unknown ones."""
        names = ("stop_reason", "barrier", "agreement")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


def search_of(
    host: Atoms,
    grid: SiteGrid,
    known: SiteEnergies,
    strategy: SaddleStrategy,
    *,
    seed: int = 0,
    budget: int | None = None,
) -> Search:
    """Return a search by a strategy that knows some energies.

    :param budget: most evaluations in all; none for all points.
    """
    search: Search
    if strategy.method == "kriging":
        search = SaddleSearch(host, grid, seed=seed, budget=budget, settings=strategy.settings)
    else:
        search = {"random": RandomSearch, "exhaustive": ExhaustiveSearch}[strategy.method](grid, seed, budget)
    search.tell(known.rows, known.energies, known.machine_faults)
    return search


def propose(host: StructureSet, grid: SiteGrid, known: SiteEnergies, parameters: Mapping[str, Any]) -> SiteProposal:
    """Return the structures of the next round.

    :param host: the crystal, the only row.
    :param grid: the points.
    :param known: everything that is known.
    :param parameters: ``mobile``, ``supercell``, ``strategy`` (`method` and the fields of `SaddleSettings`),
        ``batch_size``, ``seed`` and, unless all points may be evaluated, ``budget``.
    :raises ValueError: for parameters that make no sense, in one sentence.
    """
    missing = {"mobile", "supercell", "strategy", "batch_size", "seed"} - set(parameters)
    if missing:
        raise ValueError(f"the parameters of the search lack {', '.join(sorted(missing))}")
    atoms = host.to_ase(0)
    search = search_of(
        atoms,
        grid,
        known,
        SaddleStrategy.from_dict(parameters["strategy"]),
        seed=parameters["seed"],
        budget=parameters.get("budget"),
    )
    barrier = agreement = None
    if isinstance(search, SaddleSearch) and search.best is not None and len(known) >= search.settings.n_initial:
        found = search.dominant.barrier
        barrier, agreement = (found if np.isfinite(found) else None), search.agreement
    reason = search.stop_reason
    # A search that learns nothing from a round has no reason to wait for it.
    batch_size = parameters["batch_size"] if isinstance(search, SaddleSearch) else len(grid)
    rows = np.zeros(0, dtype=np.int64) if reason is not None else search.ask(batch_size)
    structures = build(atoms, parameters["mobile"], grid, rows, supercell=parameters["supercell"])
    return SiteProposal(structures, reason, barrier, agreement)


def run(inputs: Mapping[str, bytes], parameters: dict[str, Any]) -> dict[str, bytes]:
    """Propose as the task of a worker: the arguments of :func:`propose` as bytes.

    :param inputs: ``host``, ``sites`` (the grid) and, if there are any, ``observations``.
    """
    known = inputs.get("observations")
    proposal = propose(
        StructureSet.from_bytes(inputs["host"]),
        SiteGrid.from_bytes(inputs["sites"]),
        SiteEnergies.empty() if known is None else SiteEnergies.from_bytes(known),
        parameters,
    )
    return {"proposal": proposal.structures.to_bytes(), "outlook": write_json(proposal.outlook)}


if __name__ == "__main__":
    sys.exit(main(run))
