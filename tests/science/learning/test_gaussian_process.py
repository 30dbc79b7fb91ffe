"""Gaussian processes against scikit-learn, against cases solved by hand, and against themselves."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import norm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

from aiida_gbml.science.learning.gaussian_process import (
    CandidatePosterior,
    GaussianProcess,
    HyperparameterPrior,
    Hyperparameters,
    LogNormal,
    MarginalLikelihood,
    fit_hyperparameters,
)

KNOWN = Hyperparameters(lengths=(0.8, 1.7, 3.0), signal=1.3, noise=0.05)
PRIOR = HyperparameterPrior(tuple(LogNormal(median, 1.2) for median in (0.5, 1.0, 4.0)))


def other_program():
    kernel = ConstantKernel(KNOWN.signal**2) * Matern(KNOWN.lengths, nu=2.5)
    return GaussianProcessRegressor(kernel, alpha=KNOWN.noise_variance, optimizer=None)


@pytest.fixture
def points():
    return np.random.default_rng(0).uniform(-2, 2, (60, 3))


@pytest.fixture
def targets(points):
    return np.sin(2 * points[:, 0]) + 0.3 * points[:, 1] ** 2 - 0.5


def test_prediction_agrees_with_scikit_learn(points, targets):
    mean, deviation = GaussianProcess(hyperparameters=KNOWN).fit(points[:20], targets[:20]).predict(points)
    expected = other_program().fit(points[:20], targets[:20]).predict(points, return_std=True)
    np.testing.assert_allclose(mean, expected[0], atol=1e-9)
    np.testing.assert_allclose(deviation, expected[1], atol=1e-6)


def test_prediction_from_one_observation():
    known = Hyperparameters(lengths=(1.0,), signal=2.0, noise=0.5)
    mean, deviation = (
        GaussianProcess(hyperparameters=known).fit(np.zeros((1, 1)), np.array([3.0])).predict(np.zeros((1, 1)))
    )
    assert mean[0] == pytest.approx(3.0 * 4.0 / 4.25)
    assert deviation[0] == pytest.approx(np.sqrt(4.0 - 16.0 / 4.25))


def test_process_needs_hyperparameters_or_a_prior(points, targets):
    with pytest.raises(ValueError, match="or a prior"):
        GaussianProcess().fit(points, targets)


def test_marginal_likelihood_agrees_with_scikit_learn(points, targets):
    x, y = points[:15], targets[:15]
    logarithms = np.log([*KNOWN.lengths, KNOWN.signal, KNOWN.noise])
    priors = (*PRIOR.lengths, PRIOR.signal, PRIOR.noise)
    # The prior of the variances of signal and noise is that of their standard deviations, stretched by two.
    stretch = np.array([1, 1, 1, 2, 2])
    log_prior = sum(
        norm.logpdf(factor * value, factor * np.log(one.median), factor * one.spread)
        for factor, value, one in zip(stretch, logarithms, priors, strict=True)
    )
    expected = -(other_program().fit(x, y).log_marginal_likelihood_value_ + log_prior) / len(y)
    assert MarginalLikelihood(x, y, PRIOR)(logarithms)[0] == pytest.approx(expected, abs=1e-6)


def test_gradient_of_the_marginal_likelihood(points, targets):
    objective = MarginalLikelihood(points[:15], targets[:15], PRIOR)
    at = np.array([-0.3, 0.4, 1.0, 0.2, -2.0])
    expected = approx_fprime(at, lambda logarithms: objective(logarithms)[0], 1e-6)
    np.testing.assert_allclose(objective(at)[1], expected, atol=1e-5)


def test_fit_finds_a_stationary_point_and_the_idle_feature(points, targets):
    fitted = fit_hyperparameters(points, targets, PRIOR)
    logarithms = np.log([*fitted.lengths, fitted.signal, fitted.noise])
    gradient = MarginalLikelihood(points, targets, PRIOR)(logarithms)[1]
    assert np.abs(np.delete(gradient, 2)).max() < 5e-3
    assert gradient[2] < 0  # the third feature has no say: its length scale grows up to its bound
    assert fitted.lengths[2] > 10 * max(fitted.lengths[:2])


def test_fit_is_deterministic(points, targets):
    assert fit_hyperparameters(points[:9], targets[:9], PRIOR) == fit_hyperparameters(points[:9], targets[:9], PRIOR)


def test_fit_predicts_what_it_has_not_seen(points, targets):
    mean, deviation = GaussianProcess(PRIOR).fit(points[:50], targets[:50]).predict(points[50:])
    assert np.all(np.abs(mean - targets[50:]) < 4 * deviation + 0.05)
    assert np.std(mean - targets[50:]) < 0.2 * np.std(targets[50:])


def test_hyperparameters_survive_json():
    assert Hyperparameters(**{**KNOWN.to_dict(), "lengths": tuple(KNOWN.to_dict()["lengths"])}) == KNOWN


@pytest.mark.parametrize("batches", [[1] * 20, [20], [3, 1, 16]])
def test_posterior_kept_while_observations_come_is_the_exact_one(points, targets, batches):
    posterior, rows = CandidatePosterior(points, KNOWN), np.random.default_rng(3).permutation(60)[:20].tolist()
    for start, size in zip(np.cumsum([0, *batches]), batches, strict=False):
        posterior.observe(rows[start : start + size])
    mean, deviation = GaussianProcess(hyperparameters=KNOWN).fit(points[rows], targets[rows]).predict(points)
    assert posterior.rows == rows
    np.testing.assert_allclose(posterior.mean(targets[rows]), mean, atol=1e-9)
    np.testing.assert_allclose(np.sqrt(posterior.variance), deviation, atol=1e-7)


def test_posterior_covariance_agrees_with_scikit_learn(points, targets):
    posterior = CandidatePosterior(points, KNOWN)
    posterior.observe(range(20))
    expected = other_program().fit(points[:20], targets[:20]).predict(points[30:40], return_cov=True)[1]
    np.testing.assert_allclose(posterior.covariance(np.arange(30, 40)), expected, atol=1e-9)


def test_imputed_values_leave_the_mean_as_it_is(points, targets):
    """The kriging believer: an observation that equals the prediction changes no prediction."""
    alone, believer = CandidatePosterior(points, KNOWN), CandidatePosterior(points, KNOWN)
    alone.observe(range(10))
    believer.observe([40, *range(10), 41])
    is_known = np.isin(believer.rows, range(10))
    values = np.zeros(12)
    values[is_known] = targets[:10]
    values[~is_known] = believer.impute(targets[:10], is_known)
    np.testing.assert_allclose(values[~is_known], alone.mean(targets[:10])[[40, 41]], atol=1e-9)
    np.testing.assert_allclose(believer.mean(values), alone.mean(targets[:10]), atol=1e-6)
