r"""Hyperparameters of block-wise kernels, by marginal likelihood or by the error of leaving one row out.

Both objectives and their gradients come from one Cholesky factor. With :math:`K` the covariance of the observations and
:math:`\alpha = K^{-1} y`, the negative log marginal likelihood has the derivative :math:`\frac12 \mathrm{tr}[(K^{-1} -
\alpha\alpha^T)\, \partial K]` (Rasmussen & Williams 2006, eq. 5.9), and the error of leaving row i out is
:math:`e_i = \alpha_i / [K^{-1}]_{ii}` (eq. 5.12). Every derivative is the sum of the elementwise product of one matrix
with :math:`\partial K`, so that a further block costs O(n²), not O(n³).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.linalg import cho_solve, cholesky
from scipy.optimize import minimize

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.property_models.block_kernel import (
    BlockHyperparameters,
    shape_of,
    slope_of,
    squared_distances,
)

LIKELIHOOD, LEAVE_ONE_OUT = "likelihood", "leave_one_out"
JITTER = 1e-6
"""Variance that is always added to the noise, in units of the variance of the targets."""

_START = (np.log(3.0), 0.0, np.log(0.1))
_LENGTHS, _SIGNAL, _NOISE = (-3.0, 6.0), (-3.0, 4.0), (-5.0, 1.0)  # bounds of logarithms
_MOST_STEPS = 40
_PRECISION = 1e-4
_LEAST_SQUARE = 1e-30  # of errors: equal targets leave none


def fit_hyperparameters(
    points: Array, sizes: Sequence[int], targets: Array, kernel: str, objective: str = LIKELIHOOD
) -> BlockHyperparameters:
    """Return the hyperparameters that an objective likes best.

    :param points: (n, d) scaled columns.
    :param sizes: number of columns of each block.
    :param targets: (n,) of about zero mean and unit variance.
    :param kernel: one of :data:`~.block_kernel.KERNELS`.
    :param objective: ``likelihood`` or ``leave_one_out``.
    """
    function = Objective(points, sizes, targets, kernel, objective)
    start = np.array([_START[0]] * len(sizes) + [*_START[1:]])
    bounds = [_LENGTHS] * len(sizes) + [_SIGNAL, _NOISE]
    options: Any = {"maxiter": _MOST_STEPS, "ftol": _PRECISION}
    found = minimize(function, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    values = np.exp(found.x)
    return BlockHyperparameters(tuple(values[:-2].tolist()), float(values[-2]), float(values[-1]))


class Objective:
    """What is minimised, per observation, with its gradient by the logarithms of lengths, signal and noise."""

    def __init__(self, points: Array, sizes: Sequence[int], targets: Array, kernel: str, objective: str) -> None:
        blocks = np.split(points, np.cumsum(sizes)[:-1], axis=1)
        self._distances = [squared_distances(block, block) for block in blocks]
        self._targets, self._kernel, self._objective = targets, kernel, objective

    def __call__(self, logarithms: Array) -> tuple[float, Array]:
        """Return the value and the (blocks + 2,) gradient."""
        inverse_squares = np.exp(-2 * logarithms[:-2])
        signal, noise = np.exp(2 * logarithms[-2:])
        squared = np.zeros_like(self._distances[0])
        for factor, distances in zip(inverse_squares, self._distances, strict=True):
            squared += factor * distances
        covariance = signal * shape_of(self._kernel, squared)
        value, weights = self._value(covariance, noise)
        slopes = weights * signal * slope_of(self._kernel, squared)
        gradient = [
            -2 * factor * np.sum(slopes * distances)
            for factor, distances in zip(inverse_squares, self._distances, strict=True)
        ]
        gradient += [2 * np.sum(weights * covariance), 2 * noise * np.trace(weights)]
        count = len(self._targets)
        return value / count, np.array(gradient) / count

    def _value(self, covariance: Array, noise: float) -> tuple[float, Array]:
        """Return the value and the matrix whose products with derivatives of the covariance sum to its derivatives."""
        count = len(covariance)
        factor = cholesky(covariance + (noise + JITTER) * np.eye(count), lower=True)
        inverse = cho_solve((factor, True), np.eye(count))
        alpha = inverse @ self._targets
        if self._objective == LIKELIHOOD:
            value = 0.5 * self._targets @ alpha + np.sum(np.log(np.diag(factor)))
            return float(value), 0.5 * (inverse - np.outer(alpha, alpha))
        diagonal = np.diag(inverse)
        errors = alpha / diagonal
        # d e_i = -[K⁻¹ dK α]_i / κ_i + α_i [K⁻¹ dK K⁻¹]_ii / κ_i² with κ the diagonal of the inverse.
        # What is minimised is the logarithm of the mean square, times n / 2 as a likelihood has it.
        square = max(float(errors @ errors) / count, _LEAST_SQUARE)
        left = inverse @ (-errors / diagonal)
        weights = np.outer(left, alpha) + (inverse * (errors * alpha / diagonal**2)) @ inverse
        return 0.5 * count * np.log(square), 0.5 * (weights + weights.T) / square
