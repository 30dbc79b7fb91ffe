"""The report: plain JSON of few bytes, arrays that fit together, and models that are passed over."""

from __future__ import annotations

import numpy as np
import pytest
from known_compositions import all_candidates, known_set, space_of
from pretended_recommenders import HashRecommender, LackingRecommender, OracleRecommender

from aiida_gbml.science.archive import write_arrays
from aiida_gbml.science.compounds.evaluation.contest import Contest, Lists
from aiida_gbml.science.compounds.evaluation.report import evaluate
from aiida_gbml.science.compounds.evaluation.splits import EvaluationError, Split
from aiida_gbml.science.compounds.recommenders.popularity import PopularityRecommender
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.strict_json import read_json, write_json

LISTS = Lists((10, 50), 100)


class SilentRecommender(OracleRecommender):
    """Has probabilities, and a score other than zero for no candidate."""

    def support(self) -> RoleTable:
        return all_candidates(3).take(np.zeros(0, int))


@pytest.fixture(scope="module")
def contest() -> Contest:
    return Contest(*Split("holdout", fraction=0.3, seed=1).parts(known_set()), space_of(3))


def test_numbers_and_arrays_say_the_same(contest: Contest) -> None:
    models = {
        "popularity": PopularityRecommender(),
        "oracle": OracleRecommender(tuple(contest.later_keys.tolist())),
        "lacking": LackingRecommender(),
    }
    report, arrays = evaluate(models, contest, LISTS)
    assert read_json(write_json(report)) == report
    assert report["passed_over"] == {"lacking": "this model needs the package 'nowhere'"}
    assert arrays["models"].tolist() == list(report["models"]) == ["popularity", "oracle"]
    for row, model in enumerate(report["models"].values()):
        for column, top in enumerate(("10", "50")):
            hits = model["tops"][top]["hits"]
            assert arrays["hits_by_anion"][row, column].sum() == hits
            assert arrays["curve_hits"][row, np.searchsorted(arrays["curve_points"], int(top))] in (hits, hits + 1)
            assert np.count_nonzero((arrays["later_ranks"][row] > 0) & (arrays["later_ranks"][row] <= int(top))) == hits
    assert report["models"]["oracle"]["tops"]["10"]["hits"] == 10
    assert arrays["n_candidates_by_anion"].sum() == report["n_candidates"]
    assert arrays["n_later_by_anion"].sum() == report["later"]["n_candidates"]
    assert report["tops"]["10"]["expected_hits"] == pytest.approx(10 * report["rate"], rel=1e-4)
    assert all(np.isfinite(array).all() for array in arrays.values() if array.dtype.kind == "f")


def test_models_with_probabilities_are_checked(contest: Contest) -> None:
    models = {"oracle": OracleRecommender(tuple(contest.later_keys.tolist())), "hash": HashRecommender()}
    report, arrays = evaluate(models, contest, LISTS)
    assert "calibration_error" not in report["models"]["hash"]
    assert set(arrays["reliability_models"].tolist()) == {"oracle"}
    assert arrays["reliability_counts"].sum() == 100
    assert arrays["reliability_predicted"] == pytest.approx([0.01, 0.5])
    assert arrays["reliability_observed"].tolist() == [0, 1]
    n_later = contest.n_later
    error = (min(n_later, 100) * 0.5 + max(100 - n_later, 0) * 0.01) / 100
    assert report["models"]["oracle"]["calibration_error"] == pytest.approx(error, abs=1e-6)


def test_a_model_that_ranks_nothing_is_judged_all_the_same(contest: Contest) -> None:
    report, arrays = evaluate({"silent": SilentRecommender()}, contest, LISTS)
    assert report["models"]["silent"]["n_ranked"] == report["models"]["silent"]["tops"]["50"]["hits"] == 0
    assert "calibration_error" not in report["models"]["silent"]
    assert arrays["curve_hits"].max() == arrays["later_ranks"].max() == 0


def test_the_same_contest_gives_the_same_arrays(contest: Contest) -> None:
    first, second = (write_arrays(evaluate({"a": HashRecommender()}, contest, LISTS)[1]) for _ in range(2))
    assert first == second


def test_without_any_model_there_is_no_report(contest: Contest) -> None:
    with pytest.raises(EvaluationError, match="no model can be fitted: this model needs the package 'nowhere'"):
        evaluate({"a": LackingRecommender()}, contest, LISTS)
