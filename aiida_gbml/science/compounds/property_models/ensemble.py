"""The average of unlike models, weighted by how well each predicts rows that it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.property_models.block_kernel import MATERN_32
from aiida_gbml.science.compounds.property_models.boosted_trees import BoostedTrees
from aiida_gbml.science.compounds.property_models.cross_fit import OutOfFold, cross_fit
from aiida_gbml.science.compounds.property_models.estimator import checked, checked_points
from aiida_gbml.science.compounds.property_models.gaussian_process import BlockGaussianProcess
from aiida_gbml.science.learning.splits import Folds, grouped_folds, random_folds

_FEW = 1000  # rows; fits to parts of more take longer than everything else


class AveragingEnsemble(RegressorMixin, BaseEstimator):
    r"""Average of a Gaussian process and of gradient-boosted trees.

    The weights are non-negative, sum to one, and minimise the squared error of out-of-fold predictions. The variance is
    :math:`\sigma^2 + w (1 - w) d^2` with the process's own :math:`\sigma` and the difference d of the two predictions:
    where unlike models disagree, neither is to be trusted.

    :param blocks: number of columns of each block of the Gaussian process.
    :param kernel: of the Gaussian process.
    :param n_likelihood: rows on which its hyperparameters are fitted.
    :param n_trees: number of boosted trees.
    :param learning_rate: of the trees.
    :param widest: columns of a block above which the trees do not see it: they gain nothing from hundreds of
        covariances, and pay for each.
    :param folds: number of folds of the out-of-fold predictions.
    :param seed: of every draw.
    """

    def __init__(  # noqa: PLR0917
        self,
        blocks: Sequence[int] | None = None,
        kernel: str = MATERN_32,
        n_likelihood: int = 1000,
        n_trees: int = 250,
        learning_rate: float = 0.08,
        widest: int = 300,
        folds: int = 5,
        seed: int = 0,
    ) -> None:
        self.blocks = blocks
        self.kernel = kernel
        self.n_likelihood = n_likelihood
        self.n_trees = n_trees
        self.learning_rate = learning_rate
        self.widest = widest
        self.folds = folds
        self.seed = seed

    def fit(self, X: Array, y: Array, groups: Array | None = None) -> AveragingEnsemble:
        """Learn (n,) targets at (n, d) descriptors.

        :param groups: (n,) labels; rows of one group are never in different folds.
        """
        X, y = checked(self, X, y)
        self.process_, self.trees_ = self._members()
        self.process_.fit(X, y)
        self.columns_ = self._columns(X.shape[1])
        self.trees_.fit(X[:, self.columns_], y)
        folds = self._folds(len(y), groups)
        parts = (
            [cross_fit(for_parts(self.process_), X, y, folds), cross_fit(self.trees_, X[:, self.columns_], y, folds)]
            if folds is not None
            else []
        )
        self.weight_ = _weight(parts, y)
        self.out_of_fold_ = self._combined_out_of_fold(parts)
        return self

    def predict(self, X: Array, return_std: bool = False) -> Any:
        """Return the (m,) predictions, and on demand their (m,) standard deviations, at (m, d) points."""
        check_is_fitted(self)
        X = checked_points(self, X)
        if not return_std:
            result: Array = self.weight_ * self.process_.predict(X) + (1 - self.weight_) * self._trees(X)
            return result
        mean, deviation = self.process_.predict(X, return_std=True)
        return self._combined(mean, deviation, self._trees(X))

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return what was learned, as arrays and as plain JSON values."""
        check_is_fitted(self)
        arrays: dict[str, Array] = {}
        record: dict[str, Any] = {"weight": self.weight_}
        for name, member in (("process", self.process_), ("trees", self.trees_)):
            own, record[name] = member.state()
            arrays |= {f"{name}.{key}": array for key, array in own.items()}
        return arrays, record

    def restore(self, arrays: Mapping[str, Array], record: Mapping[str, Any]) -> AveragingEnsemble:
        """Take what :meth:`state` returned.

        :raises ValueError: when the members do not fit each other.
        """
        self.process_, self.trees_ = self._members()
        for name, member in (("process", self.process_), ("trees", self.trees_)):
            own = {key.removeprefix(f"{name}."): array for key, array in arrays.items() if key.startswith(f"{name}.")}
            member.restore(own, record[name])
        self.weight_ = float(record["weight"])
        self.n_features_in_ = self.process_.n_features_in_
        self.columns_ = self._columns(self.n_features_in_)
        if self.trees_.n_features_in_ != len(self.columns_):
            raise ValueError("the members of the ensemble were fitted to different numbers of columns")
        return self

    def _members(self) -> tuple[BlockGaussianProcess, BoostedTrees]:
        process = BlockGaussianProcess(self.blocks, self.kernel, self.n_likelihood, seed=self.seed)
        return process, BoostedTrees(self.n_trees, self.learning_rate, seed=self.seed)

    def _columns(self, count: int) -> Array:
        """Return the columns that the trees see: those of narrow blocks, or all when no block is narrow."""
        blocks = [count] if self.blocks is None else list(self.blocks)
        narrow = np.repeat([size <= self.widest for size in blocks], blocks)
        return np.flatnonzero(narrow) if narrow.any() else np.arange(count)

    def _trees(self, X: Array) -> Array:
        return self.trees_.predict(X[:, self.columns_])

    def _folds(self, count: int, groups: Array | None) -> Folds | None:
        """Return the folds, fewer where there are few rows or groups; none where there is nothing to part."""
        parts = min(self.folds, count if groups is None else len(np.unique(groups)))
        if parts < 2:
            return None
        return random_folds(count, parts, self.seed) if groups is None else grouped_folds(groups, parts, self.seed)

    def _combined(self, mean: Array, deviation: Array, other: Array) -> tuple[Array, Array]:
        weight = self.weight_
        variance = deviation**2 + weight * (1 - weight) * (mean - other) ** 2
        return weight * mean + (1 - weight) * other, np.sqrt(variance)

    def _combined_out_of_fold(self, parts: Sequence[OutOfFold]) -> OutOfFold | None:
        if not parts or parts[0].deviation is None:
            return None
        mean, deviation = self._combined(parts[0].mean, parts[0].deviation, parts[1].mean)
        return OutOfFold(parts[0].rows, mean, deviation)


def for_parts(process: BlockGaussianProcess) -> BlockGaussianProcess:
    """Return an unfitted Gaussian process for parts of the rows that a fitted one has seen.

    Of many rows it takes over the hyperparameters: a dozen numbers that a part hardly changes, and that cost more than
    all the rest. Of few rows they would know too much of those that are left out, and intervals be too narrow.
    """
    if len(process.points_) <= _FEW:
        unfitted: BlockGaussianProcess = clone(process)
        return unfitted
    found = process.hyperparameters_
    known = {"lengths": found.lengths, "signal": found.signal, "noise": found.noise}
    result: BlockGaussianProcess = clone(process).set_params(**known)
    return result


def _weight(parts: Sequence[OutOfFold], y: Array) -> float:
    """Return the weight of the first of two models; one half when nothing is known about them, or they agree.

    Of w a + (1 - w) b the squared error is a parabola in w, so that the best weight is its vertex, or the nearer end.
    """
    if not parts:
        return 0.5
    difference, rest = parts[0].mean - parts[1].mean, y[parts[0].rows] - parts[1].mean
    square = float(difference @ difference)
    return float(np.clip(difference @ rest / square, 0.0, 1.0)) if square > 0 else 0.5
