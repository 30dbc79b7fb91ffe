"""Drawn functions against the covariance and the posterior that they are drawn from."""

import numpy as np
import pytest

from aiida_gbml.science.learning import function_draws
from aiida_gbml.science.learning.function_draws import posterior_draws, prior_draws
from aiida_gbml.science.learning.gaussian_process import CandidatePosterior, GaussianProcess, Hyperparameters

HYPERPARAMETERS = Hyperparameters((0.4, 1.0), signal=1.5, noise=1e-3)


@pytest.fixture
def points():
    return np.random.default_rng(0).uniform(0, 2, (40, 2))


def test_the_prior_has_the_covariance_of_the_kernel(points):
    draws = prior_draws(points, HYPERPARAMETERS, 4000, np.random.default_rng(1), n_waves=4096)
    found = draws.T @ draws / len(draws)
    np.testing.assert_allclose(found, HYPERPARAMETERS.covariance(points, points), atol=0.2)
    assert np.abs(draws.mean(axis=0)).max() < 0.15


def test_points_that_are_looked_at_in_batches_have_the_same_functions(points, monkeypatch):
    whole = prior_draws(points, HYPERPARAMETERS, 3, np.random.default_rng(3))
    monkeypatch.setattr(function_draws, "_BATCH", 7)
    np.testing.assert_allclose(prior_draws(points, HYPERPARAMETERS, 3, np.random.default_rng(3)), whole, rtol=1e-9)


def test_the_posterior_has_the_mean_and_the_deviation_of_exact_regression(points):
    values = np.sin(3 * points[:8, 0])
    posterior = CandidatePosterior(points, HYPERPARAMETERS)
    posterior.observe(range(8))
    generator = np.random.default_rng(2)
    draws = posterior_draws(posterior, values, prior_draws(points, HYPERPARAMETERS, 3000, generator, 4096), generator)
    mean, deviation = GaussianProcess(hyperparameters=HYPERPARAMETERS).fit(points[:8], values).predict(points)
    np.testing.assert_allclose(draws.mean(axis=0), mean, atol=0.1)
    np.testing.assert_allclose(draws.std(axis=0), deviation, atol=0.12)
    np.testing.assert_allclose(draws[:, :8], np.tile(values, (3000, 1)), atol=0.01)
