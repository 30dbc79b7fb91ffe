"""Methods that recommenders are held to, with the settings under which they were published or measured before.

Those that the package offers are used with these settings; the others are here: a factorization machine on one-hot
vectors, a truncated SVD of the unfolding ``A B | X r``, boosted trees on collaborative features, a sum of four scores,
and a random order.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.recommenders.base import Recommender
from aiida_gbml.science.compounds.recommenders.cp import CpRecommender
from aiida_gbml.science.compounds.recommenders.popularity import PopularityRecommender
from aiida_gbml.science.compounds.recommenders.sparse_tensor import RoleAxes
from aiida_gbml.science.compounds.recommenders.substitution import SubstitutionRecommender
from aiida_gbml.science.compounds.recommenders.tucker import RANKS, TuckerRecommender
from aiida_gbml.science.compounds.recommenders.unfolding import SvdCationRecommender, SvdPairRecommender
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.compounds.scoring.keys import among, keys_of_roles
from aiida_gbml.science.learning.trees import TreeEnsemble

ROWS = 1 << 18


class Reference:
    """What a method offers; it scores one candidate at a time."""

    def fit(self, known: CompositionSet, space: CandidateSpace) -> Any:
        """Learn from known compositions."""
        raise NotImplementedError

    def score(self, roles: RoleTable) -> Array:
        """Return (n,) scores."""
        raise NotImplementedError

    def kernel(self) -> None:
        """Return nothing: it is no matrix product."""

    def support(self) -> None:
        """Return nothing: it scores all candidates."""


def references(arity: int) -> dict[str, Recommender | Reference]:
    """Return the methods by name."""
    four: dict[str, Recommender] = {
        _tucker_name(arity): TuckerRecommender(RANKS[arity], transfer=False, sweeps=3),
        "svd A|BXr 10": SvdCationRecommender(10, transfer=False),
        "svd AX|Br 20": SvdPairRecommender(20, transfer=False),
        "neighbour substitution": SubstitutionRecommender(transfer=False, power=1.0, ridge=None),
    }
    return {
        **({"random order": RandomOrder()} if arity <= 3 else {}),
        "popularity, marginals": PopularityRecommender(),
        "popularity, paired": PopularityRecommender(paired=True),
        "one-hot factorization machine": OneHotMachine(),
        "cp": CpRecommender(20 if arity <= 3 else None, sweeps=15, ridge=0.0),
        **({"svd AB|Xr 10": SvdOfPairs(10)} if arity == 3 else {}),
        **four,
        "boosted trees on 20 features": CollaborativeTrees(),
        "sum of four": SumOfFour(list(four.values())),
    }


def _tucker_name(arity: int) -> str:
    cations, anions, ratios = RANKS[arity]
    return f"tucker ({','.join(map(str, [cations] * (arity - 1) + [anions, ratios]))})"


def random_candidates(space: CandidateSpace, n: int, seed: int, known: RoleTable) -> RoleTable:
    """Return some n candidates that are not known, spread evenly over the space."""
    wanted = np.sort(np.random.default_rng(seed).choice(space.count(), min(n, space.count()), replace=False))
    parts, first = [], 0
    for block in space.blocks():
        own = wanted[np.searchsorted(wanted, first) : np.searchsorted(wanted, first + len(block))] - first
        if len(own):
            row, column = np.divmod(own, len(block.ratios))
            order = np.argsort(block.cations[row], axis=1, kind="stable")
            ratios = np.take_along_axis(block.ratios[column][:, :-1], order, axis=1)
            cations = np.take_along_axis(block.cations[row], order, axis=1)
            parts.append(RoleTable(cations, block.anions[row], np.column_stack([ratios, block.ratios[column][:, -1]])))
        first += len(block)
    drawn = RoleTable.concatenate(parts)
    return drawn.take(~among(keys_of_roles(drawn), np.sort(keys_of_roles(known))))


class RandomOrder(Reference):
    """Scores that mean nothing."""

    def fit(self, known: CompositionSet, space: CandidateSpace) -> RandomOrder:
        """Learn nothing."""
        del known, space
        return self

    def score(self, roles: RoleTable) -> Array:
        """Return (n,) random numbers."""
        return np.random.default_rng(0).random(len(roles))


class OneHotMachine(Reference):
    """Bayesian factorization machine (myFM) on one-hot vectors of the cations, the anion and the ratio."""

    def __init__(self, rank: int = 8, negatives: int = 40_000) -> None:
        self.rank, self.negatives = rank, negatives

    def fit(self, known: CompositionSet, space: CandidateSpace) -> OneHotMachine:
        """Learn to tell the known ones from random candidates."""
        with contextlib.redirect_stderr(io.StringIO()):  # a warning of its own imports
            import myfm

        roles, _ = RoleTable.of(known, space.ions, space.arity, space.limits)
        self.axes = RoleAxes.of(roles, space.ions)
        others = random_candidates(space, self.negatives, 0, roles)
        features = self._features(RoleTable.concatenate([roles, others]))
        labels = np.concatenate([np.ones(len(roles)), np.zeros(len(others))])
        sizes = [len(self.axes.cations)] * (space.arity - 1) + [len(self.axes.anions), len(self.axes.ratios) + 1]
        self.model = myfm.MyFMClassifier(rank=self.rank, random_seed=0)
        with contextlib.redirect_stderr(io.StringIO()):  # a bar of its progress
            self.model.fit(features, labels, n_iter=80, n_kept_samples=20, group_shapes=sizes)
        return self

    def score(self, roles: RoleTable) -> Array:
        """Return (n,) probabilities to be labelled."""
        starts = range(0, len(roles), ROWS)
        parts = [roles.take(np.arange(start, min(start + ROWS, len(roles)))) for start in starts]
        return np.concatenate([self.model.predict_proba(self._features(part)) for part in parts])

    def _features(self, roles: RoleTable) -> Any:
        """Return sparse rows; cations come in the order of their coefficients, so that the ratio tells their roles."""
        from scipy.sparse import csr_matrix

        order = np.argsort(roles.coefficients[:, :-1], axis=1, kind="stable")
        cations = self.axes.cation_places(np.take_along_axis(roles.cations, order, axis=1))
        amounts = np.take_along_axis(roles.coefficients[:, :-1], order, axis=1)
        ratios = self.axes.ratio_places(np.column_stack([amounts, roles.coefficients[:, -1]]))
        ratios = np.where(ratios < 0, len(self.axes.ratios), ratios)
        n_cations, width = len(self.axes.cations), roles.arity - 1
        first = n_cations * width + len(self.axes.anions)
        columns = [cations[:, place] + n_cations * place for place in range(width)]
        columns += [self.axes.anion_places(roles.anions) + n_cations * width, ratios + first]
        indices = np.column_stack(columns)
        n_rows, per_row = indices.shape
        starts = np.arange(n_rows + 1) * per_row
        shape = (n_rows, first + len(self.axes.ratios) + 1)
        return csr_matrix((np.ones(indices.size), indices.ravel(), starts), shape=shape)


class SvdOfPairs(Reference):
    """Truncated SVD of the unfolding with both cations as row."""

    def __init__(self, rank: int) -> None:
        self.rank = rank

    def fit(self, known: CompositionSet, space: CandidateSpace) -> SvdOfPairs:
        """Learn the singular vectors."""
        from scipy.sparse import csr_array
        from scipy.sparse.linalg import svds

        roles, _ = RoleTable.of(known, space.ions, 3, space.limits)
        self.axes = RoleAxes.of(roles, space.ions)
        cells = [self._cells(roles, order) for order in permutations(range(2))]
        rows, columns = (np.concatenate(part) for part in zip(*cells, strict=True))
        n_rows, n_columns = len(self.axes.cations) ** 2, len(self.axes.anions) * len(self.axes.ratios)
        matrix = csr_array((np.ones(len(rows)), (rows, columns)), shape=(n_rows, n_columns))
        left, values, right = svds(matrix, min(self.rank, min(matrix.shape) - 1), random_state=0)  # type: ignore[var-annotated]
        self.left: Array = left * values
        self.right: Array = right
        return self

    def score(self, roles: RoleTable) -> Array:
        """Return (n,) sums over both orders of the cations."""
        total = np.zeros(len(roles))
        for order in permutations(range(2)):
            rows, columns = self._cells(roles, order)
            for left, right in zip(self.left.T, self.right, strict=True):
                total += left[rows] * np.where(columns < 0, 0.0, right[columns])
        return total

    def _cells(self, roles: RoleTable, order: Sequence[int]) -> tuple[Array, Array]:
        cations = self.axes.cation_places(roles.cations[:, list(order)])
        ratios = self.axes.ratio_places(roles.coefficients[:, [*order, 2]])
        columns = np.where(ratios < 0, -1, self.axes.anion_places(roles.anions) * len(self.axes.ratios) + ratios)
        return cations[:, 0] * len(self.axes.cations) + cations[:, 1], columns


class SumOfFour(Reference):
    """Scores of four methods, each divided by its own value at rank 1000 among the candidates that are not known."""

    def __init__(self, methods: Sequence[Recommender], rank: int = 1000) -> None:
        """Take the methods, of which the last one is neighbour substitution."""
        self.methods, self.rank = methods, rank

    def fit(self, known: CompositionSet, space: CandidateSpace) -> SumOfFour:
        """Learn all of them; of more than three elements, the candidates that substitution scores stand for all."""
        roles, _ = RoleTable.of(known, space.ions, space.arity, space.limits)
        taken = np.sort(keys_of_roles(roles))
        for method in self.methods:
            method.fit(known, space)
        if space.arity <= 3:
            pool = RoleTable.concatenate([block.roles() for block in space.blocks()])
        else:
            support = self.methods[-1].support()
            if support is None:
                raise ValueError("the last of the methods does not list what it has scores for")
            pool = support.take(space.mask(support))
        pool = pool.take(~among(keys_of_roles(pool), taken))
        self.scales = [self._scale(method.score(pool)) for method in self.methods]
        return self

    def _scale(self, scores: Array) -> float:
        """Return the score at the rank; the largest one where so few are known that the other is next to nothing."""
        largest = float(scores.max(initial=0.0))
        rank = min(self.rank, len(scores))
        at_rank = float(np.partition(scores, -rank)[-rank]) if rank else 0.0
        return at_rank if at_rank > 1e-3 * largest else largest or 1.0

    def score(self, roles: RoleTable) -> Array:
        """Return (n,) sums."""
        total = np.zeros(len(roles))
        for method, scale in zip(self.methods, self.scales, strict=True):
            total += method.score(roles) / scale
        return total


class CollaborativeTrees(Reference):
    """Gradient boosting on twenty scores of factor models and counts.

    Known compositions get their features from models of the other four fifths, which have not seen them; random
    candidates from one of these models each.
    """

    def __init__(self, negatives: int = 40_000, folds: int = 5, rounds: int = 150) -> None:
        self.negatives, self.folds, self.rounds = negatives, folds, rounds

    def fit(self, known: CompositionSet, space: CandidateSpace) -> CollaborativeTrees:
        """Learn the features of folds, the trees, and the features of all."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        roles, rows = RoleTable.of(known, space.ions, space.arity, space.limits)
        others = random_candidates(space, self.negatives, 1, roles)
        generator = np.random.default_rng(0)
        fold, fold_of_others = (generator.integers(self.folds, size=len(part)) for part in (roles, others))
        features, labels = [], []
        for index in range(self.folds):
            kept = np.ones(len(known), dtype=bool)
            kept[rows[fold == index]] = False
            maker = _Features().fit(known.take(kept), space)
            for part, label in ((roles.take(fold == index), 1), (others.take(fold_of_others == index), 0)):
                features.append(maker(part))
                labels.append(np.full(len(part), label))
        model = HistGradientBoostingClassifier(
            learning_rate=0.05, max_iter=self.rounds, max_leaf_nodes=15, min_samples_leaf=40, random_state=0,
            early_stopping=False,
        )  # fmt: skip
        model.fit(np.concatenate(features), np.concatenate(labels))
        self.trees = TreeEnsemble.of(model)
        self.features = _Features().fit(known, space)
        return self

    def score(self, roles: RoleTable) -> Array:
        """Return (n,) log-odds."""
        starts = range(0, len(roles), ROWS)
        parts = [roles.take(np.arange(start, min(start + ROWS, len(roles)))) for start in starts]
        return np.concatenate([self.trees.predict(self.features(part)) for part in parts])


class _Features:
    """Twenty collaborative features of compositions."""

    def fit(self, known: CompositionSet, space: CandidateSpace) -> _Features:
        """Learn the models behind them."""
        models: list[Recommender] = [SvdCationRecommender(rank, transfer=False) for rank in (3, 5, 10, 20, 40)]
        models += [SvdPairRecommender(rank, transfer=False) for rank in (5, 10, 20, 40, 80)]
        models += [TuckerRecommender(RANKS[space.arity], transfer=False, sweeps=2)]
        models += [CpRecommender(None, seed=seed) for seed in (0, 1)]
        models += [SubstitutionRecommender(False, power, None) for power in (1.0, 2.0, 4.0)]
        self.models = [model.fit(known, space) for model in models]
        self.counts = PopularityRecommender().fit(known, space)
        self.paired = PopularityRecommender(paired=True).fit(known, space)
        self.kernel: Any = self.counts.kernel()
        return self

    def __call__(self, roles: RoleTable) -> Array:
        """Return (n, 20) features; the counts of the two elements without regard to their order."""
        elements = self.kernel.rows(roles.cations, roles.anions)[:, 0]
        ratios = self.kernel.columns(roles.coefficients)[:, 1]
        scores = [model.score(roles) for model in self.models]
        return np.column_stack([*scores, elements, ratios, self.counts.score(roles), self.paired.score(roles)])
