"""Kernel ridge regression with one length scale for each block of descriptors."""

from __future__ import annotations

from typing import Any

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.property_models.gaussian_process import BlockGaussianProcess
from aiida_gbml.science.compounds.property_models.kernel_fit import LEAVE_ONE_OUT


class BlockKernelRidge(BlockGaussianProcess):
    """Kernel ridge regression whose hyperparameters minimise the error of leaving one row out.

    The predictions have the form of the Gaussian process, with the square of the ratio of noise to signal as the ridge.
    There is no error bar in it: what is minimised does not see the scale of the signal.

    The parameters are those of :class:`~.gaussian_process.BlockGaussianProcess`.
    """

    _objective = LEAVE_ONE_OUT
    _fewest = 2  # rows, for one to be left out

    def predict(self, X: Array) -> Any:  # type: ignore[override]
        """Return the (m,) predictions at (m, d) points."""
        return super().predict(X)
