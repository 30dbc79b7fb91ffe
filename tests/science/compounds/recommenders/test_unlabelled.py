"""Draws of unlabelled candidates against the list of all of them."""

import numpy as np
import pytest
from known_compositions import all_candidates, known_roles, known_set, space_of
from scipy.stats import chisquare

from aiida_gbml.science.compounds.composition_set import composition_keys
from aiida_gbml.science.compounds.recommenders.unlabelled import draw_unlabelled


@pytest.mark.parametrize("arity", [2, 3, 4])
def test_what_is_drawn_is_a_candidate_that_is_not_known_and_comes_once(arity: int) -> None:
    known = known_roles(known_set(), arity)
    drawn = draw_unlabelled(space_of(arity), 60, 3, known)
    keys = composition_keys(*drawn.columns())
    assert len(np.unique(keys)) == len(drawn) > 20
    assert np.isin(keys, composition_keys(*all_candidates(arity).columns())).all()
    assert not np.isin(keys, composition_keys(*known.columns())).any()


def test_a_small_space_is_drawn_whole() -> None:
    known, every = known_roles(known_set(), 2), all_candidates(2)
    drawn = draw_unlabelled(space_of(2), 10**6, 0, known)
    assert len(drawn) == len(every) - len(known)


def test_every_candidate_is_equally_likely() -> None:
    every, known = all_candidates(3), all_candidates(3).take(np.zeros(0, int))
    keys = np.sort(composition_keys(*every.columns()))
    counts = np.zeros(len(keys))
    for seed in range(30):
        drawn = draw_unlabelled(space_of(3), 200, seed, known)
        counts[np.searchsorted(keys, composition_keys(*drawn.columns()))] += 1
    blocks = np.array([part.sum() for part in np.array_split(counts, 20)])
    sizes = np.array([len(part) for part in np.array_split(counts, 20)])
    assert chisquare(blocks, sizes / sizes.sum() * blocks.sum()).pvalue > 1e-3


def test_equal_seeds_draw_equally() -> None:
    known = known_roles(known_set(), 3)
    first, again, other = (draw_unlabelled(space_of(3), 50, seed, known) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.coefficients, again.coefficients)
    np.testing.assert_array_equal(first.cations, again.cations)
    assert not np.array_equal(first.cations, other.cations)
