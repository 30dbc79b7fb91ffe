"""Moments against scipy.stats and numpy, and the traps of constant and undefined columns."""

import numpy as np
import pytest
from scipy import stats

from aiida_gbml.science.compounds.descriptors.moments import MOMENTS, MomentError, moment_names, moments

GENERATOR = np.random.default_rng(0)
SIZES = [1, 5, 2, 12]
OFFSETS = np.concatenate([[0], np.cumsum(SIZES)])
VALUES = GENERATOR.gamma(2.0, size=(OFFSETS[-1], 4)) * [1, 10, 0.01, 100]
ONES = np.ones(len(VALUES))


def of(kind, values=VALUES, weights=ONES):
    return moments(values, OFFSETS, weights, [kind])


@pytest.mark.parametrize("row", range(4))
def test_moments_are_those_of_scipy(row) -> None:
    part = VALUES[OFFSETS[row] : OFFSETS[row + 1]]
    assert np.allclose(of("mean")[row], part.mean(axis=0))
    assert np.allclose(of("deviation")[row], part.std(axis=0))
    assert np.allclose(of("minimum")[row], part.min(axis=0))
    assert np.allclose(of("maximum")[row], part.max(axis=0))
    expected = np.zeros(6) if len(part) == 1 else np.cov(part.T, bias=True)[np.triu_indices(4, k=1)]
    assert np.allclose(of("covariance")[row], expected)
    if len(part) > 1:
        assert np.allclose(of("skewness")[row], stats.skew(part))
        assert np.allclose(of("kurtosis")[row], stats.kurtosis(part, fisher=False))


def test_a_column_that_does_not_vary_has_no_higher_moments_and_no_nan() -> None:
    values = np.column_stack([np.full(len(VALUES), 1 / 3), np.zeros(len(VALUES)), VALUES[:, 0]])
    everything = moments(values, OFFSETS, ONES / 7, MOMENTS)
    assert np.all(np.isfinite(everything))
    for kind in ("deviation", "skewness", "kurtosis"):
        assert np.all(of(kind, values)[:, :2] == 0)
    assert np.all(of("kurtosis", values)[1:, 2] >= 1 - 1e-9)
    flat = np.column_stack([np.full(len(VALUES), 2.2), VALUES[:, 0]])  # whose mean is not 2.2 to the last bit
    assert np.all(of("covariance", flat, GENERATOR.uniform(1, 5, len(VALUES))) == 0)


def test_moments_do_not_depend_on_the_size_of_the_cell() -> None:
    twice = np.repeat(VALUES, 2, axis=0)
    assert np.allclose(
        moments(twice, 2 * OFFSETS, np.ones(len(twice)), MOMENTS), moments(VALUES, OFFSETS, ONES, MOMENTS)
    )


def test_weights_stand_for_repeated_entries() -> None:
    counts = GENERATOR.integers(1, 5, len(VALUES))
    repeated = np.repeat(VALUES, counts, axis=0)
    bounds = np.concatenate([[0], np.cumsum(counts)])[OFFSETS]
    expected = moments(repeated, bounds, np.ones(len(repeated)), MOMENTS)
    assert np.allclose(moments(VALUES, OFFSETS, counts * 0.5, MOMENTS), expected)


def test_a_number_that_is_not_finite_is_named() -> None:
    spoilt = VALUES.copy()
    spoilt[3, 2] = np.nan
    with pytest.raises(MomentError, match="column 2 of the values"):
        of("mean", spoilt)
    with pytest.raises(MomentError, match="'median' is no moment"):
        of("median")


def test_every_column_has_a_name() -> None:
    names = moment_names(["a", "b", "c", "d"], MOMENTS)
    assert len(names) == len(set(names)) == moments(VALUES, OFFSETS, ONES, MOMENTS).shape[1]
    assert names[0] == "mean(a)"
    assert "covariance(b, d)" in names
    assert moment_names(["a", "b", "c"], ["covariance"]) == ["covariance(a, b)", "covariance(a, c)", "covariance(b, c)"]
