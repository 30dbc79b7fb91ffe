r"""Conformal prediction intervals: whatever the model, they cover what they promise when the data are exchangeable.

With scores :math:`s_i = |y_i - m_i| / \sigma_i` of n rows that a model was not fitted to, the interval
:math:`m \pm q \sigma` with q the :math:`\lceil (n + 1)\, c \rceil`-th smallest score covers a new row with
probability c at least (Vovk et al. 2005; Lei et al., J. Am. Stat. Assoc. 113, 1094, 2018). With scores of several
models, each fitted to a part of the rows of the one that predicts, this holds nearly and is no theorem.

Rows of one group are alike, so that many rows of few groups tell less than they seem to, and a new row comes from a new
group. Then G groups of :math:`n_g` rows are what is exchangeable: each score has the weight :math:`1 / n_g`, and q is
the smallest score up to which the weights sum to :math:`(G + 1)\, c` at least (Lee, Barber & Willett, Distribution-free
inference with hierarchical data, arXiv:2306.06342). Of groups of one row each it is the q above.
"""

from __future__ import annotations

import math

import numpy as np

from aiida_gbml.science.archive import Array

_ROUNDING = 1e-9  # of sums of weights


class ConformalError(ValueError):
    """There are no intervals of such data."""


def scores_of(targets: Array, predictions: Array, deviations: Array | None = None) -> Array:
    """Return the (n,) absolute errors, in units of the model's own standard deviations where it has any.

    :param deviations: (n,) positive standard deviations.
    :raises ConformalError: when a deviation is not positive.
    """
    errors: Array = np.abs(targets - predictions)
    if deviations is None:
        return errors
    if not np.all(deviations > 0):
        raise ConformalError("a standard deviation is not positive, so that errors cannot be measured by it")
    result: Array = errors / deviations
    return result


def conformal_quantile(scores: Array, coverage: float, groups: Array | None = None) -> float:
    """Return the score that a new row exceeds with a probability of one minus ``coverage`` at most.

    :param scores: (n,) scores of rows that the model was not fitted to, nor to others of their group.
    :param coverage: between 0 and 1.
    :param groups: (n,) labels; each row is a group of its own by default.
    :raises ConformalError: when the groups are too few for so high a coverage: the interval would be infinite.
    """
    if not 0 < coverage < 1:
        raise ConformalError(f"the coverage of intervals lies between 0 and 1, got {coverage}")
    labels = np.arange(len(scores)) if groups is None else groups
    found, members, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    fewest = math.ceil(coverage / (1 - coverage) - _ROUNDING)
    if len(found) < fewest:
        what = "rows" if groups is None else "groups of rows"
        raise ConformalError(
            f"{len(found)} {what} are too few for intervals of {100 * coverage:g} %, which need {fewest}; lower the "
            "coverage, or give more data"
        )
    order = np.argsort(scores)
    weights = np.cumsum(1 / sizes[members.ravel()[order]])
    return float(scores[order[np.searchsorted(weights, (len(found) + 1) * coverage - _ROUNDING)]])


def split_interval(predictions: Array, quantile: float, deviations: Array | None = None) -> tuple[Array, Array]:
    """Return the lower and upper (m,) ends of intervals around predictions.

    :param quantile: of :func:`conformal_quantile`.
    :param deviations: (m,) standard deviations, when the scores were measured by them.
    """
    half = quantile * (np.ones(len(predictions)) if deviations is None else deviations)
    return predictions - half, predictions + half


def coverage_of(targets: Array, lower: Array, upper: Array) -> float:
    """Return the fraction of the targets that lie within their intervals."""
    return float(np.mean((targets >= lower) & (targets <= upper)))
