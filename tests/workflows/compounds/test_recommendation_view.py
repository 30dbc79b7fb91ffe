"""Tests of aiida_gbml.workflows.compounds.recommendation_view."""

from __future__ import annotations

import pytest
from aiida import orm

from aiida_gbml.workflows.compounds.recommendation_view import RecommendationView


def test_a_finished_recommendation(stored_recommendation: orm.WorkChainNode) -> None:
    view = RecommendationView(stored_recommendation)
    assert view.state == "finished"
    assert view.ranking is not None
    assert len(view.ranking) == 30
    assert view.summary["first"] == view.ranking.formulas()[:10]
    assert "svd_pair" in view.evaluation["models"]
    assert view.verification == {}
    assert view.model is not None
    assert view.curves is not None


def test_a_ranking_by_itself(stored_recommendation: orm.WorkChainNode) -> None:
    view = RecommendationView(stored_recommendation.outputs.ranking)
    assert view.state == "a ranking"
    assert view.ranking is not None
    assert (view.summary, view.evaluation, view.model, view.curves) == ({}, {}, None, None)


def test_anything_else_is_refused(stored_recommendation: orm.WorkChainNode) -> None:
    with pytest.raises(ValueError, match="is a CompositionSetData, neither a recommendation nor a ranking"):
        RecommendationView(stored_recommendation.inputs.known)
