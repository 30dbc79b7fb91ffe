r"""Popularity: how often each element, anion and ratio occurs among known compositions; a control to report always.

Marginals: :math:`\sum_i \log(c_{A_i} + 0.1) + \log(c_X + 0.1) + \log(\sum_\sigma c_{\sigma r} + 0.02)`. Paired:
:math:`\sum_i \log(c_{A_i X r_i} + 0.003) - (k - 1) \log(c_{X r} + 0.01)`, with :math:`r_i` the ratio with the i-th
cation first. The c are counts in the tensor that holds every composition in all k! orders of its cations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import factorial
from typing import ClassVar

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition import SYMBOLS
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.recommenders.base import Recommender, kernel_scores
from aiida_gbml.science.compounds.recommenders.settings import FLAG, Settings
from aiida_gbml.science.compounds.recommenders.sparse_tensor import RoleAxes, find
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.compounds.scoring.factor_kernel import FactorKernel

_BITS = 6


class PopularityRecommender(Recommender):
    """Scores by counts alone.

    :param paired: count each cation together with the anion and its place in the ratio, not each on its own.
    """

    kind = "popularity"
    allowed: ClassVar[Settings] = {"paired": FLAG}

    counts_: dict[str, Array]
    """Of ``cation``, ``anion`` and ``ratio`` by place on the axes, and of ``pair`` and ``frame`` by place among their
    keys."""

    def __init__(self, paired: bool = False) -> None:
        self.paired = paired

    def _fit(self, known: CompositionSet, roles: RoleTable) -> None:
        del known
        self.axes_ = axes = RoleAxes.of(roles, self.space_.ions)
        orders = factorial(roles.arity - 1)
        cations = np.bincount(axes.cation_places(roles.cations).ravel(), minlength=len(axes.cations))
        anions = np.bincount(axes.anion_places(roles.anions), minlength=len(axes.anions))
        ratios = np.bincount(axes.ratio_places(_ascending(roles.coefficients)), minlength=len(axes.ratios))
        self.keys_, pairs = np.unique(_pair_keys(roles), return_counts=True)
        self.frame_keys_, frames = np.unique(_frame_keys(roles), return_counts=True)
        self.counts_ = {
            "cation": cations * factorial(roles.arity - 2),
            "anion": anions * orders,
            "ratio": ratios,
            "pair": pairs,
            "frame": frames,
        }

    def _score(self, roles: RoleTable) -> Array:
        if not self.paired:
            return kernel_scores(self._kernel, roles)
        parts = self._parts(roles)
        scores: Array = np.zeros(len(roles))
        for column in range(parts.shape[1]):
            scores = scores + parts[:, column]
        return scores

    def kernel(self) -> FactorKernel | None:
        """Return the marginals as a matrix product; the pairs are none."""
        self._check_fitted()
        return None if self.paired else self._kernel

    def _parts(self, roles: RoleTable) -> Array:
        """Return (n, k + 1) terms of the paired score: of each cation, and of the anion with the ratio."""
        pairs = _padded(self.counts_["pair"])[find(self.keys_, _pair_keys(roles))]
        frames = _padded(self.counts_["frame"])[find(self.frame_keys_, _frame_keys(roles))]
        n_cations = roles.arity - 1
        amounts = roles.coefficients[:, :-1].astype(np.int64)
        columns = [
            np.log(pairs[:, place] * _stabiliser(np.delete(amounts, place, axis=1)) + 0.003)
            for place in range(n_cations)
        ]
        frame = -(n_cations - 1) * np.log(frames * _stabiliser(amounts) + 0.01)
        return np.column_stack([*columns, frame])

    def _analogues(self, row: RoleTable, others: RoleTable) -> Array:
        # Counts know no analogues: those share most, as a part of the cations, the anion and the ratio.
        shared = np.isin(others.cations, row.cations[0]).sum(axis=1) + (others.anions == row.anions[0])
        same = (_ascending(others.coefficients) == _ascending(row.coefficients)).all(axis=1)
        alike: Array = (shared + same) / (row.arity + 1)
        return np.where(alike > 0.5, alike, 0.0)

    def _factors(self, row: RoleTable) -> Iterable[tuple[str, float]]:
        symbols = [SYMBOLS[number] for number in row.cations[0].tolist()]
        ratio = ":".join(map(str, row.coefficients[0].tolist()))
        anion = SYMBOLS[int(row.anions[0])]
        if self.paired:
            names = [*(f"{symbol} with {anion} in {ratio}" for symbol in symbols), f"{anion} in {ratio}"]
            return zip(names, self._parts(row)[0].tolist(), strict=True)
        kernel = self._kernel
        values = [
            *kernel.of_cations[row.cations[0]],
            kernel.of_anions[row.anions[0]],
            kernel.columns(row.coefficients)[0, 1],
        ]
        return zip([*symbols, f"anion {anion}", f"ratio {ratio}"], map(float, values), strict=True)

    def _arrays(self) -> dict[str, Array]:
        counts = {f"count.{name}": count for name, count in self.counts_.items()}
        return {**counts, "keys": self.keys_, "frame_keys": self.frame_keys_, **self.axes_.to_arrays()}

    def _restore(self, arrays: Mapping[str, Array]) -> None:
        self.axes_ = axes = RoleAxes.from_arrays(arrays)
        names = ("cation", "anion", "ratio", "pair", "frame")
        self.counts_ = {name: arrays[f"count.{name}"] for name in names}
        self.keys_, self.frame_keys_ = arrays["keys"], arrays["frame_keys"]
        wanted = [len(part) for part in (axes.cations, axes.anions, axes.ratios, self.keys_, self.frame_keys_)]
        if [len(self.counts_[name]) for name in names] != wanted:
            raise ValueError("the counts do not fit the axes")

    @property
    def _kernel(self) -> PopularityKernel:
        return PopularityKernel(self.axes_, self.counts_["cation"], self.counts_["anion"], self.counts_["ratio"])


@dataclass(frozen=True)
class PopularityKernel(FactorKernel):
    """A sum of a term of the elements and one of the ratio, as a product of two factors each."""

    axes: RoleAxes
    cations: Array
    anions: Array
    ratios: Array

    @property
    def rank(self) -> int:
        """Two: the terms, and the ones by which they are multiplied."""
        return 2

    def rows(self, cations: Array, anions: Array) -> Array:
        """Return (t, 2) term of the elements, and one."""
        terms = self.of_anions[anions]
        for place in range(cations.shape[1]):
            terms = terms + self.of_cations[cations[:, place]]
        return np.column_stack([terms, np.ones(len(terms))]).astype(np.float32)

    def columns(self, ratios: Array) -> Array:
        """Return (r, 2) one, and the term of the ratio."""
        ascending = _ascending(ratios)
        counts = _padded(self.ratios)[self.axes.ratio_places(ascending)]
        # Each composition is there in all orders of its cations, in each of which the ratio is met in all orders too.
        orders = factorial(ratios.shape[1] - 1)
        terms = np.log(counts * _stabiliser(ascending[:, :-1].astype(np.int64)) * orders + 0.02)
        return np.column_stack([np.ones(len(terms)), terms]).astype(np.float32)

    @cached_property
    def of_cations(self) -> Array:
        """(256,) term of each atomic number as a cation."""
        return np.log(_padded(self.cations)[self.axes.cation_places(np.arange(256))] + 0.1)

    @cached_property
    def of_anions(self) -> Array:
        """(256,) term of each atomic number as an anion."""
        return np.log(_padded(self.anions)[self.axes.anion_places(np.arange(256))] + 0.1)


def _ascending(ratios: Array) -> Array:
    """Return ratios with the coefficients of the cations in ascending order."""
    return np.column_stack([np.sort(ratios[:, :-1], axis=1), ratios[:, -1]])


def _stabiliser(amounts: Array) -> Array:
    """Return (n,) number of permutations that leave (n, m) coefficients as they are."""
    count = np.ones(len(amounts), dtype=np.int64)
    for column in range(1, amounts.shape[1]):  # the j-th of equal ones can take j places
        count *= 1 + (amounts[:, :column] == amounts[:, column, None]).sum(axis=1)
    return count


def _pair_keys(roles: RoleTable) -> Array:
    """Return (n, k) keys of each cation with its coefficient, the anion with its, and the other coefficients."""
    amounts = roles.coefficients.astype(np.int64)
    keys = []
    for place in range(roles.arity - 1):
        key = roles.cations[:, place].astype(np.int64) << 7 | roles.anions
        others = np.sort(np.delete(amounts[:, :-1], place, axis=1), axis=1)
        for column in (amounts[:, place], amounts[:, -1], *others.T):
            key = key << _BITS | column
        keys.append(key)
    return np.stack(keys, axis=1)


def _frame_keys(roles: RoleTable) -> Array:
    """Return (n,) keys of the anion and the coefficients."""
    key = roles.anions.astype(np.int64)
    for column in _ascending(roles.coefficients).astype(np.int64).T:
        key = key << _BITS | column
    return key


def _padded(counts: Array) -> Array:
    """Return counts with a last zero, for places that are -1."""
    return np.append(counts, 0)
