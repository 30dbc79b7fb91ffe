"""Rankings made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.ions import IonTable
from aiida_gbml.science.compounds.ranking import Ranking
from aiida_gbml.science.compounds.ranking_run import RankingRun, ShardRecord
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.compounds.scoring.histogram import count_scores


def ranking_of(formulas: Sequence[str], probability: Sequence[float] | None = None, **run: Any) -> Ranking:
    """Return the ranking of some neutral compositions, the best first, with falling whole scores."""
    compositions = [parse_formula(formula) for formula in formulas]
    arity = len(compositions[0].numbers)
    space = CandidateSpace(IonTable.default(), arity)
    roles, rows = RoleTable.of(CompositionSet.of(compositions), space.ions, arity)
    assert len(rows) == len(formulas), "all of them must be neutral"
    numbers, coefficients = roles.columns()
    scores = np.arange(len(formulas), 0, -1.0)
    chances = np.full(len(formulas), np.nan) if probability is None else np.array(probability)
    return Ranking(
        numbers,
        coefficients,
        roles.anions,
        scores,
        chances,
        np.arange(1, len(formulas) + 1),
        count_scores(scores),
        RankingRun(space.to_dict(), "popularity", "0" * 64, {"source": "by hand", "licence": "CC0-1.0"}, **run),
        (ShardRecord(0, 100, len(formulas)),),
    )
