"""Block-wise kernel ridge regression against scikit-learn's, and by scikit-learn's own checks."""

import numpy as np
from sklearn.kernel_ridge import KernelRidge
from sklearn.utils.estimator_checks import check_estimator

from aiida_gbml.science.compounds.property_models.block_kernel import GAUSSIAN
from aiida_gbml.science.compounds.property_models.cross_fit import has_deviation
from aiida_gbml.science.compounds.property_models.gaussian_process import BlockGaussianProcess
from aiida_gbml.science.compounds.property_models.kernel_fit import JITTER
from aiida_gbml.science.compounds.property_models.kernel_ridge import BlockKernelRidge

GENERATOR = np.random.default_rng(0)
POINTS = GENERATOR.normal(size=(80, 4))
TARGETS = 5 * np.sin(POINTS[:, 0]) + POINTS[:, 1] + 0.1 * GENERATOR.normal(size=80)


def test_scikit_learn_finds_no_fault() -> None:
    check_estimator(BlockKernelRidge(n_likelihood=50))


def test_predictions_are_those_of_scikit_learn() -> None:
    model = BlockKernelRidge(lengths=(1.5,), noise=0.1, kernel=GAUSSIAN).fit(POINTS[:60], TARGETS[:60])
    scaled = POINTS / POINTS[:60].std(axis=0)
    other = KernelRidge(alpha=0.1**2 + JITTER, kernel="rbf", gamma=1 / (2 * 4 * 1.5**2))
    shift = TARGETS[:60].mean()
    other.fit(scaled[:60] - scaled[:60].mean(axis=0), TARGETS[:60] - shift)
    expected = other.predict(scaled[60:] - scaled[:60].mean(axis=0)) + shift
    assert np.allclose(model.predict(POINTS[60:]), expected)


def test_it_learns_without_error_bars() -> None:
    model = BlockKernelRidge(blocks=(1, 3)).fit(POINTS[:60], TARGETS[:60])
    assert np.sqrt(np.mean((model.predict(POINTS[60:]) - TARGETS[60:]) ** 2)) < 0.4 * TARGETS.std()
    assert not has_deviation(model)
    assert has_deviation(BlockGaussianProcess())


def test_equal_targets_are_what_is_predicted() -> None:
    """Nothing is left out wrongly then, and the logarithm of no error is not finite."""
    model = BlockKernelRidge().fit(POINTS[:60], np.full(60, 2.5))
    assert np.allclose(model.predict(POINTS[60:]), 2.5)
