"""The best candidates are those of a sort of all candidates."""

from __future__ import annotations

import numpy as np
import pytest
from known_compositions import all_candidates, known_set, space_of
from pretended_recommenders import HashRecommender, SparseRecommender

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.evaluation import ranks
from aiida_gbml.science.compounds.evaluation.ranks import rank_candidates, roles_of_keys, shortlist
from aiida_gbml.science.compounds.recommenders.base import Recommender
from aiida_gbml.science.compounds.recommenders.popularity import PopularityRecommender
from aiida_gbml.science.compounds.recommenders.substitution import SubstitutionRecommender
from aiida_gbml.science.compounds.scoring.keys import among, keys_of_roles, keys_of_set

SPACE = space_of(3)


def sorted_keys(model: Recommender, taken: Array, longest: int) -> Array:
    """Return the best keys by a sort of everything, of equal scores the smallest key first."""
    roles = all_candidates(3)
    keys, scores = keys_of_roles(roles), model.score(roles)
    left = ~among(keys, taken)
    order = np.lexsort((keys[left], -scores[left]))[:longest]
    return keys[left][order]


@pytest.mark.parametrize("model", [HashRecommender(), HashRecommender(n_levels=1), PopularityRecommender()])
def test_the_best_are_those_of_a_sort(model: Recommender) -> None:
    known = known_set()
    taken = keys_of_set(known, 3)
    model.fit(known, SPACE)
    found = rank_candidates({"a": model}, SPACE, taken, 300, SPACE.count())["a"]
    assert found.is_exact
    assert (np.diff(found.scores) <= 0).all()
    assert found.keys.tolist() == sorted_keys(model, taken, 300).tolist()


def test_models_with_a_support_are_ranked_by_it_alone() -> None:
    known = known_set()
    taken = keys_of_set(known, 3)
    model = SubstitutionRecommender().fit(known, SPACE)
    found = rank_candidates({"a": model}, SPACE, taken, 100, SPACE.count())["a"]
    assert found.keys.tolist() == sorted_keys(model, taken, 100).tolist()


def test_a_space_that_is_too_large_is_ranked_from_a_shortlist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "MOST_SCORED", 10)
    known = known_set()
    taken = keys_of_set(known, 3)
    slow, sparse = HashRecommender(seed=7).fit(known, SPACE), SparseRecommender().fit(known, SPACE)
    found = rank_candidates({"slow": slow, "sparse": sparse}, SPACE, taken, 40, SPACE.count())
    assert list(found) == ["slow", "sparse"]
    assert (found["slow"].is_exact, found["sparse"].is_exact) == (False, True)
    assert set(found["slow"].keys.tolist()) == set(found["sparse"].keys.tolist())
    with pytest.raises(ValueError, match="the space is too large"):
        rank_candidates({"slow": slow}, SPACE, taken, 40, SPACE.count())
    with pytest.raises(ValueError, match="the space is too large"):
        shortlist([np.zeros(0, dtype=np.uint64)], SPACE)


def test_keys_give_back_the_roles() -> None:
    roles = all_candidates(3)
    again = roles_of_keys(keys_of_roles(roles), SPACE)
    for name in ("cations", "anions", "coefficients"):
        assert np.array_equal(getattr(again, name), getattr(roles, name))
