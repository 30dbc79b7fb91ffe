r"""Kernel ridge regression on the whole tensor of known compositions, with one kernel for each axis.

For each ratio the tensor :math:`T[A_1, \dots, A_k, X]` of zeros and ones is fitted by a function with the covariance
:math:`K_A(A_1, A_1') \cdots K_A(A_k, A_k')\, K_X(X, X')`. All cells are data, so that the solution is a filter between
the eigenvectors of the small kernels:

.. math:: \hat T = \mathcal{U} \left[ \frac{\Lambda}{\Lambda + \lambda} \circ \mathcal{U}^T T \right],
          \qquad \Lambda = \lambda_{a_1} \cdots \lambda_{a_k} \lambda_x .

A truncated SVD is the same with a filter of zeros and ones and a single kernel. Here the similarity of elements may
come from other compositions than those of the tensor, see :mod:`.element_kernel`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import permutations

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.recommenders.sparse_tensor import RoleAxes, contexts, find
from aiida_gbml.science.compounds.recommenders.substitution import matrix, unfolding
from aiida_gbml.science.compounds.roles import RoleTable

MOST_CELLS = 1 << 23
"""Cells of the tensor of one ratio: up to three cations of eighty elements."""


def fits_memory(axes: RoleAxes, arity: int) -> bool:
    """Return whether the tensor of one ratio is small enough."""
    cells: int = len(axes.cations) ** (arity - 1) * len(axes.anions)
    return cells <= MOST_CELLS


def ridge_scores(
    known: RoleTable, wanted: RoleTable, axes: RoleAxes, kernels: tuple[Array, Array], penalty: float
) -> Array:
    """Return the (n,) fitted values of some compositions; 0 for a ratio or an element that is not known.

    :param known: of the same arity, in the order of which nothing depends.
    :param kernels: (c, c) of the cations and (x, x) of the anions.
    :param penalty: of the regression, above zero.
    """
    n_cations = known.arity - 1
    spectra = [np.linalg.eigh(kernel) for kernel in (*[kernels[0]] * n_cations, kernels[1])]
    values = [np.maximum(spectrum[0], 0.0) for spectrum in spectra]
    vectors = [spectrum[1].astype(np.float32) for spectrum in spectra]
    product = reduce(np.multiply.outer, values)
    filtered = (product / (product + penalty)).astype(np.float32)
    scores = np.zeros(len(wanted))
    for ratio, places, wanted_places, rows in _by_ratio(known, wanted, axes):
        tensor = np.zeros(product.shape, dtype=np.float32)
        for order in _equivalent_orders(ratio):
            tensor[tuple(places[:, order].T)] = 1.0
        transformed = _along_axes(tensor, [vector.T for vector in vectors]) * filtered
        fitted = _along_axes(transformed, vectors)
        scores[rows] = fitted[tuple(wanted_places.T)]
    return scores


def canonical(roles: RoleTable, axes: RoleAxes) -> tuple[Array, Array]:
    """Return the (n, k + 1) ratios with rising coefficients of the cations, and the places on the axes beside them.

    Cations of equal coefficients come in the order of their places. Unknown elements have the place -1.
    """
    places = axes.cation_places(roles.cations)
    amounts = roles.coefficients[:, :-1].astype(np.int64)
    order = np.argsort(amounts * 256 + places, axis=1, kind="stable")
    ratios = np.column_stack([np.take_along_axis(amounts, order, axis=1), roles.coefficients[:, -1]])
    cations = np.take_along_axis(places, order, axis=1)
    return ratios, np.column_stack([cations, axes.anion_places(roles.anions)])


def _by_ratio(known: RoleTable, wanted: RoleTable, axes: RoleAxes) -> Iterator[tuple[Array, Array, Array, Array]]:
    """Yield each ratio that is known and wanted, the places of the known ones, and those and the rows of the wanted."""
    ratios, places = canonical(known, axes)
    wanted_ratios, wanted_places = canonical(wanted, axes)
    distinct, number = np.unique(np.concatenate([ratios, wanted_ratios]), axis=0, return_inverse=True)
    of_known, of_wanted = np.split(number.ravel(), [len(ratios)])
    seen = np.flatnonzero((wanted_places >= 0).all(axis=1))
    by_number = seen[np.argsort(of_wanted[seen], kind="stable")]
    for index in np.intersect1d(of_known, of_wanted[seen]):
        start, end = np.searchsorted(of_wanted[by_number], [index, index + 1])
        rows = by_number[start:end]
        yield distinct[index], places[of_known == index], wanted_places[rows], rows


def _equivalent_orders(ratio: Array) -> Iterator[list[int]]:
    """Yield the orders of the cations, with the anion last, that leave a ratio as it is."""
    n_cations = len(ratio) - 1
    for order in permutations(range(n_cations)):
        if np.array_equal(ratio[list(order)], ratio[:-1]):
            yield [*order, n_cations]


def _along_axes(tensor: Array, matrices: Sequence[Array]) -> Array:
    """Return the tensor multiplied with a matrix along each axis."""
    for one in matrices:  # the first axis goes to the end each time, so that the order is the old one at last
        tensor = np.tensordot(tensor, one, axes=(0, 1))
    return tensor


def place_scores(known: RoleTable, wanted: RoleTable, axes: RoleAxes, smoothing: Array) -> Array:
    """Return the (n,) sums, over the cations of some compositions, of the ridge regression of that cation alone.

    What surrounds the cation stays as it is: the regression of a column of the unfolding ``A | B X r``. For
    compositions of so many elements that the tensor of one ratio is too large.

    :param smoothing: (c, c) see :func:`~.element_kernel.smoother`.
    """
    keys, places = unfolding(known, axes)
    fitted = np.asarray(matrix(keys, places, len(axes.cations)).T @ smoothing.T)
    rows, columns = axes.cation_places(wanted.cations), find(keys, contexts(wanted))
    scores = np.zeros(len(wanted))
    for row, column in zip(rows.T, columns.T, strict=True):
        seen = (row >= 0) & (column >= 0)
        scores[seen] += fitted[column[seen], row[seen]]
    return scores
