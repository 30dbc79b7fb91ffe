"""Anions apart: each is judged among its own candidates."""

from __future__ import annotations

import numpy as np
import pytest

from aiida_gbml.science.compounds.evaluation.anions import results_by_anion
from aiida_gbml.science.compounds.evaluation.enrichment import Enrichment
from aiida_gbml.science.compounds.evaluation.splits import EvaluationError

CURVES = {
    "models": np.array(["a", "b"]),
    "tops": np.array([100, 1000]),
    "anions": np.array(["F", "O", "Cl"]),
    "n_candidates_by_anion": np.array([1000, 3000, 500]),
    "n_later_by_anion": np.array([10, 50, 0]),
    "listed_by_anion": np.array([[[20, 80, 0], [300, 650, 50]], [[0, 100, 0], [0, 1000, 0]]]),
    "hits_by_anion": np.array([[[2, 30, 0], [5, 40, 0]], [[0, 7, 0], [0, 20, 0]]]),
}


def test_each_anion_is_compared_with_its_own_candidates() -> None:
    fluorine, oxygen, chlorine = results_by_anion(CURVES, "a", 1000)
    assert (fluorine.anion, fluorine.n_listed, fluorine.enrichment) == ("F", 300, Enrichment.of(5, 300, 10, 1000))
    assert oxygen.enrichment is not None
    assert oxygen.enrichment.enrichment == pytest.approx(40 / 650 / (50 / 3000))
    assert (chlorine.n_listed, chlorine.enrichment) == (50, None)


def test_anions_that_are_not_listed_have_no_enrichment() -> None:
    assert [row.enrichment is None for row in results_by_anion(CURVES, "b", 100)] == [True, False, True]


@pytest.mark.parametrize(("model", "top"), [("c", 100), ("a", 10)])
def test_what_was_not_evaluated_is_refused(model: str, top: int) -> None:
    with pytest.raises(EvaluationError, match="was not evaluated; there are a, b and lists of 100, 1000"):
        results_by_anion(CURVES, model, top)
