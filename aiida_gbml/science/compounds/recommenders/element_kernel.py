r"""How alike elements are, learned from the compositions in which they stand in the same place.

Two sources are added. The first is the cosine of the rows of the unfolding ``A | B X r`` of the neutral compositions,
shrunk for rare elements. The second takes compositions of two to five elements of any kind, intermetallics and those
with no neutral assignment too: two elements are alike when they have the same surroundings (own coefficient, all other
elements and theirs), and surroundings that few elements share count for more. The second holds where the neutral
compositions of one arity are few, and carries what is known of one number of elements over to another.
"""

from __future__ import annotations

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.recommenders.sparse_tensor import RoleAxes, SparseTensor
from aiida_gbml.science.compounds.recommenders.substitution import gram_of_cations
from aiida_gbml.science.compounds.roles import RoleTable

MOST_ELEMENTS = 5
"""Compositions of more elements share their surroundings with none."""

_SHRINK_NEUTRAL, _SHRINK_ANY = 2.0, 3.0  # surroundings seen without a partner in every row: rare elements are unlike
_ANION_SHARE = 0.3


def cation_kernel(known: CompositionSet, tables: list[RoleTable], axes: RoleAxes) -> Array:
    """Return the (c, c) positive definite kernel of the cations of some axes.

    :param known: all known compositions.
    :param tables: neutral compositions with their roles, arity by arity.
    """
    gram = np.asarray(sum(gram_of_cations(table, axes) for table in tables), dtype=np.float64)
    neutral = _shrunk(gram, _SHRINK_NEUTRAL)
    shared = _shrunk(shared_surroundings(known)[np.ix_(axes.cations, axes.cations)], _SHRINK_ANY)
    np.fill_diagonal(shared, 1.0)
    kernel: Array = (neutral + shared) / 2
    return kernel


def anion_kernel(roles: RoleTable, axes: RoleAxes) -> Array:
    """Return the (x, x) positive definite kernel of the anions: mostly themselves, a little those alike."""
    places = SparseTensor.of(roles, axes).places
    frames = np.delete(places, roles.arity - 1, axis=1)
    gram = _gram(places[:, roles.arity - 1], _numbered(frames), len(axes.anions))
    kernel: Array = _ANION_SHARE * _shrunk(gram, _SHRINK_NEUTRAL) + (1 - _ANION_SHARE) * np.eye(len(gram))
    return kernel


def shared_surroundings(known: CompositionSet) -> Array:
    r"""Return (256, 256) how often two elements have the same surroundings, by atomic number.

    Surroundings that d elements share add :math:`1 / \ln(1 + d)`.
    """
    total = np.zeros((256, 256))
    for arity in range(2, MOST_ELEMENTS + 1):
        rows = np.flatnonzero(known.arity == arity)
        numbers, amounts = known.numbers[rows, :arity].astype(np.int64), known.coefficients[rows, :arity]
        if not len(rows):
            continue
        frames = [
            np.column_stack([amounts[:, place], np.delete(numbers, place, axis=1), np.delete(amounts, place, axis=1)])
            for place in range(arity)
        ]
        frame, element = _numbered(np.concatenate(frames)), numbers.T.ravel()
        sharing = np.bincount(frame)
        total += _gram(element, frame, 256, 1 / np.log1p(sharing))
    return total


def smoother(kernel: Array, penalty: float) -> Array:
    r"""Return the (c, c) matrix :math:`K (K + \mu 1)^{-1}` of kernel ridge regression.

    :param penalty: :math:`\mu`, above zero.
    """
    from scipy.linalg import solve

    result: Array = solve(kernel + penalty * np.eye(len(kernel)), kernel, assume_a="pos").T
    return result


def _shrunk(gram: Array, shrinkage: float) -> Array:
    """Return the cosines of rows with the given scalar products, as if each had some more entries of its own."""
    lengths = np.sqrt(np.diag(gram) + shrinkage)
    cosines: Array = gram / lengths[:, None] / lengths[None, :]
    return cosines


def _gram(rows: Array, columns: Array, n_rows: int, weights: Array | None = None) -> Array:
    """Return the (n, n) scalar products of the rows of a matrix of ones at some places, with weighted columns."""
    from scipy.sparse import csr_array

    shape = (n_rows, int(columns.max()) + 1)
    ones = csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    weighted = ones if weights is None else csr_array((weights[columns], (rows, columns)), shape=shape)
    gram: Array = (weighted @ ones.T).toarray()
    return gram


def _numbered(rows: Array) -> Array:
    """Return (n,) numbers that are equal for equal rows."""
    _, numbers = np.unique(rows, axis=0, return_inverse=True)
    return numbers.ravel()
