"""Exact Gaussian-process regression with one length scale for each block of descriptors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.property_models.block_kernel import (
    MATERN_32,
    BlockHyperparameters,
    BlockScaler,
    check_kernel,
    shape_of,
    squared_distances,
)
from aiida_gbml.science.compounds.property_models.estimator import checked, checked_points
from aiida_gbml.science.compounds.property_models.kernel_fit import JITTER, LIKELIHOOD, fit_hyperparameters

_ROWS_AT_A_TIME = 2000


class BlockGaussianProcess(RegressorMixin, BaseEstimator):
    r"""Gaussian process whose hyperparameters maximise the marginal likelihood of a part of the data.

    The mean at x is :math:`k^T (K + s^2)^{-1} (y - \bar y) + \bar y`, the variance :math:`k(x, x) + s^2 - k^T (K +
    s^2)^{-1} k` (Rasmussen & Williams 2006, eqs. 2.25 and 2.26).

    >>> model = BlockGaussianProcess(blocks=(44, 8)).fit(X, y)  # doctest: +SKIP
    >>> mean, deviation = model.predict(others, return_std=True)  # doctest: +SKIP

    :param blocks: number of columns of each block; all columns are one block by default.
    :param kernel: ``matern_32``, ``matern_52`` or ``gaussian``.
    :param n_likelihood: rows, drawn at random, on which the hyperparameters are fitted; all rows are predicted from.
    :param lengths: known length scales, one a block; fitted together with signal and noise by default.
    :param signal: known standard deviation of the function, in units of that of the targets.
    :param noise: known standard deviation of the noise, in the same units.
    :param seed: of the draw.
    """

    _objective = LIKELIHOOD
    _fewest = 1  # rows

    def __init__(  # noqa: PLR0917
        self,
        blocks: Sequence[int] | None = None,
        kernel: str = MATERN_32,
        n_likelihood: int = 1000,
        lengths: Sequence[float] | None = None,
        signal: float = 1.0,
        noise: float = 0.1,
        seed: int = 0,
    ) -> None:
        self.blocks = blocks
        self.kernel = kernel
        self.n_likelihood = n_likelihood
        self.lengths = lengths
        self.signal = signal
        self.noise = noise
        self.seed = seed

    def fit(self, X: Array, y: Array) -> BlockGaussianProcess:
        """Learn (n,) targets at (n, d) descriptors.

        :raises ValueError: for an unknown kernel, or blocks that do not fit the columns.
        """
        check_kernel(self.kernel)
        X, y = checked(self, X, y, self._fewest)
        self.scaler_ = BlockScaler.of(X, self.blocks)
        # Equal targets may differ from their mean by a rounding error, which is no deviation.
        self.mean_, self.deviation_ = float(y.mean()), float(y.std()) if np.ptp(y) > 0 else 1.0
        scaled, targets = self.scaler_.scaled(X), (y - self.mean_) / self.deviation_
        self.hyperparameters_ = self._hyperparameters(scaled, targets)
        # Single precision halves what is stored; the weights are those of the rounded points, so that nothing is lost.
        self.points_ = (scaled / np.repeat(self.hyperparameters_.lengths, self.scaler_.sizes)).astype(np.float32)
        self._factor = self._cholesky()
        self.alpha_ = cho_solve((self._factor, True), targets)
        return self

    def predict(self, X: Array, return_std: bool = False) -> Any:
        """Return the (m,) means, and on demand the (m,) standard deviations of an observation, at (m, d) points."""
        check_is_fitted(self)
        X = checked_points(self, X)
        parts = [self._predict(X[i : i + _ROWS_AT_A_TIME], return_std) for i in range(0, len(X), _ROWS_AT_A_TIME)]
        mean = np.concatenate([part[0] for part in parts])
        return (mean, np.concatenate([part[1] for part in parts])) if return_std else mean

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return what was learned, as arrays and as plain JSON values."""
        check_is_fitted(self)
        arrays = {
            "points": self.points_,
            "alpha": self.alpha_,
            "column_mean": self.scaler_.mean,
            "column_factor": self.scaler_.factor,
        }
        record = {
            "sizes": list(self.scaler_.sizes),
            "mean": self.mean_,
            "deviation": self.deviation_,
            **self.hyperparameters_.to_dict(),
        }
        return arrays, record

    def restore(self, arrays: Mapping[str, Array], record: Mapping[str, Any]) -> BlockGaussianProcess:
        """Take what :meth:`state` returned.

        :raises ValueError: when the arrays do not fit each other.
        """
        check_kernel(self.kernel)
        self.points_, self.alpha_ = arrays["points"], arrays["alpha"]
        self.scaler_ = BlockScaler(arrays["column_mean"], arrays["column_factor"], tuple(record["sizes"]))
        self.mean_, self.deviation_ = float(record["mean"]), float(record["deviation"])
        lengths = tuple(float(length) for length in record["lengths"])
        self.hyperparameters_ = BlockHyperparameters(lengths, float(record["signal"]), float(record["noise"]))
        self.n_features_in_ = sum(self.scaler_.sizes)
        shapes = (self.points_.shape[1:], self.alpha_.shape, self.scaler_.mean.shape, self.scaler_.factor.shape)
        width, count = (self.n_features_in_,), (len(self.points_),)
        if shapes != (width, count, width, width) or len(lengths) != len(self.scaler_.sizes):
            raise ValueError(f"the arrays of the Gaussian process have shapes that do not fit: {shapes}")
        return self

    def _hyperparameters(self, scaled: Array, targets: Array) -> BlockHyperparameters:
        if self.lengths is not None:
            return BlockHyperparameters(tuple(self.lengths), self.signal, self.noise)
        rows = np.sort(np.random.default_rng(self.seed).permutation(len(targets))[: self.n_likelihood])
        return fit_hyperparameters(scaled[rows], self.scaler_.sizes, targets[rows], self.kernel, self._objective)

    def _covariance(self, points: Array) -> Array:
        squared = squared_distances(points, self.points_.astype(float))
        result: Array = self.hyperparameters_.signal**2 * shape_of(self.kernel, squared)
        return result

    def _cholesky(self) -> Array:
        """Return the Cholesky factor of the observed covariance; it is not stored, as it has n² numbers."""
        covariance = self._covariance(self.points_.astype(float))
        covariance[np.diag_indices(len(covariance))] += self.hyperparameters_.noise**2 + JITTER
        result: Array = cholesky(covariance, lower=True, overwrite_a=True)
        return result

    def _predict(self, X: Array, return_std: bool) -> tuple[Array, Array]:
        covariance = self._covariance(self.scaler_.divided(X, self.hyperparameters_.lengths))
        mean = self.mean_ + self.deviation_ * (covariance @ self.alpha_)
        if not return_std:
            return mean, mean
        if not hasattr(self, "_factor"):
            self._factor = self._cholesky()
        projections = solve_triangular(self._factor, covariance.T, lower=True)
        noise = self.hyperparameters_.noise**2 + JITTER
        variance = self.hyperparameters_.signal**2 + noise - np.sum(projections**2, axis=0)
        return mean, self.deviation_ * np.sqrt(np.maximum(variance, noise))
