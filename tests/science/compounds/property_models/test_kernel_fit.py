"""Objectives against scikit-learn and brute force, gradients against differences."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
from sklearn.kernel_ridge import KernelRidge

from aiida_gbml.science.compounds.property_models.block_kernel import KERNELS, shape_of, squared_distances
from aiida_gbml.science.compounds.property_models.kernel_fit import (
    JITTER,
    LEAVE_ONE_OUT,
    LIKELIHOOD,
    Objective,
    fit_hyperparameters,
)

GENERATOR = np.random.default_rng(0)
POINTS = GENERATOR.normal(size=(40, 5))
TARGETS = np.sin(POINTS[:, 0]) + 0.3 * POINTS[:, 1] + 0.1 * GENERATOR.normal(size=40)
TARGETS = (TARGETS - TARGETS.mean()) / TARGETS.std()
LOGARITHMS = np.log([1.3, 2.1, 0.8, 0.2])


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("objective", [LIKELIHOOD, LEAVE_ONE_OUT])
def test_gradients_are_derivatives(kernel, objective) -> None:
    function = Objective(POINTS, (2, 3), TARGETS, kernel, objective)
    expected = approx_fprime(LOGARITHMS, lambda x: function(x)[0], 1e-6)
    assert np.allclose(function(LOGARITHMS)[1], expected, atol=1e-5)


def test_the_likelihood_is_that_of_scikit_learn() -> None:
    value, _ = Objective(POINTS, (5,), TARGETS, "matern_32", LIKELIHOOD)(np.log([1.7, 0.8, 0.2]))
    kernel = ConstantKernel(0.8**2) * Matern(1.7, nu=1.5) + WhiteKernel(0.2**2 + JITTER)
    other = GaussianProcessRegressor(kernel, optimizer=None, alpha=1e-14).fit(POINTS, TARGETS)
    constant = 0.5 * len(TARGETS) * np.log(2 * np.pi)
    assert -(value * len(TARGETS) + constant) == pytest.approx(other.log_marginal_likelihood_value_, rel=1e-6)


def test_the_error_of_leaving_one_out_is_that_of_brute_force() -> None:
    value, _ = Objective(POINTS, (5,), TARGETS, "gaussian", LEAVE_ONE_OUT)(np.log([1.7, 0.8, 0.2]))
    covariance = shape_of("gaussian", squared_distances(POINTS / 1.7, POINTS / 1.7))
    errors = []
    for row in range(len(TARGETS)):
        rest = np.delete(np.arange(len(TARGETS)), row)
        model = KernelRidge(alpha=(0.2**2 + JITTER) / 0.8**2, kernel="precomputed")
        said = model.fit(covariance[np.ix_(rest, rest)], TARGETS[rest]).predict(covariance[[row]][:, rest])
        errors.append(said[0] - TARGETS[row])
    assert value == pytest.approx(0.5 * np.log(np.mean(np.square(errors))), rel=1e-6)


@pytest.mark.parametrize("objective", [LIKELIHOOD, LEAVE_ONE_OUT])
def test_a_block_that_says_nothing_gets_a_long_length(objective) -> None:
    points = GENERATOR.normal(size=(150, 4))
    targets = np.sin(2 * points[:, 0]) + np.cos(points[:, 1])
    found = fit_hyperparameters(points, (2, 2), (targets - targets.mean()) / targets.std(), "matern_52", objective)
    assert found.lengths[1] > 5 * found.lengths[0]
    assert found.noise < 0.2
