"""Coverage of conformal intervals, and their definitions."""

import numpy as np
import pytest

from aiida_gbml.science.learning.conformal import (
    ConformalError,
    conformal_quantile,
    coverage_of,
    scores_of,
    split_interval,
)


def test_the_quantile_is_the_finite_sample_one() -> None:
    scores = np.random.default_rng(0).permutation(np.arange(1.0, 20.0))
    assert conformal_quantile(scores, 0.9) == 18.0  # ceil(20 x 0.9)
    assert conformal_quantile(scores, 0.95) == 19.0  # ceil(20 x 0.95)
    assert conformal_quantile(scores, 0.5) == 10.0


def test_too_few_rows_for_a_coverage_are_refused() -> None:
    assert conformal_quantile(np.arange(9.0), 0.9) == 8.0
    with pytest.raises(ConformalError, match="8 rows are too few for intervals of 90 %, which need 9"):
        conformal_quantile(np.arange(8.0), 0.9)
    for coverage in (0.0, 1.0, -1.0):
        with pytest.raises(ConformalError, match="lies between 0 and 1"):
            conformal_quantile(np.arange(8.0), coverage)


@pytest.mark.parametrize("normalised", [False, True])
def test_intervals_cover_what_they_promise_whatever_the_distribution(normalised: bool) -> None:
    generator, hits = np.random.default_rng(1), []
    for _ in range(400):
        spread = generator.uniform(0.1, 3, 60)
        noise = spread * generator.standard_t(2, 60)
        deviation = spread if normalised else None
        scores = scores_of(noise[:49], np.zeros(49), deviation if deviation is None else deviation[:49])
        quantile = conformal_quantile(scores, 0.8)
        lower, upper = split_interval(np.zeros(11), quantile, deviation if deviation is None else deviation[49:])
        hits.append(coverage_of(noise[49:], lower, upper))
    # Exchangeable scores: the coverage is ceil(50 x 0.8) / 50 exactly, without ties.
    assert np.mean(hits) == pytest.approx(0.8, abs=0.015)


def test_rows_of_one_group_count_as_one() -> None:
    scores = np.random.default_rng(2).permutation(np.arange(1.0, 13.0))
    repeats = np.arange(1, 13)  # groups of one to twelve equal rows tell no more than their one value
    groups = np.repeat(np.arange(12), repeats)
    for coverage in (0.3, 0.5, 0.8, 0.9):
        assert conformal_quantile(scores[groups], coverage, groups) == conformal_quantile(scores, coverage)
    # Two groups of two and a group of one: weights 1/2, 1/2, 1/2, 1/2, 1, of which 4 x 0.5 are reached at the fourth.
    assert conformal_quantile(np.array([5.0, 1.0, 2.0, 3.0, 4.0]), 0.5, np.array(list("abacc"))) == 3.0
    with pytest.raises(ConformalError, match="8 groups of rows are too few for intervals of 90 %, which need 9"):
        conformal_quantile(np.arange(800.0), 0.9, np.arange(800) % 8)


def test_intervals_cover_rows_of_a_new_group_where_rows_of_a_group_err_alike() -> None:
    """With one error a group, 12 groups and 90 %, the 12th of them is taken, which covers 12 / 13 exactly."""
    generator, groups = np.random.default_rng(3), np.repeat(np.arange(12), 10)
    grouped, pooled = [], []
    for _ in range(2000):
        errors = np.abs(generator.normal(size=13))
        grouped.append(errors[12] <= conformal_quantile(errors[groups], 0.9, groups))
        pooled.append(errors[12] <= conformal_quantile(errors[groups], 0.9))
    assert np.mean(grouped) == pytest.approx(12 / 13, abs=0.02)
    assert np.mean(pooled) == pytest.approx(11 / 13, abs=0.02)  # what it would be were rows taken for independent


def test_normalised_intervals_are_wide_where_the_model_is_unsure() -> None:
    lower, upper = split_interval(np.array([1.0, 1.0]), 2.0, np.array([0.5, 3.0]))
    assert np.allclose(lower, [0, -5])
    assert np.allclose(upper, [2, 7])


def test_a_deviation_of_zero_is_refused() -> None:
    with pytest.raises(ConformalError, match="not positive"):
        scores_of(np.ones(2), np.zeros(2), np.array([1.0, 0.0]))
