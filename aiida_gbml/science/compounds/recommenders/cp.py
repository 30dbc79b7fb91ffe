r"""CP model: a sum of products of one factor for each cation, the anion and the ratio.

.. math:: \hat T[A_1, \dots, A_k, X, r] = \sum_f u^{(1)}_f[A_1] \cdots u^{(k)}_f[A_k]\, y_f[X]\, z_f[r]

A score sums over all orders of the cations, each with its ratio.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import permutations
from typing import ClassVar

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition import SYMBOLS
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.recommenders.base import IonVectors, Recommender, RecommenderError, kernel_scores
from aiida_gbml.science.compounds.recommenders.settings import MOST_SWEEPS, SEED, Settings, number, whole
from aiida_gbml.science.compounds.recommenders.sparse_tensor import RoleAxes, SparseTensor
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.compounds.scoring.factor_kernel import FactorKernel

RANKS: dict[int, int] = {2: 20, 3: 20, 4: 12, 5: 8}
"""Rank by the number of elements: there are as many orders of the cations as their factorial."""


class CpRecommender(Recommender):
    """Canonical polyadic decomposition by alternating least squares over the ones only, with a ridge.

    :param rank: number of products; by default :data:`RANKS`.
    :param sweeps: number of sweeps over all factors.
    :param ridge: penalty on the squared factors, relative to the mean squared column of the others' products; it keeps
        products from growing against each other.
    :param seed: of the random start.
    """

    kind = "cp"
    allowed: ClassVar[Settings] = {
        "rank": whole(1, 200).or_none(),
        "sweeps": whole(1, MOST_SWEEPS),
        "ridge": number(0, 1_000_000),
        "seed": SEED,
    }

    factors_: list[Array]
    """(n, R) of each axis; columns of equal length within a product."""

    def __init__(self, rank: int | None = None, sweeps: int = 15, ridge: float = 1e-3, seed: int = 0) -> None:
        self.rank = rank
        self.sweeps = sweeps
        self.ridge = ridge
        self.seed = seed

    def _fit(self, known: CompositionSet, roles: RoleTable) -> None:
        del known
        rank = RANKS[roles.arity] if self.rank is None else self.rank
        self.axes_ = RoleAxes.of(roles, self.space_.ions)
        tensor = SparseTensor.of(roles, self.axes_)
        self.factors_ = decompose(tensor, rank, self.sweeps, self.ridge, self.seed)
        self.__dict__.pop("_kernel", None)

    def _score(self, roles: RoleTable) -> Array:
        return kernel_scores(self._kernel, roles)

    def kernel(self) -> FactorKernel:
        """Return the model as a matrix product, whose scores are those of ``score``."""
        self._check_fitted()
        return self._kernel

    def ion_vectors(self) -> dict[str, IonVectors]:
        """Return the factors of cations in all their places, and those of anions."""
        self._check_fitted()
        cations = np.column_stack(self.factors_[:-2])
        return {
            "cations": IonVectors(self.axes_.cations, cations),
            "anions": IonVectors(self.axes_.anions, self.factors_[-2]),
        }

    def _analogues(self, row: RoleTable, others: RoleTable) -> Array:
        # The model is no sum over known compositions: those count that the same products make likely.
        own = self._parts(row)
        parts = self._parts(others)
        lengths = np.linalg.norm(parts, axis=1) * np.linalg.norm(own)
        cosines: Array = (parts @ own[0]) / np.where(lengths > 0, lengths, 1.0)
        return cosines

    def _factors(self, row: RoleTable) -> Iterable[tuple[str, float]]:
        for index, value in enumerate(self._parts(row)[0].tolist()):
            cations, anions = self.factors_[0][:, index], self.factors_[-2][:, index]
            elements = [SYMBOLS[self.axes_.cations[place]] for place in np.argsort(-np.abs(cations), kind="stable")[:3]]
            anion = SYMBOLS[self.axes_.anions[int(np.argmax(np.abs(anions)))]]
            yield f"factor {index + 1} ({', '.join(elements)}; {anion})", value

    def _parts(self, roles: RoleTable) -> Array:
        """Return (n, R) what each product adds to a score, over all orders of the cations."""
        kernel = self._kernel
        products = kernel.rows(roles.cations, roles.anions) * kernel.columns(roles.coefficients)
        rank = self.factors_[0].shape[1]
        parts: Array = products.reshape(len(products), -1, rank).sum(axis=1, dtype=np.float64)
        return parts

    def _arrays(self) -> dict[str, Array]:
        factors = {f"factor.{axis}": factor for axis, factor in enumerate(self.factors_)}
        return {**factors, **self.axes_.to_arrays()}

    def _restore(self, arrays: Mapping[str, Array]) -> None:
        self.axes_ = axes = RoleAxes.from_arrays(arrays)
        self.factors_ = [arrays[f"factor.{axis}"] for axis in range(self.space_.arity + 1)]
        lengths = [*[len(axes.cations)] * (self.space_.arity - 1), len(axes.anions), len(axes.ratios)]
        if [factor.shape for factor in self.factors_] != [(n, self.factors_[0].shape[1]) for n in lengths]:
            raise RecommenderError("the factors do not fit the axes")

    @cached_property
    def _kernel(self) -> CpKernel:
        return CpKernel(self.axes_, tuple(self.factors_))


@dataclass(frozen=True)
class CpKernel(FactorKernel):
    """Scores as matrix products: one block of factors for each order of the cations."""

    axes: RoleAxes
    factors: tuple[Array, ...]

    @property
    def rank(self) -> int:
        """Number of products times the number of orders."""
        return len(self._orders) * int(self.factors[0].shape[1])

    def rows(self, cations: Array, anions: Array) -> Array:
        """Return (t, R) products of the factors of cations and anion in each order."""
        padded = [_with_zeros(factor) for factor in self.factors]
        places, of_anion = self.axes.cation_places(cations), self.axes.anion_places(anions)
        blocks = []
        for order in self._orders:
            product = padded[-2][of_anion]
            for axis, place in enumerate(order):
                product = product * padded[axis][places[:, place]]
            blocks.append(product)
        return np.column_stack(blocks).astype(np.float32)

    def columns(self, ratios: Array) -> Array:
        """Return (r, R) factors of the ratios in each order; zero for those never seen."""
        padded = _with_zeros(self.factors[-1])
        last = len(self.factors) - 2
        ordered = [ratios[:, [*order, last]] for order in self._orders]
        return np.column_stack([padded[self.axes.ratio_places(ratio)] for ratio in ordered]).astype(np.float32)

    @cached_property
    def _orders(self) -> list[tuple[int, ...]]:
        return list(permutations(range(len(self.factors) - 2)))


def decompose(tensor: SparseTensor, rank: int, sweeps: int, ridge: float, seed: int) -> list[Array]:
    r"""Return the (n, rank) factors of each axis of a tensor of ones, by alternating least squares.

    Each update solves :math:`F = W (\circ_{q \ne m} F_q^T F_q + \lambda)^{-1}` with W the sum over the ones of the
    products of the other factors, and the ridge :math:`\lambda` relative to the mean of the diagonal.
    """
    generator = np.random.default_rng(seed)
    factors = [generator.random((length, rank)) for length in tensor.shape]
    for _ in range(sweeps):
        for axis in range(len(factors)):
            others = [index for index in range(len(factors)) if index != axis]
            gram = reduce(np.multiply, (factors[index].T @ factors[index] for index in others))
            gram = gram + max(ridge, 1e-12) * np.trace(gram) / rank * np.eye(rank)
            factors[axis] = np.linalg.solve(gram, _sums(tensor, factors, axis, others).T).T
            _balance(factors)
    return factors


def _sums(tensor: SparseTensor, factors: Sequence[Array], axis: int, others: Sequence[int]) -> Array:
    """Return (n, R) sums of the products of the other factors over the ones of each place of an axis."""
    from scipy.sparse import csr_array

    places = tensor.places
    products = reduce(np.multiply, (factors[index][places[:, index]] for index in others))
    gather = csr_array(
        (np.ones(len(places)), (places[:, axis], np.arange(len(places)))), shape=(tensor.shape[axis], len(places))
    )
    sums: Array = gather @ products
    return sums


def _balance(factors: list[Array]) -> None:
    """Give all factors of a product the same length, without a change of the product."""
    lengths = np.array([np.linalg.norm(factor, axis=0) for factor in factors])
    lengths = np.where(lengths > 0, lengths, 1.0)
    common = np.exp(np.log(lengths).mean(axis=0))
    for index in range(len(factors)):
        factors[index] = factors[index] * (common / lengths[index])


def _with_zeros(factor: Array) -> Array:
    """Return a factor with a last row of zeros, for places that are -1."""
    return np.vstack([factor, np.zeros(factor.shape[1])])
