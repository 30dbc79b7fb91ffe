"""The benchmark of recommenders reports every model, whatever the tables."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import recommender
from known_compositions import known_set, space_of
from pretended_recommenders import HashRecommender, LackingRecommender, SparseRecommender
from recommender_references import CollaborativeTrees, RandomOrder, SumOfFour, references

from aiida_gbml.science.compounds.evaluation.contest import Contest
from aiida_gbml.science.compounds.evaluation.splits import Split
from aiida_gbml.science.compounds.recommenders.popularity import PopularityRecommender
from aiida_gbml.science.compounds.recommenders.substitution import SubstitutionRecommender


def few(n_known: int) -> Contest:
    """Return a contest with few known compositions of three elements."""
    everything = known_set()
    ternaries = np.flatnonzero(everything.arity == 3)
    known = np.concatenate([np.flatnonzero(everything.arity == 2), ternaries[:n_known]])
    return Contest(everything.take(known), everything.take(ternaries[n_known:]), space_of(3))


def test_models_are_judged_and_those_that_cannot_be_fitted_are_skipped_with_a_reason() -> None:
    contest = Contest(*Split("holdout", fraction=0.3, seed=1).parts(known_set()), space_of(3))
    methods = {"popularity": PopularityRecommender(), "lacking": LackingRecommender(), "random": RandomOrder()}
    found = recommender.compared(methods, contest)
    assert found["skipped"] == {"lacking": "this model needs the package 'nowhere'"}
    for name in ("hits", "enrichment", "interval"):
        assert list(found[name]) == ["popularity", "random"]
        assert all(list(tops) == ["100", "1000", "3000"] for tops in found[name].values())
    assert list(found["cpu_s"]) == ["popularity", "random"]
    assert contest.n_candidates < 3000
    assert found["hits"]["random"]["3000"] == contest.n_later
    assert found["enrichment"]["random"]["3000"] == 1


@pytest.mark.parametrize("n_known", [1, 3, 12])
def test_the_methods_of_the_literature_stand_few_known_compositions(n_known: int) -> None:
    contest = few(n_known)
    methods = references(3)
    methods.pop("one-hot factorization machine")
    methods["boosted trees on 20 features"] = CollaborativeTrees(negatives=200, rounds=3)
    found = recommender.compared(methods, contest)
    assert set(found["skipped"]) <= ({"boosted trees on 20 features"} if n_known == 1 else set())
    assert set(found["hits"]) | set(found["skipped"]) == set(methods)


def test_a_sum_of_four_compares_scores_at_a_rank_or_at_their_largest() -> None:
    methods = [HashRecommender(1), SubstitutionRecommender()]
    found = SumOfFour(methods, rank=10).fit(known_set(), space_of(3))
    assert found.scales[0] == 49.0  # many candidates share the highest of fifty levels
    assert SumOfFour(methods)._scale(np.array([0.0, 2.0, 0.0])) == 2.0
    assert SumOfFour(methods)._scale(np.zeros(2)) == SumOfFour(methods)._scale(np.zeros(0)) == 1.0


def test_models_that_rank_any_space_are_told_from_others() -> None:
    exact = (PopularityRecommender(), SparseRecommender())
    assert all(recommender.is_exact(model) for model in exact)
    others = (PopularityRecommender(paired=True), HashRecommender(), RandomOrder())
    assert not any(recommender.is_exact(model) for model in others)


def test_the_line_has_the_keys_that_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "known.csv", ["NaCl", "KCl", "NaBr", "MgO", "CaO", "SrO", "D2O"])
    write(tmp_path / "later.csv", ["KBr", "BaO", "NaCl", "LiAlO2"])
    files = ["--known", str(tmp_path / "known.csv"), "--later", str(tmp_path / "later.csv")]
    options = ["--arity", "2", "--level", "common", "--models", "popularity", "ensemble"]
    monkeypatch.setattr(sys, "argv", ["recommender.py", *files, *options])
    recommender.main()
    found = json.loads(capsys.readouterr().out)
    assert (found["n_later"], found["n_leaked"], found["rejected"]["known"]) == (2, 1, {"isotope": 1})
    for key in ("hits", "enrichment"):
        assert set(found[key]) == {"popularity", "ensemble"}
        assert set(found[key]["ensemble"]) == {"100", "1000", "3000"}
    assert found["n_candidates"] > 0
    assert set(found["cpu_s"]) == {"popularity", "ensemble"}


def test_nothing_to_find_ends_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "known.csv", ["NaCl"])
    for later, reason in (("NaCl", "are known already"), ("KBr", "none of the 1 later"), ("?", "is a composition")):
        write(tmp_path / "later.csv", [later])
        files = ["--known", str(tmp_path / "known.csv"), "--later", str(tmp_path / "later.csv")]
        monkeypatch.setattr(sys, "argv", ["recommender.py", *files])
        with pytest.raises(SystemExit, match=reason):
            recommender.main()


def write(path: Path, formulas: list[str]) -> None:
    rows = [f"mp-{row},{formula}" for row, formula in enumerate(formulas)]
    path.write_text("\n".join(["material_id,formula", *rows]), encoding="utf-8")
