r"""Known compositions as a sparse tensor of zeros and ones, :math:`T[A_1, \dots, A_k, X, r]`.

The axes are the k cations, the anion and the ratio :math:`r = (a_1, \dots, a_k, x)` in the order of the cations. A
composition is there in all :math:`k!` orders of its cations, each with its own ratio, so that the tensor is symmetric:
:math:`T[A, B, X, (a, b, x)] = T[B, A, X, (b, a, x)]`.

An unfolding with the first cation (and perhaps the anion) as rows has as its columns what surrounds that cation: its
own coefficient, the other cations with theirs, the anion with its. The orders of the other cations repeat the same
column and change neither the singular vectors nor the ranking, so that :func:`contexts` gives each of them once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import permutations

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.ions import IonTable
from aiida_gbml.science.compounds.roles import RoleTable, anion_places

_NUMBER_BITS, _AMOUNT_BITS = 7, 6  # atomic numbers up to 118, coefficients up to 40
_NUMBERS = 1 << _NUMBER_BITS
_ROWS = 1 << 18


@dataclass(frozen=True)
class RoleAxes:
    """The places of elements and ratios on the axes of the tensor.

    :param cations: (c,) atomic numbers of the axis of each cation.
    :param anions: (x,) atomic numbers.
    :param ratios: (r, k + 1) ratios in the order of the cations, sorted; those that occur, in all their orders.
    """

    cations: Array
    anions: Array
    ratios: Array

    @classmethod
    def of(cls, roles: RoleTable, ions: IonTable) -> RoleAxes:
        """Return the axes of all ions of a table and the ratios of known compositions, in all orders."""
        amounts = np.concatenate([roles.coefficients[:, list(order)] for order in _orders(roles.arity)])
        ratios = np.unique(amounts.astype(np.uint8), axis=0)
        cations, anions = (np.array(list(part), dtype=np.uint8) for part in (ions.cations, ions.anions))
        return cls(cations, anions, ratios)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> RoleAxes:
        """Return stored axes.

        :raises KeyError: when one is missing.
        :raises ValueError: when they are no lists of atomic numbers and ratios.
        """
        axes = cls(*(arrays[f"axis.{name}"] for name in ("cations", "anions", "ratios")))
        dimensions = [(part.dtype.name, part.ndim) for part in (axes.cations, axes.anions, axes.ratios)]
        if dimensions != [("uint8", 1), ("uint8", 1), ("uint8", 2)]:
            raise ValueError(f"the axes are of the kinds {dimensions}")
        return axes

    def to_arrays(self) -> dict[str, Array]:
        """Return arrays to store, by name."""
        return {"axis.cations": self.cations, "axis.anions": self.anions, "axis.ratios": self.ratios}

    def without_ratios(self) -> RoleAxes:
        """Return the axes of the elements alone."""
        return replace(self, ratios=self.ratios[:0])

    def cation_places(self, numbers: Array) -> Array:
        """Return the places of atomic numbers, -1 for an element that is no cation."""
        return _places(self.cations)[numbers]

    def anion_places(self, numbers: Array) -> Array:
        """Return the places of atomic numbers, -1 for an element that is no anion."""
        return _places(self.anions)[numbers]

    def ratio_places(self, ratios: Array) -> Array:
        """Return the (n,) places of (n, k + 1) ratios, -1 for one that does not occur."""
        return find(self._ratio_keys, _packed(ratios))

    @cached_property
    def _ratio_keys(self) -> Array:
        return _packed(self.ratios)


@dataclass(frozen=True)
class SparseTensor:
    """The places of the ones in a tensor.

    :param places: (n, m) place of each on the m axes, distinct.
    :param shape: lengths of the axes.
    """

    places: Array
    shape: tuple[int, ...]

    @classmethod
    def of(cls, roles: RoleTable, axes: RoleAxes) -> SparseTensor:
        """Return the tensor of known compositions, in all orders of their cations.

        :param axes: of at least all elements and ratios of the compositions.
        """
        cations, anions = axes.cation_places(roles.cations), axes.anion_places(roles.anions)
        parts = [
            np.column_stack(
                [cations[:, list(order[:-1])], anions, axes.ratio_places(roles.coefficients[:, list(order)])]
            )
            for order in _orders(roles.arity)
        ]
        n_cations = len(axes.cations)
        shape = (*[n_cations] * (roles.arity - 1), len(axes.anions), len(axes.ratios))
        return cls(np.concatenate(parts).astype(np.int64), shape)

    def dense(self) -> Array:
        """Return the whole tensor; for small ones only."""
        tensor = np.zeros(self.shape)
        tensor[tuple(self.places.T)] = 1.0
        return tensor


def _orders(arity: int) -> list[tuple[int, ...]]:
    """Return the orders of the columns of a ratio in which the anion stays last."""
    return [(*order, arity - 1) for order in permutations(range(arity - 1))]


def contexts(roles: RoleTable, with_anion: bool = True) -> Array:
    """Return (n, k) keys of what surrounds each cation of a composition.

    Two cations have equal keys when one can take the place of the other: equal own coefficients, other cations and
    coefficients, and coefficients of the anion; and equal anions if wanted.

    :param with_anion: whether the anion is part of the surroundings, or of the row of the unfolding.
    """
    numbers, amounts = roles.cations.astype(np.int64), roles.coefficients.astype(np.int64)
    keys = []
    for own in range(roles.arity - 1):
        key = roles.anions.astype(np.int64) if with_anion else np.zeros(len(roles), dtype=np.int64)
        for amount in (amounts[:, -1], amounts[:, own]):
            key = key << _AMOUNT_BITS | amount
        for other in range(roles.arity - 1):
            if other != own:
                key = (key << _NUMBER_BITS | numbers[:, other]) << _AMOUNT_BITS | amounts[:, other]
        keys.append(key)
    return np.stack(keys, axis=1)


def completions(keys: Array, axes: RoleAxes, space: CandidateSpace, with_anion: bool = True) -> RoleTable:
    """Return all neutral compositions that have one of the contexts, each once, in a fixed order.

    :param keys: (c,) contexts, see :func:`contexts`.
    :param space: arity, ions and limits, which decide the anion; its filters have no effect.
    :param with_anion: as for the contexts.
    """
    arity = space.arity
    own = axes.cations.astype(np.int64)
    anions = np.zeros(1, dtype=np.int64) if with_anion else axes.anions.astype(np.int64)
    per_key = len(own) * len(anions)
    parts = []
    for start in range(0, len(keys), max(1, _ROWS // per_key)):
        some = keys[start : start + max(1, _ROWS // per_key)]
        first, element, anion = (grid.ravel() for grid in np.meshgrid(some, own, anions, indexing="ij"))
        parts.append(_neutral(*_unpacked(first, element, anion, arity), space))
    numbers, amounts, anion = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    joined = np.unique(np.column_stack([numbers, amounts, anion]), axis=0)
    numbers, amounts, anion = joined[:, :arity], joined[:, arity : 2 * arity], joined[:, -1]
    order = np.argsort(numbers == anion[:, None], axis=1, kind="stable")
    numbers, amounts = (np.take_along_axis(part, order, axis=1).astype(np.uint8) for part in (numbers, amounts))
    return RoleTable(numbers[:, :-1], numbers[:, -1], amounts)


def _unpacked(keys: Array, element: Array, anion: Array, arity: int) -> tuple[Array, Array, Array]:
    """Return (n, arity) numbers and coefficients of contexts with an element in them, ascending, and their anions."""
    numbers, amounts = [element], []
    rest = keys
    for _ in range(arity - 2):
        amounts.append(rest & ((1 << _AMOUNT_BITS) - 1))
        numbers.append(rest >> _AMOUNT_BITS & (_NUMBERS - 1))
        rest = rest >> (_AMOUNT_BITS + _NUMBER_BITS)
    own, of_anion = (rest >> shift & ((1 << _AMOUNT_BITS) - 1) for shift in (0, _AMOUNT_BITS))
    anion = np.where(anion > 0, anion, rest >> 2 * _AMOUNT_BITS)
    table, ratio = np.column_stack([*numbers, anion]), np.column_stack([own, *amounts, of_anion])
    order = np.argsort(table, axis=1, kind="stable")
    return np.take_along_axis(table, order, axis=1), np.take_along_axis(ratio, order, axis=1), anion


def _neutral(numbers: Array, amounts: Array, anion: Array, space: CandidateSpace) -> tuple[Array, Array, Array]:
    """Return the rows that are neutral compositions with their anion, reduced, of distinct elements."""
    kept = (np.diff(numbers, axis=1) > 0).all(axis=1) & (np.gcd.reduce(amounts, axis=1) == 1)
    numbers, amounts, anion = numbers[kept], amounts[kept], anion[kept]
    places = anion_places(numbers, amounts, space.ions, space.limits)
    kept = (places >= 0) & (np.take_along_axis(numbers, places[:, None], axis=1)[:, 0] == anion)
    return numbers[kept], amounts[kept], anion[kept]


def find(keys: Array, wanted: Array) -> Array:
    """Return the places of wanted keys among sorted distinct ones, -1 for those that are not there."""
    if not len(keys):
        return np.full(wanted.shape, -1)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, places, -1)


def known_of_lower_arity(known: CompositionSet, space: CandidateSpace) -> list[RoleTable]:
    """Return the neutral compositions of fewer elements than a space has, arity by arity, without the empty ones."""
    tables = (RoleTable.of(known, space.ions, arity, space.limits)[0] for arity in range(2, space.arity))
    return [table for table in tables if len(table)]


def fixed_signs(vectors: Array) -> Array:
    """Return (n, k) vectors, as columns, each with the sign that makes its entry of largest absolute value positive.

    Of entries that are equal within rounding the first decides.
    """
    sizes = np.abs(vectors)
    first = np.argmax(sizes >= sizes.max(axis=0) * (1 - 1e-9), axis=0)
    signs = np.where(vectors[first, np.arange(vectors.shape[1])] < 0, -1.0, 1.0)
    signed: Array = vectors * signs
    return signed


def leading_vectors(gram: Array, rank: int) -> Array:
    """Return (n, rank) eigenvectors of the largest eigenvalues, the largest first, with fixed signs.

    :param gram: (n, n) symmetric matrix.
    """
    from scipy.linalg import eigh

    size = len(gram)
    rank = min(rank, size)
    _, vectors = eigh(gram, subset_by_index=(size - rank, size - 1))
    return fixed_signs(vectors[:, ::-1])


def _packed(ratios: Array) -> Array:
    """Return (n,) whole numbers that order ratios as their coefficients do."""
    columns: Sequence[Array] = list(ratios.astype(np.int64).T)
    packed: Array = reduce(lambda key, amount: key << _AMOUNT_BITS | amount, columns)
    return packed


def _places(numbers: Array) -> Array:
    """Return (256,) the place of each atomic number, -1 for those without one."""
    places = np.full(256, -1)
    places[numbers] = np.arange(len(numbers))
    return places
