r"""Tucker model: element, anion and ratio factors that meet in a core.

.. math:: \hat T[A_1, \dots, A_k, X, r] = \sum G_{a_1 \dots a_k x \rho}\,
          U[A_1, a_1] \cdots U[A_k, a_k]\, Y[X, x]\, Z[r, \rho]

All cations share the factor U, and the decomposition keeps the symmetry of the tensor, so that one order of the cations
tells the score. Compositions of fewer elements are decomposed together with the others: they share U and Y.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import factorial
from typing import ClassVar

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.recommenders.base import IonVectors, Recommender, RecommenderError, kernel_scores
from aiida_gbml.science.compounds.recommenders.hooi import NamedTensor, decompose
from aiida_gbml.science.compounds.recommenders.settings import FLAG, MOST_SWEEPS, Allowed, Settings, is_whole, whole
from aiida_gbml.science.compounds.recommenders.sparse_tensor import RoleAxes, SparseTensor, known_of_lower_arity
from aiida_gbml.science.compounds.recommenders.unfolding import factor_names
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.compounds.scoring.factor_kernel import FactorKernel

RANKS: dict[int, tuple[int, int, int]] = {2: (20, 8, 40), 3: (20, 8, 40), 4: (12, 6, 40), 5: (6, 5, 30)}
"""Ranks of cations, anions and ratios by the number of elements: the core grows with the power of the cations."""

_LARGEST_CORE = 1 << 20
_CHUNK = 1 << 22
_THREE = Allowed(
    "three positive whole numbers",
    lambda value: (
        isinstance(value, list | tuple) and len(value) == 3 and all(is_whole(rank, 1, _LARGEST_CORE) for rank in value)
    ),
)


class TuckerRecommender(Recommender):
    """Tucker decomposition by sparse higher-order orthogonal iteration, see :mod:`.hooi`.

    :param ranks: of cations, anions and ratios; by default :data:`RANKS`, but for the cations no more than half of
        those that occur: full ranks tell what is known and nothing else.
    :param transfer: decompose the known compositions of fewer elements together with those of the space.
    :param sweeps: largest number of sweeps.
    """

    kind = "tucker"
    allowed: ClassVar[Settings] = {"ranks": _THREE.or_none(), "transfer": FLAG, "sweeps": whole(1, MOST_SWEEPS)}

    cation_factors_: Array
    """(c, a) orthonormal."""
    anion_factors_: Array
    """(x, b) orthonormal."""
    ratio_factors_: Array
    """(r, d) orthonormal."""
    core_: Array
    """(a, .., a, b, d)."""

    def __init__(self, ranks: tuple[int, int, int] | None = None, transfer: bool = True, sweeps: int = 5) -> None:
        self.ranks = ranks
        self.transfer = transfer
        self.sweeps = sweeps

    def _fit(self, known: CompositionSet, roles: RoleTable) -> None:
        ranks = _default_ranks(roles) if self.ranks is None else tuple(self.ranks)
        if ranks[0] ** (roles.arity - 1) * ranks[1] * ranks[2] > _LARGEST_CORE:
            raise RecommenderError(f"the core of the ranks {ranks} has more than {_LARGEST_CORE} numbers: lower them")
        tables = [*(known_of_lower_arity(known, self.space_) if self.transfer else []), roles]
        every = [RoleAxes.of(table, self.space_.ions) for table in tables]
        named = [_named(table, axes) for table, axes in zip(tables, every, strict=True)]
        names = {name: ranks[2] for one in named for name in one.names[-1:]}
        done = decompose(named, {"cation": ranks[0], "anion": ranks[1], **names}, self.sweeps)
        self.axes_ = every[-1]
        self.cation_factors_, self.anion_factors_ = done.factors["cation"], done.factors["anion"]
        self.ratio_factors_, self.core_ = done.factors[named[-1].names[-1]], done.cores[-1]
        self.__dict__.pop("_kernel", None)

    def _score(self, roles: RoleTable) -> Array:
        return kernel_scores(self._kernel, roles)

    def kernel(self) -> FactorKernel:
        """Return the model as a matrix product, whose scores are those of ``score``."""
        self._check_fitted()
        return self._kernel

    def ion_vectors(self) -> dict[str, IonVectors]:
        """Return the factors of cations and anions, each as long as what it adds to the tensor."""
        self._check_fitted()
        last = self.core_.ndim - 2
        axes = {
            "cations": (self.axes_.cations, self.cation_factors_, 0),
            "anions": (self.axes_.anions, self.anion_factors_, last),
        }
        found = {}
        for role, (numbers, factors, axis) in axes.items():
            slices = np.moveaxis(self.core_, axis, 0).reshape(self.core_.shape[axis], -1)
            found[role] = IonVectors(numbers, factors * np.linalg.norm(slices, axis=1))
        return found

    def _analogues(self, row: RoleTable, others: RoleTable) -> Array:
        # The model is the tensor projected on the factors, a sum over the known compositions in all their orders.
        own = SparseTensor.of(row, self.axes_).places[0]
        tensor = SparseTensor.of(others, self.axes_).places
        n_cations = row.arity - 1
        factors = [*[self.cation_factors_] * n_cations, self.anion_factors_, self.ratio_factors_]
        weights = np.full(len(tensor), float(factorial(n_cations)))  # the score sums over the orders too
        for axis, factor in enumerate(factors):
            seen = (tensor[:, axis] >= 0) & (own[axis] >= 0)
            weights *= np.where(seen, factor[tensor[:, axis]] @ factor[own[axis]], 0.0)
        total: Array = weights.reshape(factorial(n_cations), len(others)).sum(axis=0)
        return total

    def _factors(self, row: RoleTable) -> Iterable[tuple[str, float]]:
        values = self._kernel.rows(row.cations, row.anions)[0] * self._kernel.columns(row.coefficients)[0]
        labels = [":".join(map(str, ratio)) for ratio in self.axes_.ratios.tolist()]
        return zip(factor_names(self.ratio_factors_, labels, 3), values.tolist(), strict=True)

    def _arrays(self) -> dict[str, Array]:
        factors = {"cation": self.cation_factors_, "anion": self.anion_factors_, "ratio": self.ratio_factors_}
        return {**factors, "core": self.core_, **self.axes_.to_arrays()}

    def _restore(self, arrays: Mapping[str, Array]) -> None:
        self.axes_ = RoleAxes.from_arrays(arrays)
        self.cation_factors_, self.anion_factors_ = arrays["cation"], arrays["anion"]
        self.ratio_factors_, self.core_ = arrays["ratio"], arrays["core"]
        widths = [self.cation_factors_.shape[1], self.anion_factors_.shape[1], self.ratio_factors_.shape[1]]
        heights = [len(self.axes_.cations), len(self.axes_.anions), len(self.axes_.ratios)]
        if self.core_.shape != (*[widths[0]] * (self.space_.arity - 1), *widths[1:]) or heights != [
            len(self.cation_factors_),
            len(self.anion_factors_),
            len(self.ratio_factors_),
        ]:
            raise RecommenderError("the core and the factors do not fit the axes")

    @cached_property
    def _kernel(self) -> TuckerKernel:
        return TuckerKernel(self.axes_, self.cation_factors_, self.anion_factors_, self.ratio_factors_, self.core_)


@dataclass(frozen=True)
class TuckerKernel(FactorKernel):
    """Scores as products of what depends on the elements and the factors of the ratios.

    The score is summed over all orders of the cations, which are equal.
    """

    axes: RoleAxes
    cation_factors: Array
    anion_factors: Array
    ratio_factors: Array
    core: Array

    @property
    def rank(self) -> int:
        """Number of factors of the ratios."""
        return int(self.ratio_factors.shape[1])

    def rows(self, cations: Array, anions: Array) -> Array:
        """Return (t, R) factors of elements: the core, contracted with the factors of one element after the other."""
        places = np.column_stack([self.axes.anion_places(anions), self.axes.cation_places(cations)])
        unknown = np.any(places < 0, axis=1)
        rows = self._contracted(np.where(unknown[:, None], 0, places))
        rows[unknown] = 0.0
        return rows.astype(np.float32)

    def columns(self, ratios: Array) -> Array:
        """Return (r, R) factors of ratios; zero for one that was never seen."""
        places = self.axes.ratio_places(ratios)
        factors = np.where(places[:, None] < 0, 0.0, self.ratio_factors[places])
        return factors.astype(np.float32)

    def _contracted(self, places: Array) -> Array:
        """Return (t, R) contracted cores of (t, 1 + k) places of the anion and of the cations.

        Elements that several rows begin with are contracted once for all of them. Sums go in a fixed order, so that a
        row does not depend on the others.
        """
        if places.shape[1] == 2:
            return self._first[places[:, 0], places[:, 1]].reshape(len(places), -1)
        beginnings, own = np.unique(places[:, :-1], axis=0, return_inverse=True)
        factors = self.cation_factors[places[:, -1]]
        width = factors.shape[1]
        inner = self.rank * width ** (self._n_cations - places.shape[1] + 1)
        result = np.zeros((len(places), inner))
        own = own.ravel()
        order = np.argsort(own, kind="stable")
        step = max(1, _CHUNK // (inner * width))
        bounds = np.searchsorted(own[order], np.arange(0, len(beginnings) + step, step))
        for start, (first, last) in enumerate(pairwise(bounds)):
            chosen = order[first:last]
            earlier = self._contracted(beginnings[start * step : (start + 1) * step]).reshape(-1, width, inner)
            for index in range(width):
                result[chosen] += factors[chosen, index, None] * earlier[own[chosen] - start * step, index]
        return result

    @property
    def _n_cations(self) -> int:
        return self.core.ndim - 2

    @cached_property
    def _first(self) -> Array:
        """(x, c, a, .., a, d) core contracted with the anion and the first cation, times the number of orders."""
        with_anion = _product(self.anion_factors, np.moveaxis(self.core, self._n_cations, 0))
        both = _product(self.cation_factors, np.swapaxes(with_anion, 0, 1))
        first: Array = np.swapaxes(both, 0, 1) * factorial(self._n_cations)
        return np.ascontiguousarray(first)


def _product(factors: Array, tensor: Array) -> Array:
    """Return (n, ...) products of (n, R) factors with the first axis of a tensor, summed in the order of the factors.

    A library of linear algebra sums in an order that depends on the processor.
    """
    product: Array = np.zeros((len(factors), *tensor.shape[1:]))
    for factor, part in zip(factors.T, tensor, strict=True):
        product += np.multiply.outer(factor, part)
    return product


def _default_ranks(roles: RoleTable) -> tuple[int, int, int]:
    cations, anions, ratios = RANKS[roles.arity]
    return min(cations, max(1, len(np.unique(roles.cations)) // 2)), anions, ratios


def _named(roles: RoleTable, axes: RoleAxes) -> NamedTensor:
    """Return the tensor of known compositions; each composition counts alike for its cations, whatever its arity."""
    tensor = SparseTensor.of(roles, axes)
    names = (*["cation"] * (roles.arity - 1), "anion", f"ratio of {roles.arity}")
    return NamedTensor(tensor, names, 1.0 / factorial(roles.arity - 2))
