"""What is to be said of a ranking: what was known, how much of it the candidates cover, and what came first."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from aiida_gbml.science.compounds.analogues import NONE, nearest_known
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition import SYMBOLS
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.evaluation.coverage import Coverage
from aiida_gbml.science.compounds.ranking import Ranking
from aiida_gbml.science.compounds.ranking_run import known_until
from aiida_gbml.science.compounds.roles import RoleTable

N_FIRST, N_DIVERSE = 10, 100
"""Formulas that are listed, and rows of which elements are counted and the nearest known compositions named."""


def summarise_ranking(ranking: Ranking, known: CompositionSet, exclude: CompositionSet | None = None) -> dict[str, Any]:
    """Return plain JSON values.

    :param known: what the model learned from.
    :param exclude: further compositions that were left out.
    """
    space = CandidateSpace.from_dict(ranking.run.space)
    coverage = Coverage.of(known, space)
    head = ranking.take(np.arange(min(N_DIVERSE, len(ranking))))
    anions = Counter(SYMBOLS[number] for number in head.anions.tolist())
    chances = ranking.probability[:N_DIVERSE]
    chances = chances[np.isfinite(chances)]
    return {
        "arity": space.arity,
        "model": ranking.run.model,
        "n_scored": ranking.n_scored,
        "n_listed": len(ranking),
        "threshold": ranking.threshold,
        "n_known": len(known),
        "n_known_of_arity": int(np.count_nonzero(known.arity == space.arity)),
        "n_known_inside": len(coverage),
        "known_outside": coverage.outside,
        "known_rejected": known.rejected_counts(),
        "known_sha256": known.sha256,
        "n_excluded": 0 if exclude is None else len(exclude),
        "source": ranking.run.source,
        "licence": ranking.run.licence,
        "known_until": known_until(ranking.run.age("last_seen"), ranking.run.age_unit),
        "first": head.formulas()[:N_FIRST],
        "nearest_known_of_first_100": _nearest(head, known, space),
        "n_elements_in_first_100": len(np.unique(head.numbers)),
        "anions_of_first_100": dict(sorted(anions.items())),
        "mean_probability_of_first_100": float(chances.mean()) if len(chances) else None,
    }


def _nearest(head: Ranking, known: CompositionSet, space: CandidateSpace) -> list[str]:
    """Return the known composition nearest to each row, be it left out by a filter; empty where there is none."""
    roles = RoleTable.of(known, space.ions, space.arity, space.limits)[0]
    return [
        "" if row == NONE else roles.composition(row).formula for row in nearest_known(head.roles(), roles).tolist()
    ]
