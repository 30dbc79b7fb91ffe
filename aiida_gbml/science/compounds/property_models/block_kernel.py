r"""Kernels with one length scale for each block of columns.

.. math:: k(x, x') = s^2 f\Bigl(\sqrt{\sum_b |x_b - x'_b|^2 / \ell_b^2}\Bigr)

with f a Matérn function or the Gaussian (Rasmussen & Williams 2006, section 4.2). Columns are standardised, and divided
by the root of the number of columns of their block, so that a length is comparable between narrow and wide blocks. One
length a block has few numbers to learn where one a column has hundreds, and a wide block does not drown the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array

MATERN_32, MATERN_52, GAUSSIAN = "matern_32", "matern_52", "gaussian"
KERNELS = (MATERN_32, MATERN_52, GAUSSIAN)

_CONSTANT = 1e-9  # relative deviation of a column that does not vary


class KernelError(ValueError):
    """A kernel is not one of those known here, or does not fit the columns."""


@dataclass(frozen=True)
class BlockHyperparameters:
    """What is fitted, for targets of zero mean and unit variance.

    :param lengths: one length scale a block.
    :param signal: standard deviation of the function.
    :param noise: standard deviation of the noise.
    """

    lengths: tuple[float, ...]
    signal: float
    noise: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"lengths": list(self.lengths), "signal": self.signal, "noise": self.noise}


@dataclass(frozen=True)
class BlockScaler:
    """Standardisation of columns as learned from training data.

    :param mean: (d,) means.
    :param factor: (d,) what centred columns are multiplied with; 0 for those that did not vary.
    :param sizes: number of columns of each block.
    """

    mean: Array
    factor: Array
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, values: Array, sizes: Sequence[int] | None) -> BlockScaler:
        """Return the scaler of (n, d) training data.

        :param sizes: number of columns of each block; all columns are one block by default.
        :raises KernelError: when the blocks do not have d columns together.
        """
        blocks = (values.shape[1],) if sizes is None else tuple(int(size) for size in sizes)
        if sum(blocks) != values.shape[1] or min(blocks) < 1:
            raise KernelError(f"blocks of {list(blocks)} columns do not fit data of {values.shape[1]} columns")
        mean, deviation = values.mean(axis=0), values.std(axis=0)
        varies = deviation > _CONSTANT * np.maximum(np.abs(mean), 1e-300)
        factor = np.where(varies, 1 / np.where(varies, deviation, 1.0), 0.0)
        widths = [max(1, int(np.count_nonzero(part))) for part in np.split(varies, np.cumsum(blocks)[:-1])]
        return cls(mean, factor / np.sqrt(np.repeat(widths, blocks)), blocks)

    def scaled(self, values: Array) -> Array:
        """Return (n, d) scaled columns; blocks have a mean square of one on the training data."""
        result: Array = (values - self.mean) * self.factor
        return result

    def divided(self, values: Array, lengths: Sequence[float]) -> Array:
        """Return (n, d) scaled columns divided by the length of their block."""
        result: Array = self.scaled(values) / np.repeat(lengths, self.sizes)
        return result


def squared_distances(left: Array, right: Array) -> Array:
    """Return the (n, m) squared distances of (n, d) and (m, d) points."""
    squares: Array = np.sum(left**2, axis=1)[:, None] + np.sum(right**2, axis=1)[None, :]
    squares -= 2 * left @ right.T
    np.maximum(squares, 0, out=squares)
    return squares


def shape_of(kernel: str, squared: Array) -> Array:
    """Return the kernel of unit signal at squared scaled distances."""
    if kernel == GAUSSIAN:
        return np.asarray(np.exp(-squared / 2))
    root = np.sqrt((3 if kernel == MATERN_32 else 5) * squared)
    polynomial = 1 + root if kernel == MATERN_32 else 1 + root + root**2 / 3
    return np.asarray(polynomial * np.exp(-root))


def slope_of(kernel: str, squared: Array) -> Array:
    """Return the derivative of :func:`shape_of` by the squared distance."""
    if kernel == GAUSSIAN:
        return np.asarray(-0.5 * np.exp(-squared / 2))
    root = np.sqrt((3 if kernel == MATERN_32 else 5) * squared)
    if kernel == MATERN_32:
        return np.asarray(-1.5 * np.exp(-root))
    return np.asarray(-(5 / 6) * (1 + root) * np.exp(-root))


def check_kernel(kernel: str) -> None:
    """Raise unless a kernel is known.

    :raises KernelError: for a name that is not in :data:`KERNELS`.
    """
    if kernel not in KERNELS:
        raise KernelError(f"'{kernel}' is no kernel, choose from {', '.join(KERNELS)}")
