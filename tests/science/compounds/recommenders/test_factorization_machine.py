"""The factorization machine against the sum over all pairs that defines it, and without its library."""

import builtins
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from known_compositions import all_candidates, known_set, space_of

from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.evaluation.contest import Contest, Lists
from aiida_gbml.science.compounds.evaluation.report import evaluate
from aiida_gbml.science.compounds.evaluation.splits import Split
from aiida_gbml.science.compounds.recommenders.base import RecommenderError
from aiida_gbml.science.compounds.recommenders.factorization_machine import FactorizationMachineRecommender
from aiida_gbml.science.compounds.recommenders.one_hot_descriptors import OneHotDescriptorsRecommender
from aiida_gbml.science.compounds.recommenders.popularity import PopularityRecommender
from aiida_gbml.science.learning.model_file import ModelFile

SETTINGS = {"rank": 3, "n_unlabelled": 2, "iterations": 8, "samples": 2}


@pytest.fixture(scope="module", params=[FactorizationMachineRecommender, OneHotDescriptorsRecommender])
def model(request: pytest.FixtureRequest) -> FactorizationMachineRecommender:
    fitted: FactorizationMachineRecommender = request.param(**SETTINGS).fit(known_set(), space_of(3))
    return fitted


def test_a_score_is_the_sum_over_all_pairs(model: FactorizationMachineRecommender) -> None:
    roles = all_candidates(3).take(np.array([0, 50, 333]))
    for row, score in enumerate(model.score(roles)):
        terms = [(w[0], v[0]) for w, v in model._terms(roles.take(np.array([row])))]
        pairs = sum(float(one @ other) for (_, one), (_, other) in combinations(terms, 2))
        own = model.constant_[0] + sum(float(weight) for weight, _ in terms)
        assert score == pytest.approx(own + pairs, rel=1e-9)


def test_scores_survive_storage_and_the_company_of_other_rows(model: FactorizationMachineRecommender) -> None:
    roles = all_candidates(3)
    again = type(model).from_file(ModelFile.from_bytes(model.to_file().to_bytes()))
    np.testing.assert_array_equal(again.score(roles.take(np.arange(9, 30))), model.score(roles)[9:30])
    refitted = type(model)(**SETTINGS).fit(known_set(), space_of(3))
    assert refitted.to_file().to_bytes() == model.to_file().to_bytes()


def test_the_parts_of_an_explanation_add_up_to_the_score(model: FactorizationMachineRecommender) -> None:
    explanation = model.explain(parse_formula("LiAlO2"), known_set(), n=1000)
    assert sum(part.value for part in explanation.factors) == pytest.approx(explanation.score, rel=1e-9)
    assert {"anion O", "Li times 1"} <= {part.name for part in explanation.factors}


def test_known_compositions_rank_above_random_ones(model: FactorizationMachineRecommender) -> None:
    roles = all_candidates(3)
    scores = model.score(roles)
    keys = {roles.composition(row): row for row in range(len(roles))}
    known = [
        keys[composition]
        for composition in map(known_set().__getitem__, range(len(known_set())))
        if composition in keys
    ]
    assert scores[known].mean() > scores.mean() + scores.std() / 2


def test_no_more_samples_are_kept_than_there_are_iterations() -> None:
    with pytest.raises(RecommenderError, match="of 8 'iterations' no 9 'samples' can be kept"):
        FactorizationMachineRecommender(**{**SETTINGS, "samples": 9}).fit(known_set(), space_of(3))


def test_without_the_library_one_sentence_names_it_and_an_evaluation_passes_it_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    imported = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "myfm":
            raise ImportError(name)
        return imported(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    sentence = r"need myFM \(myfm\): `pip install 'aiida-gbml\[factorization-machine\]'`"
    with pytest.raises(ImportError, match=sentence):
        FactorizationMachineRecommender(**SETTINGS).fit(known_set(), space_of(3))
    contest = Contest(*Split("holdout", fraction=0.3, seed=1).parts(known_set()), space_of(3))
    models = {"machine": FactorizationMachineRecommender(**SETTINGS), "popularity": PopularityRecommender()}
    report, _ = evaluate(models, contest, Lists((10,), 20))
    assert list(report["models"]) == ["popularity"]
    assert "need myFM" in report["passed_over"]["machine"]
