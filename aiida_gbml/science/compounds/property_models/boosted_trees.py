"""Gradient-boosted trees, grown by scikit-learn and stored as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.property_models.estimator import checked, checked_points
from aiida_gbml.science.learning.trees import TreeEnsemble


class BoostedTrees(RegressorMixin, BaseEstimator):
    """Histogram-based gradient boosting of the squared error.

    The trees are read from scikit-learn after the fit; prediction is done on arrays, so that a stored model does not
    depend on the version of scikit-learn, and carries no code.

    :param n_trees: number of trees.
    :param learning_rate: share of each tree in the sum.
    :param max_leaf_nodes: largest number of leaves of a tree.
    :param min_samples_leaf: fewest rows of a leaf.
    :param column_share: share of the columns, drawn at random, that a split chooses from.
    :param ridge: penalty of the square of the leaves' values.
    :param seed: of the draws.
    """

    def __init__(  # noqa: PLR0917
        self,
        n_trees: int = 250,
        learning_rate: float = 0.08,
        max_leaf_nodes: int = 15,
        min_samples_leaf: int = 8,
        column_share: float = 0.3,
        ridge: float = 1.0,
        seed: int = 0,
    ) -> None:
        self.n_trees = n_trees
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.column_share = column_share
        self.ridge = ridge
        self.seed = seed

    def fit(self, X: Array, y: Array) -> BoostedTrees:
        """Learn (n,) targets at (n, d) descriptors."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        X, y = checked(self, X, y)
        grown = HistGradientBoostingRegressor(
            max_iter=self.n_trees,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            max_features=self.column_share,
            l2_regularization=self.ridge,
            early_stopping=False,
            random_state=self.seed,
        ).fit(X, y)
        self.ensemble_ = TreeEnsemble.of(grown)
        return self

    def predict(self, X: Array) -> Array:
        """Return the (m,) predictions at (m, d) points."""
        check_is_fitted(self)
        X = checked_points(self, X)
        return self.ensemble_.predict(X)

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return what was learned, as arrays and as plain JSON values."""
        check_is_fitted(self)
        return self.ensemble_.to_arrays(), {"n_features": self.n_features_in_}

    def restore(self, arrays: Mapping[str, Array], record: Mapping[str, Any]) -> BoostedTrees:
        """Take what :meth:`state` returned.

        :raises ValueError: when the arrays are no trees, or ask for a column that there is not.
        """
        self.ensemble_ = TreeEnsemble.from_arrays(arrays)
        self.n_features_in_ = int(record["n_features"])
        if self.ensemble_.feature.size and self.ensemble_.feature.max() >= self.n_features_in_:
            raise ValueError(f"the trees look at more than the {self.n_features_in_} columns that they were fitted to")
        return self
