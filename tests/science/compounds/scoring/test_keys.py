"""Keys: one number for each composition, in the order of elements and coefficients."""

from __future__ import annotations

import numpy as np
import pytest
from score_kernels import every, space

from aiida_gbml.science.compounds.composition import Composition
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.scoring.keys import among, keys_of_roles, keys_of_set, pack_keys, unpack_keys


@pytest.mark.parametrize("arity", [2, 3, 4])
def test_keys_are_unique_and_can_be_read_back(arity: int) -> None:
    roles = every(space(arity, 3))
    keys = keys_of_roles(roles)
    assert len(np.unique(keys)) == len(roles)
    numbers, coefficients = unpack_keys(keys, arity)
    expected = roles.columns()
    assert np.array_equal(numbers, expected[0])
    assert np.array_equal(coefficients, expected[1])


def test_keys_are_in_the_order_of_elements_and_then_coefficients() -> None:
    rng = np.random.default_rng(3)
    rows = sorted({tuple(row) for row in rng.integers(1, 41, size=(500, 10)).tolist()})
    numbers = np.array([row[:5] for row in rows]) + 78
    keys = pack_keys(numbers, np.array([row[5:] for row in rows]))
    assert np.all(np.diff(keys.astype(object)) > 0)
    assert int(keys.max()) < 2**62


def test_padding_does_not_count() -> None:
    narrow = pack_keys(np.array([[8, 12]]), np.array([[1, 1]]))
    assert np.array_equal(narrow, pack_keys(np.array([[8, 12, 0, 0]]), np.array([[1, 1, 0, 0]])))


def test_a_set_gives_the_keys_of_what_can_be_a_candidate() -> None:
    amounts = [{12: 1, 8: 1}, {11: 1, 17: 41}, {56: 1, 22: 1, 8: 3}, {26: 2, 8: 3}]
    known = CompositionSet.of([Composition.of(one) for one in amounts])
    expected = pack_keys(np.array([[8, 12], [8, 26]]), np.array([[1, 1], [3, 2]]))
    assert np.array_equal(keys_of_set(known, 2), expected)
    assert len(keys_of_set(known, 5)) == 0


def test_among_is_membership() -> None:
    rng = np.random.default_rng(4)
    keys, others = rng.integers(0, 50, 40).astype(np.uint64), np.unique(rng.integers(0, 50, 20)).astype(np.uint64)
    assert among(keys, others).tolist() == [key in set(others.tolist()) for key in keys.tolist()]
    assert not among(keys, np.zeros(0, dtype=np.uint64)).any()
