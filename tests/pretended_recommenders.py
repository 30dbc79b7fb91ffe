"""Recommenders whose scores are known beforehand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.recommenders.base import Recommender
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.compounds.scoring.keys import among, keys_of_roles


class HashRecommender(Recommender):
    """Scores that look random, with many ties.

    :param seed: of the scores.
    :param n_levels: number of different scores.
    """

    kind = "hash"

    def __init__(self, seed: int = 1, n_levels: int = 50) -> None:
        self.seed = seed
        self.n_levels = n_levels

    def _fit(self, known: CompositionSet, roles: RoleTable) -> None:
        del known, roles

    def _score(self, roles: RoleTable) -> Array:
        mixed = keys_of_roles(roles) * np.uint64(0x9E3779B97F4A7C15 + 2 * self.seed)
        scores: Array = ((mixed >> np.uint64(33)) % np.uint64(self.n_levels)).astype(np.float64)
        return scores

    def _arrays(self) -> dict[str, Array]:
        return {}

    def _restore(self, arrays: Mapping[str, Array]) -> None:
        del arrays


class OracleRecommender(HashRecommender):
    """Gives the compositions of a set the highest scores, and all others a part of one.

    :param wanted: keys of the set.
    """

    kind = "oracle"

    def __init__(self, wanted: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.wanted = wanted

    def _score(self, roles: RoleTable) -> Array:
        keys = np.array(sorted(self.wanted), dtype=np.uint64)
        return super()._score(roles) / self.n_levels + among(keys_of_roles(roles), keys)

    def probability(self, scores: Array) -> Array:
        """Return one half for what is wanted, and nearly nothing for others."""
        return np.where(scores >= 1, 0.5, 0.01)


class SparseRecommender(HashRecommender):
    """Has a score for the first candidates only."""

    kind = "sparse"

    def support(self) -> RoleTable:
        """Return those candidates."""
        return next(iter(self.space_.blocks())).roles()


class LackingRecommender(HashRecommender):
    """Needs a package that is not there."""

    kind = "lacking"

    def _fit(self, known: CompositionSet, roles: RoleTable) -> None:
        del known, roles
        raise ImportError("this model needs the package 'nowhere'")
