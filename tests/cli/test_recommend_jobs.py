"""Tests of aiida_gbml.cli.recommend_jobs; the jobs themselves run in test_recommend.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiida import orm
from known_compositions import known_set

from aiida_gbml.cli.recommend_jobs import explain, find_model, load_recommender, scores
from aiida_gbml.science.compounds.roles import RoleTable


def test_the_model_of_a_process_or_itself(stored_recommendation: orm.WorkChainNode) -> None:
    model = stored_recommendation.outputs.model
    assert find_model(stored_recommendation).pk == model.pk
    assert find_model(model).pk == model.pk
    assert load_recommender(model).kind == "svd_pair"
    with pytest.raises(ValueError, match="neither is nor has a fitted recommender"):
        find_model(stored_recommendation.outputs.ranking)


def test_scores_are_those_of_the_ranking(stored_recommendation: orm.WorkChainNode) -> None:
    ranking = stored_recommendation.outputs.ranking.ranking
    found = scores(ranking.formulas()[:3], stored_recommendation)
    assert [row["score"] for row in found] == ranking.scores[:3].tolist()


def test_what_is_known_already_is_said(stored_recommendation: orm.WorkChainNode) -> None:
    new = stored_recommendation.outputs.ranking.ranking.formulas()[0]
    space = load_recommender(stored_recommendation.outputs.model).space_
    old = RoleTable.of(known_set(), space.ions, space.arity)[0].composition(0).formula
    assert [row["known"] for row in scores([new, old], stored_recommendation)] == [False, True]
    assert [explain(one, stored_recommendation, None, 1)[1] for one in (new, old)] == [False, True]
    stranger = stored_recommendation.outputs.model.clone().store()
    assert [row["known"] for row in scores([old], stranger)] == [None]


def test_analogues_are_those_that_the_model_was_fitted_to(stored_recommendation: orm.WorkChainNode) -> None:
    formula = stored_recommendation.outputs.ranking.ranking.formulas()[0]
    explained, _ = explain(formula, stored_recommendation, None, 3)
    assert len(explained.analogues) == 3
    known = stored_recommendation.inputs.known.compositions.formulas()
    assert {one.formula for one in explained.analogues} <= set(known)


def test_a_model_of_unknown_training_needs_known_compositions(stored_recommendation: orm.WorkChainNode) -> None:
    stranger = stored_recommendation.outputs.model.clone().store()
    formula = stored_recommendation.outputs.ranking.ranking.formulas()[0]
    with pytest.raises(ValueError, match="give --known"):
        explain(formula, stranger, None, 3)
    known = str(stored_recommendation.inputs.known.pk)
    assert explain(formula, stranger, known, 3)[0].analogues


def test_an_explanation_stores_nothing(stored_recommendation: orm.WorkChainNode, tmp_path: Path) -> None:
    path = tmp_path / "known.csv"
    path.write_text("formula\n" + "\n".join(known_set().formulas()))
    formula = stored_recommendation.outputs.ranking.ranking.formulas()[0]
    before = orm.QueryBuilder().append(orm.Node).count()
    explained, _ = explain(formula, stored_recommendation, str(path), 3)
    assert {one.formula for one in explained.analogues} <= set(known_set().formulas())
    assert orm.QueryBuilder().append(orm.Node).count() == before
