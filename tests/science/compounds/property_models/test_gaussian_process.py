"""The block-wise Gaussian process against scikit-learn's, and by scikit-learn's own checks."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
from sklearn.utils.estimator_checks import check_estimator

from aiida_gbml.science.compounds.property_models.gaussian_process import BlockGaussianProcess
from aiida_gbml.science.compounds.property_models.kernel_fit import JITTER

GENERATOR = np.random.default_rng(0)
POINTS = GENERATOR.normal(size=(80, 5)) * [1, 10, 0.1, 1, 1] + 3
TARGETS = 100 + 5 * np.sin(POINTS[:, 0]) + POINTS[:, 1] + 0.1 * GENERATOR.normal(size=80)
KNOWN = {"blocks": (2, 3), "lengths": (1.3, 2.1), "signal": 0.9, "noise": 0.1}


def test_scikit_learn_finds_no_fault() -> None:
    check_estimator(BlockGaussianProcess(n_likelihood=50))


def test_means_and_deviations_are_those_of_scikit_learn() -> None:
    model = BlockGaussianProcess(**KNOWN).fit(POINTS[:60], TARGETS[:60])
    mean, deviation = model.predict(POINTS[60:], return_std=True)
    scale = POINTS[:60].std(axis=0) * np.sqrt([2, 2, 3, 3, 3]) * [1.3, 1.3, 2.1, 2.1, 2.1]
    kernel = ConstantKernel(0.9**2) * Matern(nu=1.5) + WhiteKernel(0.1**2 + JITTER)
    other = GaussianProcessRegressor(kernel, optimizer=None, normalize_y=True, alpha=1e-14)
    other.fit(POINTS[:60] / scale, TARGETS[:60])
    expected = other.predict(POINTS[60:] / scale, return_std=True)
    assert np.allclose(mean, expected[0])
    assert np.allclose(deviation, expected[1])


def test_a_stored_process_is_the_same() -> None:
    model = BlockGaussianProcess(blocks=(2, 3), n_likelihood=40).fit(POINTS[:60], TARGETS[:60])
    again = clone(model).restore(*model.state())
    for one, other in zip(model.predict(POINTS, return_std=True), again.predict(POINTS, return_std=True), strict=True):
        assert np.array_equal(one, other)
    arrays, record = model.state()
    with pytest.raises(ValueError, match="shapes that do not fit"):
        clone(model).restore({**arrays, "alpha": arrays["alpha"][:-1]}, record)


def test_equal_seeds_give_equal_fits() -> None:
    fits = [BlockGaussianProcess(n_likelihood=30, seed=seed).fit(POINTS, TARGETS) for seed in (1, 1, 2)]
    assert fits[0].hyperparameters_ == fits[1].hyperparameters_ != fits[2].hyperparameters_


def test_deviations_hold_the_noise_and_grow_far_away() -> None:
    model = BlockGaussianProcess(**KNOWN).fit(POINTS, TARGETS)
    _, near = model.predict(POINTS, return_std=True)
    _, far = model.predict(POINTS + 1e3, return_std=True)
    assert near.min() >= 0.1 * TARGETS.std()
    assert np.allclose(far, TARGETS.std() * np.sqrt(0.9**2 + 0.1**2 + JITTER))


def test_an_unknown_kernel_is_refused() -> None:
    with pytest.raises(ValueError, match="'cubic' is no kernel"):
        BlockGaussianProcess(kernel="cubic").fit(POINTS, TARGETS)
