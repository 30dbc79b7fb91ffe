"""The classifier on descriptors learns what it can see, and says so."""

import numpy as np
import pytest
from known_compositions import all_candidates, known_set, space_of

from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.recommenders.descriptors import DescriptorRecommender
from aiida_gbml.science.learning.model_file import ModelFile


@pytest.fixture(scope="module")
def model() -> DescriptorRecommender:
    return DescriptorRecommender(trees=40).fit(known_set(), space_of(3))


def test_scores_survive_storage_and_the_company_of_other_rows(model: DescriptorRecommender) -> None:
    roles = all_candidates(3)
    scores = model.score(roles)
    again = DescriptorRecommender.from_file(ModelFile.from_bytes(model.to_file().to_bytes()))
    np.testing.assert_array_equal(again.score(roles.take(np.arange(9, 30))), scores[9:30])
    refitted = DescriptorRecommender(trees=40).fit(known_set(), space_of(3))
    assert refitted.to_file().to_bytes() == model.to_file().to_bytes()


def test_what_only_fluorides_show_is_learned() -> None:
    roles = all_candidates(3)
    fluorides = np.flatnonzero(roles.anions == 9)
    known, held_out = fluorides[::2], fluorides[1::2]
    compositions = CompositionSet.of([roles.composition(row) for row in known])
    scores = DescriptorRecommender(trees=30, n_unlabelled=5).fit(compositions, space_of(3)).score(roles)
    others = np.setdiff1d(np.arange(len(roles)), fluorides)
    larger = (scores[held_out][:, None] > scores[others][None, :]).mean()
    assert larger > 0.95


def test_an_explanation_names_similar_compositions_and_properties(model: DescriptorRecommender) -> None:
    explanation = model.explain(parse_formula("LiAlO2"), known_set(), n=4)
    assert len(explanation.analogues) == len(explanation.factors) == 4
    assert all(0 < one.contribution <= 1 for one in explanation.analogues)
    assert explanation.formula not in {one.formula for one in explanation.analogues}
