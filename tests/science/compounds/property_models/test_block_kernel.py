"""Kernels against scikit-learn, and slopes against differences."""

import numpy as np
import pytest
from sklearn.gaussian_process.kernels import RBF, Matern

from aiida_gbml.science.compounds.property_models.block_kernel import (
    GAUSSIAN,
    KERNELS,
    MATERN_32,
    MATERN_52,
    BlockScaler,
    KernelError,
    check_kernel,
    shape_of,
    slope_of,
    squared_distances,
)

GENERATOR = np.random.default_rng(0)
LEFT, RIGHT = GENERATOR.normal(size=(6, 3)), GENERATOR.normal(size=(4, 3))
OTHERS = {MATERN_32: Matern(nu=1.5), MATERN_52: Matern(nu=2.5), GAUSSIAN: RBF()}


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernels_are_those_of_scikit_learn(kernel) -> None:
    squared = squared_distances(LEFT, RIGHT)
    assert np.allclose(shape_of(kernel, squared), OTHERS[kernel](LEFT, RIGHT))
    assert shape_of(kernel, np.zeros(1))[0] == pytest.approx(1)


@pytest.mark.parametrize("kernel", KERNELS)
def test_slopes_are_derivatives(kernel) -> None:
    squared, step = np.linspace(0.1, 5, 20), 1e-6
    difference = (shape_of(kernel, squared + step) - shape_of(kernel, squared - step)) / (2 * step)
    assert np.allclose(slope_of(kernel, squared), difference, atol=1e-8)
    assert np.isfinite(slope_of(kernel, np.zeros(1)))[0]


def test_every_block_has_a_mean_square_of_one_whatever_its_width_and_unit() -> None:
    values = np.column_stack([GENERATOR.normal(size=(50, 3)) * 1e6 + 5e6, GENERATOR.normal(size=(50, 20)) * 1e-6])
    values = np.column_stack([values, np.full(50, 1 / 3)])  # a column that does not vary
    scaler = BlockScaler.of(values, (3, 21))
    scaled = scaler.scaled(values)
    assert np.sum(scaled[:, :3] ** 2, axis=1).mean() == pytest.approx(1)
    assert np.sum(scaled[:, 3:] ** 2, axis=1).mean() == pytest.approx(1)
    assert np.all(scaler.scaled(values + 7)[:, -1] == 0)
    assert np.allclose(scaler.divided(values, [2.0, 0.5])[:, [0, 4]], scaled[:, [0, 4]] * [0.5, 2])


def test_one_block_is_the_default() -> None:
    assert BlockScaler.of(LEFT, None).sizes == (3,)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(KernelError, match=r"blocks of \[2, 2\] columns do not fit data of 3 columns"):
        BlockScaler.of(LEFT, (2, 2))
    with pytest.raises(KernelError, match="'linear' is no kernel"):
        check_kernel("linear")
