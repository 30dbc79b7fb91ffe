"""Ensembles of decision trees as plain arrays, and predictions from them without the library that grew them.

A stored model holds no pickle: the nodes of a fitted gradient boosting are a few arrays. Rows go through a tree not
node by node but feature by feature (QuickScorer: Lucchese et al., SIGIR 2015): each feature's value rules out leaves,
as bits of a word, and the first leaf that remains is the row's own. Millions of rows pass a hundred trees in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array

MOST_LEAVES = 64
"""Leaves of a tree are bits of one word."""

_ARRAYS = ("feature", "threshold", "left", "right", "missing_left", "value", "starts", "baseline")
_ROWS = 1 << 16
_LEAF = -1
_MISSING = 255
_SHORT = 16


class TreesError(ValueError):
    """Arrays or an estimator that are no ensemble of trees of the kind handled here."""


@dataclass(frozen=True)
class TreeEnsemble:
    r"""A sum of decision trees, :math:`f(x) = b + \sum_t v_{t, \mathrm{leaf}_t(x)}`; :math:`x \le \theta` goes left.

    :param feature: (m,) column that a node looks at, -1 for a leaf.
    :param threshold: (m,) values up to which rows go left; finite.
    :param left: (m,) numbers of the left children, counted within the tree.
    :param right: (m,) numbers of the right children.
    :param missing_left: (m,) whether NaN goes left.
    :param value: (m,) contributions of leaves, in the unit of the target, or log-odds.
    :param starts: (t + 1,) first node of each tree, and m.
    :param baseline: (k,) constants of the k outputs; tree t belongs to the output t mod k.
    :raises TreesError: when the arrays are no trees.
    """

    feature: Array
    threshold: Array
    left: Array
    right: Array
    missing_left: Array
    value: Array
    starts: Array
    baseline: Array

    def __post_init__(self) -> None:
        nodes = self.feature.shape
        if len(nodes) != 1 or any(getattr(self, name).shape != nodes for name in _ARRAYS[1:6]):
            raise TreesError("the arrays of the nodes of trees differ in length")
        starts = self.starts
        bounded = starts.ndim == 1 and len(starts) and starts[0] == 0 and starts[-1] == len(self.feature)
        if not bounded or np.any(np.diff(starts) < 1) or self.baseline.ndim != 1 or not len(self.baseline):
            raise TreesError("the trees do not begin and end where their nodes do, or have no baseline")
        place = np.arange(len(self.feature)) - np.repeat(starts[:-1], np.diff(starts))
        size = np.repeat(np.diff(starts), np.diff(starts))
        inner = self.feature != _LEAF
        for child in (self.left, self.right):  # children come after their parents, so that every walk ends
            if np.any(inner & ((child <= place) | (child >= size))):
                raise TreesError("a node of a tree has a child that is none of the later nodes")
        first = np.repeat(starts[:-1], np.diff(starts))
        children = np.concatenate([(first + self.left)[inner], (first + self.right)[inner]])
        if not np.array_equal(np.sort(children), np.flatnonzero(place)):
            raise TreesError("a node of a tree is the child of none or of several others")
        if len(starts) > 1 and np.add.reduceat(~inner, starts[:-1]).max() > MOST_LEAVES:
            raise TreesError(f"a tree has more than {MOST_LEAVES} leaves: lower max_leaf_nodes")
        if np.any(self.feature < _LEAF):
            raise TreesError("a node of a tree looks at a column that there is not")

    @classmethod
    def of(cls, model: Any) -> TreeEnsemble:
        """Return the trees of a fitted ``HistGradientBoostingRegressor`` or ``HistGradientBoostingClassifier``.

        :raises TreesError: for another estimator, categorical features or trees of more than 64 leaves.
        """
        try:
            rounds, baseline = model._predictors, np.ravel(model._baseline_prediction)
        except AttributeError as exception:
            raise TreesError(f"'{type(model).__name__}' is no fitted histogram gradient boosting") from exception
        nodes = [tree.nodes for trees in rounds for tree in trees]
        if any(tree["is_categorical"].any() for tree in nodes):
            raise TreesError("trees that split on categories are not stored: encode the categories as numbers")
        whole = np.concatenate(nodes) if nodes else np.zeros(0, _NO_NODES)
        leaf = whole["is_leaf"].astype(bool)
        largest = np.finfo(np.float64).max  # a split between numbers and NaN has the threshold infinity
        return cls(
            np.where(leaf, _LEAF, whole["feature_idx"].astype(np.int32)).astype(np.int32),
            np.where(leaf, 0.0, np.clip(whole["num_threshold"], -largest, largest)),
            np.where(leaf, 0, whole["left"]).astype(np.int32),
            np.where(leaf, 0, whole["right"]).astype(np.int32),
            np.where(leaf, False, whole["missing_go_to_left"].astype(bool)),
            np.where(leaf, whole["value"], 0.0).astype(np.float64),
            np.cumsum([0, *map(len, nodes)]).astype(np.int64),
            baseline.astype(np.float64),
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], prefix: str = "trees.") -> TreeEnsemble:
        """Return the ensemble of stored arrays.

        :raises TreesError: when one is missing, or they are no trees.
        """
        missing = [name for name in _ARRAYS if prefix + name not in arrays]
        if missing:
            raise TreesError(f"the stored model has no array '{prefix}{missing[0]}'")
        return cls(**{name: arrays[prefix + name] for name in _ARRAYS})

    def to_arrays(self, prefix: str = "trees.") -> dict[str, Array]:
        """Return arrays to store, by name."""
        return {prefix + name: getattr(self, name) for name in _ARRAYS}

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self.starts) - 1

    def predict(self, features: Array) -> Array:
        """Return the raw sums of (n, d) features: (n,) for one output, else (n, k). NaN is a missing value."""
        if self.feature.size and features.shape[1] <= self.feature.max():
            raise TreesError(
                f"the trees look at column {self.feature.max()}, the rows have {features.shape[1]} columns"
            )
        result = np.tile(self.baseline, (len(features), 1))
        for start in range(0, len(features), _ROWS):
            part = slice(start, start + _ROWS)
            binned = {column: _binned(features[part, column], edges) for column, edges in self._edges.items()}
            for number, tree in enumerate(self._tables):
                result[part, number % len(self.baseline)] += tree(binned)
        return result[:, 0] if len(self.baseline) == 1 else result

    @cached_property
    def _edges(self) -> dict[int, Array]:
        """Thresholds of each column that is looked at, ascending."""
        columns = np.unique(self.feature[self.feature != _LEAF])
        return {int(column): np.unique(self.threshold[self.feature == column]) for column in columns}

    @cached_property
    def _tables(self) -> list[_Tree]:
        return [self._tree(int(first), int(end)) for first, end in zip(self.starts[:-1], self.starts[1:], strict=True)]

    def _tree(self, first: int, end: int) -> _Tree:
        """Return a tree by features: which leaves each interval between thresholds leaves possible."""
        span = slice(first, end)
        feature, left, right = self.feature[span], self.left[span], self.right[span]
        leaves: list[int] = []
        below: dict[int, int] = {}

        def visit(node: int) -> int:
            """Return the leaves below a node, as bits; they are numbered from left to right."""
            if feature[node] == _LEAF:
                leaves.append(node)
                below[node] = 1 << (len(leaves) - 1)
            else:
                below[node] = visit(int(left[node])) | visit(int(right[node]))
            return below[node]

        every = visit(0)
        word = np.uint16 if len(leaves) <= _SHORT else np.uint64
        masks: dict[int, Array] = {}
        for node in np.flatnonzero(feature != _LEAF):
            column, edges = int(feature[node]), self._edges[int(feature[node])]
            table = masks.setdefault(column, np.full(len(edges) + 2, every, dtype=word))
            kept = np.searchsorted(edges, self.threshold[first + node])
            goes_left = np.arange(len(table)) <= kept
            goes_left[-1] = self.missing_left[first + node]
            table &= np.where(goes_left, word(every & ~below[int(right[node])]), word(every & ~below[int(left[node])]))
        return _Tree(masks, self.value[span][leaves])


class _Tree:
    """A tree that is read feature by feature.

    :param masks: for each column, the leaves that each bin leaves possible; the last bin is that of missing values.
    :param values: (l,) values of the leaves, from left to right.
    """

    def __init__(self, masks: dict[int, Array], values: Array) -> None:
        self._masks = masks
        self._values = values
        self._of_word = values[_lowest_bits(len(values))] if len(values) <= _SHORT else None

    def __call__(self, binned: dict[int, Array]) -> Array | float:
        """Return the (n,) values of rows by their bins."""
        possible: Array | None = None
        for column, table in self._masks.items():
            kept = table.take(binned[column])
            possible = kept if possible is None else np.bitwise_and(possible, kept, out=kept)
        if possible is None:
            return float(self._values[0])
        if self._of_word is not None:
            values: Array = self._of_word.take(possible)
            return values
        lowest = possible & (~possible + np.uint64(1))
        result: Array = self._values.take(np.frexp(lowest.astype(np.float64))[1] - 1)
        return result


def _binned(column: Array, edges: Array) -> Array:
    """Return the (n,) number of thresholds below each value; the number after the last is that of NaN."""
    numbers = np.searchsorted(edges, column, side="left")
    missing = np.isnan(column)
    if missing.any():
        numbers[missing] = len(edges) + 1
    return numbers.astype(np.uint8 if len(edges) + 1 <= _MISSING else np.uint16)


def _lowest_bits(n_leaves: int) -> Array:
    """Return the (2^n,) number of the lowest bit of each word of n bits; 0 for the empty word, which never occurs."""
    words = np.arange(1 << n_leaves)
    lowest = words & -words
    lowest[0] = 1
    result: Array = np.log2(lowest).astype(np.intp)
    return result


_NO_NODES = [
    *((name, np.float64) for name in ("value", "num_threshold")),
    *((name, np.int64) for name in ("feature_idx", "left", "right", "missing_go_to_left", "is_leaf")),
]
