r"""From the atoms of a compound to the compound: moments of a distribution over atoms.

With weights :math:`w_i` that sum to one over the atoms of a compound, the moments of the columns :math:`x_k` are
:math:`\mu_k = \sum_i w_i x_{ik}`, :math:`\sigma_k^2 = \sum_i w_i (x_{ik} - \mu_k)^2`, the skewness and kurtosis
:math:`\sum_i w_i z_{ik}^3` and :math:`\sum_i w_i z_{ik}^4` of :math:`z = (x - \mu)/\sigma`, and the covariances
:math:`C_{kl} = \sum_i w_i (x_{ik} - \mu_k)(x_{il} - \mu_l)` (Seko et al., Phys. Rev. B 95, 144110, 2017). None of them
depends on the choice or the size of the cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from aiida_gbml.science.archive import Array

MOMENTS = ("mean", "deviation", "skewness", "kurtosis", "covariance", "minimum", "maximum")

_FLAT = 1e-6  # a deviation below this fraction of the largest value is rounding, not a distribution
_MOST_NUMBERS = 4_000_000  # of the products that covariances need at a time


class MomentError(ValueError):
    """The moments of these values do not exist."""


def moments(values: Array, offsets: Array, weights: Array, kinds: Sequence[str]) -> Array:
    """Return the (n, m) moments over the entries of each compound; the columns are those of :func:`moment_names`.

    All but the mean, minimum and maximum of a column that does not vary within a compound are 0.

    :param values: (N, k) finite values of the entries.
    :param offsets: (n + 1,) first entry of each compound.
    :param weights: (N,) positive weights, of any sum.
    :param kinds: some of :data:`MOMENTS`.
    :raises MomentError: when a value is not finite: left alone it would remove a whole column unseen.
    """
    _check(values, kinds)
    sizes = np.diff(offsets)
    share = (weights / np.repeat(np.add.reduceat(weights, offsets[:-1]), sizes))[:, None]

    def average(terms: Array) -> Array:
        result: Array = np.add.reduceat(share * terms, offsets[:-1], axis=0)
        return result

    mean = average(values)
    centred = values - np.repeat(mean, sizes, axis=0)
    deviation = np.sqrt(average(centred**2))
    largest = np.maximum.reduceat(np.abs(values), offsets[:-1], axis=0)
    varies = deviation > _FLAT * np.maximum(largest, 1e-300)
    # What is left of a flat column is rounding, which standardisation over compounds would make as large as any other.
    centred *= np.repeat(varies, sizes, axis=0)
    scaled = centred / np.repeat(np.where(varies, deviation, 1.0), sizes, axis=0)
    made = {
        "mean": lambda: mean,
        "deviation": lambda: deviation * varies,
        "skewness": lambda: average(scaled**3),
        "kurtosis": lambda: average(scaled**4),
        "covariance": lambda: _covariances(centred, offsets, share),
        "minimum": lambda: np.minimum.reduceat(values, offsets[:-1], axis=0),
        "maximum": lambda: np.maximum.reduceat(values, offsets[:-1], axis=0),
    }
    return np.concatenate([made[kind]() for kind in kinds], axis=1)


def moment_names(names: Sequence[str], kinds: Sequence[str]) -> list[str]:
    """Return the names of the columns that :func:`moments` makes of some columns."""
    result: list[str] = []
    for kind in kinds:
        if kind == "covariance":
            pairs = combinations(names, 2)
            result += [f"covariance({left}, {right})" for left, right in pairs]
        else:
            result += [f"{kind}({name})" for name in names]
    return result


def _covariances(centred: Array, offsets: Array, share: Array) -> Array:
    """Return the (n, k (k - 1) / 2) covariances of all pairs of different columns, in blocks of bounded memory."""
    left, right = np.triu_indices(centred.shape[1], k=1)
    result = np.empty((len(offsets) - 1, len(left)))
    width = max(1, _MOST_NUMBERS // max(1, len(centred)))
    for first in range(0, len(left), width):
        part = slice(first, first + width)
        products = share * centred[:, left[part]] * centred[:, right[part]]
        result[:, part] = np.add.reduceat(products, offsets[:-1], axis=0)
    return result


def _check(values: Array, kinds: Sequence[str]) -> None:
    strange = [kind for kind in kinds if kind not in MOMENTS]
    if strange or not kinds:
        raise MomentError(f"'{', '.join(strange)}' is no moment, choose from {', '.join(MOMENTS)}")
    bad = np.flatnonzero(~np.isfinite(values).all(axis=0))
    if len(bad):
        raise MomentError(f"column {bad[0]} of the values of the atoms holds a number that is not finite")
