"""Tests of aiida_gbml.workflows.compounds.recommender_evaluation_ports; what it refuses is in the test beside."""

from aiida_gbml.workflows.compounds.recommender_evaluation import RecommenderEvaluationWorkChain


def test_what_an_evaluation_gives() -> None:
    assert set(RecommenderEvaluationWorkChain.spec().outputs) == {"report", "curves"}
    assert RecommenderEvaluationWorkChain.exit_codes.ERROR_LEAKAGE.status == 310
