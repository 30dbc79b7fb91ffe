"""Tests of aiida_gbml.workflows.compounds.candidate_ports."""

from __future__ import annotations

import pytest

from aiida_gbml.workflows.compounds.recommendation import RecommendationWorkChain
from aiida_gbml.workflows.compounds.recommender_evaluation import RecommenderEvaluationWorkChain


@pytest.mark.parametrize(
    ("process", "split"), [(RecommendationWorkChain, "validation.split"), (RecommenderEvaluationWorkChain, "split")]
)
def test_both_are_told_of_candidates_in_the_same_words(process: type, split: str) -> None:
    ports = process.spec().inputs  # type: ignore[attr-defined]
    assert ports.get_port(split).help.startswith("How `known` is divided")
    assert ports["space"].help.startswith("Which candidates: `arity`")
    assert ports["known"].required
    assert not ports.get_port(split).required
