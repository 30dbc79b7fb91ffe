"""Acquisition functions against the integrals that define them."""

import numpy as np
import pytest
from scipy.integrate import dblquad, quad
from scipy.stats import norm

from aiida_gbml.science.learning.acquisition import (
    expected_improvement,
    expected_regret,
    log_expected_improvement,
    lower_confidence_bound,
    probability_of_improvement,
    thompson_sample,
)

CASES = [(0.0, 1.0), (1.5, 0.4), (-0.7, 2.0), (0.3, 0.05)]
BEST = 0.25


def one(function, mean, deviation):
    return float(function(np.array([mean]), np.array([deviation]), BEST)[0])


@pytest.mark.parametrize(("mean", "deviation"), CASES)
def test_expected_improvement_is_its_integral(mean, deviation):
    low = min(BEST, mean) - 12 * deviation
    expected, _ = quad(lambda f: (BEST - f) * norm.pdf(f, mean, deviation), low, BEST, points=[mean], epsabs=1e-13)
    assert one(expected_improvement, mean, deviation) == pytest.approx(expected, rel=1e-7, abs=1e-12)


@pytest.mark.parametrize(("mean", "deviation"), CASES)
def test_probability_of_improvement_is_its_integral(mean, deviation):
    expected, _ = quad(norm(mean, deviation).pdf, min(BEST, mean) - 12 * deviation, BEST, points=[mean])
    assert np.exp(one(probability_of_improvement, mean, deviation)) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_probability_of_improvement_ranks_as_the_z_score():
    generator = np.random.default_rng(0)
    mean, deviation = generator.normal(size=200), generator.uniform(0.1, 2, 200)
    ranks = np.argsort(probability_of_improvement(mean, deviation, -3.0))
    np.testing.assert_array_equal(ranks, np.argsort((-3.0 - mean) / deviation))


def test_log_expected_improvement_is_the_logarithm_where_there_is_one():
    z = np.linspace(-25, 10, 400)
    with np.errstate(divide="ignore"):
        plain = np.log(expected_improvement(-z, np.ones_like(z), 0.0))
    fine = z > -6  # the plain formula cancels farther out
    np.testing.assert_allclose(log_expected_improvement(-z, np.ones_like(z), 0.0)[fine], plain[fine], atol=1e-6)


def test_log_expected_improvement_far_out_lies_between_the_bounds_of_its_series():
    """1/z² - 3/z⁴ < EI / (σ φ(z)) < 1/z², for z < 0 (Abramowitz & Stegun 7.1.23)."""
    z = -np.logspace(0.7, 3.7, 300)
    found = log_expected_improvement(-z, np.ones_like(z), 0.0) - norm.logpdf(z)
    assert np.all(found < np.log(z**-2) + 1e-7)
    assert np.all(found > np.log(z**-2 - 3 * z**-4) - 1e-7)
    whole = log_expected_improvement(np.logspace(-1, 8, 500), np.ones(500), 0.0)
    assert np.all(np.diff(whole) < 0)


def test_certain_candidates_promise_what_they_are():
    mean, deviation = np.array([-1.0, 2.0]), np.zeros(2)
    np.testing.assert_allclose(expected_improvement(mean, deviation, BEST), [1.25, 0.0], atol=1e-10)
    assert np.all(np.isfinite(log_expected_improvement(mean, deviation, BEST)))


def test_lower_confidence_bound():
    np.testing.assert_allclose(lower_confidence_bound(np.array([1.0]), np.array([0.5]), kappa=3.0), [0.5])


def test_thompson_samples_have_the_posterior_mean_and_covariance():
    mean, covariance = np.array([0.0, 1.0]), np.array([[1.0, 0.6], [0.6, 0.5]])
    generator = np.random.default_rng(1)
    draws = -np.array([thompson_sample(mean, covariance, generator) for _ in range(20000)])
    np.testing.assert_allclose(draws.mean(axis=0), mean, atol=0.03)
    np.testing.assert_allclose(np.cov(draws.T), covariance, atol=0.03)


def test_expected_regret_of_one_candidate_is_its_expected_improvement():
    expected = one(expected_improvement, 0.1, 0.5)
    found = expected_regret(np.array([0.1]), np.array([[0.25]]), BEST, np.random.default_rng(2), n_draws=100000)
    assert found == pytest.approx(expected, rel=0.02)


def test_expected_regret_of_two_independent_candidates_is_its_integral():
    def integrand(second, first):
        return max(BEST - min(first, second), 0.0) * norm.pdf(first, 0.2, 0.3) * norm.pdf(second, 0.4, 0.6)

    expected, _ = dblquad(integrand, -2, 2.5, -3, 3.5, epsabs=1e-5)
    found = expected_regret(np.array([0.2, 0.4]), np.diag([0.09, 0.36]), BEST, np.random.default_rng(3), n_draws=100000)
    assert found == pytest.approx(expected, rel=0.03)
