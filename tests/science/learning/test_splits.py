"""Splits of rows: disjoint, seeded, and blind to the future."""

import numpy as np
import pytest

from aiida_gbml.science.learning.splits import (
    CHRONOLOGICAL,
    GROUPED,
    NEVER_TESTED,
    RANDOM,
    SplitError,
    chronological_folds,
    describe_split,
    grouped_folds,
    random_folds,
    split_rows,
)

GROUPS = np.array([f"system {number}" for number in np.random.default_rng(3).integers(0, 40, 300)])


def test_a_group_is_never_parted_and_folds_are_of_about_equal_size() -> None:
    folds = grouped_folds(GROUPS, 5, seed=1)
    for group in np.unique(GROUPS):
        assert len(np.unique(folds.of_row[group == GROUPS])) == 1
    assert np.ptp(np.bincount(folds.of_row)) <= np.bincount(np.unique(GROUPS, return_inverse=True)[1]).max()


@pytest.mark.parametrize("folds", [grouped_folds(GROUPS, 4, seed=0), random_folds(50, 4, seed=0)])
def test_every_row_is_tested_once_and_never_learnt_from_in_its_own_fold(folds) -> None:
    tested = []
    for learnt, rows in folds:
        assert not np.intersect1d(learnt, rows).size
        assert len(learnt) + len(rows) == len(folds.of_row)
        tested.append(rows)
    assert np.array_equal(np.sort(np.concatenate(tested)), np.arange(len(folds.of_row)))


def test_equal_seeds_give_equal_folds() -> None:
    for make in (lambda seed: grouped_folds(GROUPS, 5, seed), lambda seed: random_folds(100, 5, seed)):
        assert np.array_equal(make(7).of_row, make(7).of_row)
        assert not np.array_equal(make(7).of_row, make(8).of_row)


def test_random_folds_differ_by_one_row_at_most() -> None:
    assert np.ptp(np.bincount(random_folds(103, 5, seed=0).of_row)) == 1


def test_a_chronological_split_learns_from_the_past_only() -> None:
    order = np.random.default_rng(0).integers(0, 60, 200)
    folds = chronological_folds(order, 4)
    assert folds.count == 4
    for learnt, tested in folds:
        assert len(tested)
        assert len(learnt)
        assert order[learnt].max() < order[tested].min()
    oldest = folds.of_row == NEVER_TESTED
    assert order[oldest].max() < order[~oldest].min()


def test_ages_that_many_rows_share_leave_no_empty_fold() -> None:
    folds = chronological_folds(np.repeat([0, 1, 2, 3, 4], [5, 70, 2, 2, 21]), 4)
    assert set(folds.of_row.tolist()) == set(range(-1, folds.count))


def test_split_rows_chooses_by_name() -> None:
    order = np.arange(300)
    assert split_rows(GROUPED, 3, 0, groups=GROUPS).kind == GROUPED
    assert split_rows(RANDOM, 3, 0, groups=GROUPS).kind == RANDOM
    assert split_rows(CHRONOLOGICAL, 3, 0, order=order).kind == CHRONOLOGICAL
    assert describe_split(split_rows(RANDOM, 3, 0, order=order)) == {"kind": "random", "folds": 3, "rows": [100] * 3}


def test_what_cannot_be_split_is_refused() -> None:
    with pytest.raises(SplitError, match="'halves' is no split, choose from grouped"):
        split_rows("halves", 2, 0)
    with pytest.raises(SplitError, match="needs the column 'order'"):
        split_rows(CHRONOLOGICAL, 2, 0, groups=GROUPS)
    with pytest.raises(SplitError, match="needs the rows' groups"):
        split_rows(GROUPED, 2, 0)
    with pytest.raises(SplitError, match="2 groups for 3 parts"):
        grouped_folds(np.array(["a", "b", "a"]), 3, 0)
    with pytest.raises(SplitError, match="at least 2 folds, got 1"):
        random_folds(10, 1, 0)
    with pytest.raises(SplitError, match="1 ages for 3 parts"):
        chronological_folds(np.zeros(10), 2)
    with pytest.raises(SplitError, match="same age"):
        chronological_folds(np.concatenate([np.arange(3) + 1, np.zeros(100)]), 2)
