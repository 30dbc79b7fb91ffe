"""What a search evaluates next: as a function, and as the task of a worker when the list of candidates is long."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.interfaces.candidates import CandidateSet
from aiida_gbml.science.interfaces.kriging import KrigingSearch, Search
from aiida_gbml.science.interfaces.observations import Observations
from aiida_gbml.science.interfaces.problem import SearchProblem
from aiida_gbml.science.interfaces.strategies import Strategy
from aiida_gbml.science.interfaces.translations import TranslationGroup
from aiida_gbml.science.strict_json import write_json
from aiida_gbml.science.structure_set import OK, StructureSet
from aiida_gbml.science.task import main

N_TEMPLATES = 3
"""Starting points taken from each search of another boundary."""


@dataclass(frozen=True)
class Proposal:
    """What a search wants next.

    :param structures: the built candidates; an empty set when the search is over.
    :param stop_reason: why the search is over; none while it goes on.
    :param expected_regret: how far (J/m²) the best energy is expected to lie above the lowest; none if not known yet.
    """

    structures: StructureSet
    stop_reason: str | None
    expected_regret: float | None

    @property
    def outlook(self) -> dict[str, Any]:
        """What is expected of the search, as JSON values without the unknown ones."""
        known = {"stop_reason": self.stop_reason, "expected_regret": self.expected_regret}
        return {name: value for name, value in known.items() if value is not None}


def propose(
    candidates: CandidateSet,
    reference: StructureSet,
    observations: Observations,
    parameters: Mapping[str, Any],
    *,
    pending: Sequence[StructureSet] = (),
    templates: Sequence[StructureSet] = (),
) -> Proposal:
    """Return the structures of the next round.

    :param candidates: all candidates.
    :param reference: the evaluated crystal, whose lattice the structures are built on.
    :param observations: everything that is known.
    :param parameters: ``boundary``, ``space``, ``strategy`` (the fields of their classes), ``batch_size``, ``seed``
        and, unless all candidates may be evaluated, ``budget``.
    :param pending: rounds that are under way.
    :param templates: evaluated sets of other boundaries, whose best translations are tried first.
    :raises ValueError: for parameters that make no sense, in one sentence.
    """
    missing = {"boundary", "space", "strategy", "batch_size", "seed"} - set(parameters)
    if missing:
        raise ValueError(f"the parameters of the search lack {', '.join(sorted(missing))}")
    problem = SearchProblem.from_inputs(reference, parameters["boundary"], parameters["space"])
    search = Strategy.from_dict(parameters["strategy"]).search(
        candidates,
        observations,
        seed=parameters["seed"],
        budget=parameters.get("budget"),
        starting_points=starting_points(candidates, templates),
    )
    for one in pending:
        search.mark_pending(one.columns["candidate"])
    regret, reason = _expected_regret(search), search.stop_reason
    # A search that learns nothing from a round has no reason to wait for it.
    batch_size = parameters["batch_size"] if isinstance(search, KrigingSearch) else len(candidates)
    rows = np.zeros(0, dtype=np.int64) if reason is not None else search.ask(batch_size)
    return Proposal(problem.build(candidates, rows), reason, regret)


def starting_points(candidates: CandidateSet, templates: Sequence[StructureSet]) -> list[int]:
    """Return the candidates closest to the best ones of searches of other boundaries.

    Boundaries are aligned by the fractions of their cells of non-identical displacements and by the gap, the only
    coordinates that all of them share.

    :param templates: evaluated sets with the columns ``excess_energy``, ``translation_fraction`` and ``gap``.
    """
    rows: list[int] = []
    for template in templates:
        columns = template.columns
        fine = np.flatnonzero(columns["status"] == OK)
        for row in fine[np.argsort(columns["excess_energy"][fine], kind="stable")][:N_TEMPLATES]:
            distance = _fractional_distance(
                candidates.group, candidates.translations, columns["translation_fraction"][row]
            )
            gap_distance = np.abs(candidates.gaps - columns["gap"][row])
            rows.append(int(np.lexsort((gap_distance, np.round(distance, 6)))[0]))
    return list(dict.fromkeys(rows))


def _fractional_distance(group: TranslationGroup, translations: Array, fraction: Array) -> Array:
    """Return the (n,) shortest periodic distances, in fractions of the cell, over all equivalents of a point."""
    images = group.fractional(group.images((fraction @ group.lattice)[None]))[:, 0]
    difference = group.fractional(translations)[:, None] - images[None]
    distances: Array = np.linalg.norm(difference - np.round(difference), axis=2).min(axis=1)
    return distances


def _expected_regret(search: Search) -> float | None:
    """Return the expected regret in J/m² of a search that knows enough to tell."""
    if not isinstance(search, KrigingSearch) or len(search.observed) < search.settings.n_initial:
        return None
    regret = search.expected_regret
    return regret if np.isfinite(regret) else None


def run(inputs: Mapping[str, bytes], parameters: dict[str, Any]) -> dict[str, bytes]:
    """Propose as the task of a worker: the arguments of :func:`propose` as bytes.

    :param inputs: ``candidates``, ``reference``, ``observations`` if there are any, and any ``pending_...`` and
        ``template_...``.
    """
    known = inputs.get("observations")
    proposal = propose(
        CandidateSet.from_bytes(inputs["candidates"]),
        StructureSet.from_bytes(inputs["reference"]),
        Observations.empty() if known is None else Observations.from_bytes(known),
        parameters,
        pending=_sets(inputs, "pending_"),
        templates=_sets(inputs, "template_"),
    )
    return {"proposal": proposal.structures.to_bytes(), "outlook": write_json(proposal.outlook)}


def _sets(inputs: Mapping[str, bytes], prefix: str) -> list[StructureSet]:
    return [StructureSet.from_bytes(one) for name, one in sorted(inputs.items()) if name.startswith(prefix)]


if __name__ == "__main__":
    sys.exit(main(run))
