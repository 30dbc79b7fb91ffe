r"""Tucker decomposition of sparse tensors by higher-order orthogonal iteration, never dense.

:math:`\hat T = G \times_1 U_1 \times_2 U_2 \dots` with orthonormal :math:`U_m` (De Lathauwer, De Moor, Vandewalle, SIAM
J. Matrix Anal. Appl. 21, 1253 and 1324 (2000)). A sweep takes each axis in turn: the tensor is projected on the factors
of all other axes, unfolded to a matrix :math:`Y_m`, and :math:`U_m` becomes the leading eigenvectors of
:math:`Y_m Y_m^T`.

Factors have names, and axes that share a name share the factor: the equal axes of a symmetric tensor, and axes of
several tensors, which are then decomposed together with one core each: what is learned of an element in one of them
serves all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.recommenders.sparse_tensor import SparseTensor, leading_vectors

_CHUNK = 1 << 22  # numbers held at a time


@dataclass(frozen=True)
class NamedTensor:
    """A tensor whose axes have names.

    :param tensor: its ones.
    :param names: of its axes; the last one must be its own. It must be symmetric in axes of the same name.
    :param weight: how much its squared deviation counts.
    """

    tensor: SparseTensor
    names: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class TuckerFactors:
    """A decomposition.

    :param factors: by name, (n, R) orthonormal columns with fixed signs, in the order of falling weight.
    :param cores: of each tensor, in the order of its axes.
    :param norms: weighted norm of all cores after each sweep; it does not fall.
    """

    factors: Mapping[str, Array]
    cores: tuple[Array, ...]
    norms: tuple[float, ...]


def decompose(
    tensors: Sequence[NamedTensor], ranks: Mapping[str, int], sweeps: int = 5, tolerance: float = 1e-4
) -> TuckerFactors:
    """Return the decomposition of one or several tensors.

    :param ranks: number of factors by name; fewer where an axis is shorter, or the others do not span as many.
    :param sweeps: largest number of sweeps.
    :param tolerance: stop when the norm of the cores grows by less than this part of it.
    """
    names = list(dict.fromkeys(name for one in tensors for name in one.names))
    factors = {name: leading_vectors(_start_gram(tensors, name), ranks[name]) for name in names}
    norms: list[float] = []
    cores: list[Array] = []
    for _ in range(sweeps):
        for name in names:
            gram = sum(_gram(_projected(one, factors, one.names.index(name)), one) for one in _with(tensors, name))
            factors[name] = leading_vectors(np.asarray(gram), ranks[name])
        cores = [_core(one, factors) for one in tensors]
        norms.append(
            float(np.sqrt(sum(one.weight * np.sum(core**2) for one, core in zip(tensors, cores, strict=True))))
        )
        if len(norms) > 1 and norms[-1] - norms[-2] < tolerance * norms[-1]:
            break
    return TuckerFactors(factors, tuple(cores), tuple(norms))


def _with(tensors: Sequence[NamedTensor], name: str) -> list[NamedTensor]:
    return [one for one in tensors if name in one.names]


def _gram(unfolded: Array, one: NamedTensor) -> Array:
    gram: Array = one.weight * (unfolded @ unfolded.T)
    return gram


def _start_gram(tensors: Sequence[NamedTensor], name: str) -> Array:
    """Return the (n, n) scalar products of the rows of the unfoldings without any projection."""
    from scipy.sparse import csr_array

    total: Array | float = 0.0
    for one in _with(tensors, name):
        axis = one.names.index(name)
        places, shape = one.tensor.places, one.tensor.shape
        others = [index for index in range(len(shape)) if index != axis]
        _, columns = np.unique(places[:, others], axis=0, return_inverse=True)
        columns = columns.ravel()
        ones = np.full(len(places), np.sqrt(one.weight))
        unfolded = csr_array((ones, (places[:, axis], columns)), shape=(shape[axis], int(columns.max()) + 1))
        total = total + (unfolded @ unfolded.T).toarray()
    return np.asarray(total)


def _projected(one: NamedTensor, factors: Mapping[str, Array], axis: int) -> Array:
    """Return (n, product of the other ranks) unfolding along an axis of the tensor projected on all other factors."""
    from scipy.sparse import csr_array

    places, shape = one.tensor.places, one.tensor.shape
    others = [factors[name] for index, name in enumerate(one.names) if index != axis]
    columns = [places[:, index] for index in range(len(shape)) if index != axis]
    width = int(np.prod([factor.shape[1] for factor in others]))
    result = np.zeros((shape[axis], width))
    rows = max(1, _CHUNK // width)
    for start in range(0, len(places), rows):
        chosen = slice(start, start + rows)
        vectors = [factor[column[chosen]] for factor, column in zip(others, columns, strict=True)]
        products = reduce(_row_products, vectors)
        own = places[chosen, axis]
        used, place = np.unique(own, return_inverse=True)
        gather = csr_array((np.ones(len(own)), (place.ravel(), np.arange(len(own)))), shape=(len(used), len(own)))
        result[used] += gather @ products
    return result


def _row_products(left: Array, right: Array) -> Array:
    """Return (n, a * b) products of all pairs in each row of (n, a) and (n, b)."""
    products: Array = (left[:, :, None] * right[:, None, :]).reshape(len(left), -1)
    return products


def _core(one: NamedTensor, factors: Mapping[str, Array]) -> Array:
    """Return the core of a tensor."""
    last = len(one.names) - 1
    projected = _projected(one, factors, last)
    core: Array = projected.T @ factors[one.names[last]]
    return core.reshape([factors[name].shape[1] for name in one.names])
