"""Principal components of descriptors: few numbers a compound, in which a search or a clustering measures distances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aiida_gbml.science.archive import Array

_CONSTANT = 1e-9  # relative spread of a column that tells nothing


class ComponentsError(ValueError):
    """Descriptors that have no components."""


@dataclass(frozen=True)
class Components:
    """The k leading principal components of (n, D) standardised descriptors.

    :param points: (n, k) coordinates, scaled so that the mean squared length over all components is one.
    :param loadings: (k, D) unit vectors, zero where a descriptor is constant; their largest entry is positive.
    :param explained: (k,) share of the variance that each explains.
    """

    points: Array
    loadings: Array
    explained: Array


def principal_components(descriptors: Array, n_components: int = 10, share: float = 0.95) -> Components:
    """Return the leading components: as many as explain a share of the variance, but not more than a number.

    :param descriptors: (n, D) descriptors; each is standardised first.
    :param n_components: most components.
    :param share: of the variance, 0 to 1.
    :raises ComponentsError: for numbers that are not finite, or compounds that do not differ.
    """
    matrix = np.asarray(descriptors, dtype=float)
    if matrix.ndim != 2 or not np.all(np.isfinite(matrix)):
        raise ComponentsError(f"descriptors must be a finite matrix, got the shape {matrix.shape} or a gap in it")
    centred = matrix - matrix.mean(axis=0)
    spread = centred.std(axis=0)
    varies = spread > _CONSTANT * np.maximum(np.abs(matrix).max(axis=0, initial=0.0), 1.0)
    if not varies.any():
        raise ComponentsError(f"the {len(matrix)} compounds do not differ in any descriptor")
    standard = centred[:, varies] / spread[varies]
    # Of n compounds and D descriptors the smaller square matrix: no singular values of a wide matrix are needed.
    left, values, right = np.linalg.svd(standard, full_matrices=False)
    explained = values**2 / np.sum(values**2)
    enough = int(np.searchsorted(np.cumsum(explained), share - 1e-12)) + 1
    count = max(1, min(n_components, enough, int(np.sum(values > values[0] * 1e-9))))
    signs = np.sign(right[np.arange(count), np.abs(right[:count]).argmax(axis=1)])
    loadings = np.zeros((count, matrix.shape[1]))
    loadings[:, varies] = right[:count] * signs[:, None]
    points = left[:, :count] * values[:count] * signs / np.sqrt(varies.sum())
    return Components(points, loadings, explained[:count])
