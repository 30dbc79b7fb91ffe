"""Splits of data into folds: which rows a model is judged on, and which it may learn from before.

Every split is one whole number a row, so that it can be stored with the predictions that it led to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array

GROUPED, RANDOM, CHRONOLOGICAL = "grouped", "random", "chronological"
SPLITS = (GROUPED, RANDOM, CHRONOLOGICAL)
NEVER_TESTED = -1


class SplitError(ValueError):
    """The data cannot be split in this way."""


@dataclass(frozen=True)
class Folds:
    """The folds of n rows.

    :param kind: one of :data:`SPLITS`.
    :param of_row: (n,) fold in which a row is tested, from 0; :data:`NEVER_TESTED` for rows that are only learnt from.
    """

    kind: str
    of_row: Array

    @property
    def count(self) -> int:
        """Number of folds."""
        return int(self.of_row.max()) + 1

    def __iter__(self) -> Iterator[tuple[Array, Array]]:
        """Yield the rows to learn from and the rows to test, fold by fold; a chronological one learns from the past."""
        for fold in range(self.count):
            learnt = self.of_row < fold if self.kind == CHRONOLOGICAL else self.of_row != fold
            yield np.flatnonzero(learnt), np.flatnonzero(self.of_row == fold)


def split_rows(kind: str, folds: int, seed: int, *, groups: Array | None = None, order: Array | None = None) -> Folds:
    """Return the folds of some rows.

    :param kind: one of :data:`SPLITS`.
    :param folds: number of parts; the oldest rows of a ``chronological`` one are one part more.
    :param seed: of the draws.
    :param groups: (n,) labels; needed by ``grouped``, and by ``random`` to know the number of rows when ``order`` is
        not given.
    :param order: (n,) numbers that rise with time; needed by ``chronological``.
    :raises SplitError: when what the split needs is missing, or there are too few rows or groups.
    """
    if kind not in SPLITS:
        raise SplitError(f"'{kind}' is no split, choose from {', '.join(SPLITS)}")
    if kind == CHRONOLOGICAL:
        if order is None:
            raise SplitError("a chronological split needs the column 'order', numbers that rise with time")
        return chronological_folds(order, folds)
    labels = groups if groups is not None else order
    if labels is None:
        raise SplitError(f"a {kind} split needs the rows' groups")
    return grouped_folds(labels, folds, seed) if kind == GROUPED else random_folds(len(labels), folds, seed)


def grouped_folds(groups: Array, folds: int, seed: int) -> Folds:
    """Return folds of about equal size in which rows of one group are never parted.

    Groups come in random order, the largest first among them, each into the fold that is smallest by then.

    :param groups: (n,) labels.
    :raises SplitError: when there are fewer groups than folds.
    """
    labels, members, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    _check(len(labels), folds, "groups")
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(-sizes[order], kind="stable")]
    fold_of, filled = np.empty(len(labels), dtype=np.int64), np.zeros(folds, dtype=np.int64)
    for group in order:
        fold_of[group] = np.argmin(filled)
        filled[fold_of[group]] += sizes[group]
    return Folds(GROUPED, fold_of[members.ravel()])


def random_folds(count: int, folds: int, seed: int) -> Folds:
    """Return random folds whose sizes differ by one at most.

    :raises SplitError: when there are fewer rows than folds.
    """
    _check(count, folds, "rows")
    of_row = np.empty(count, dtype=np.int64)
    of_row[np.random.default_rng(seed).permutation(count)] = np.arange(count) % folds
    return Folds(RANDOM, of_row)


def chronological_folds(order: Array, folds: int) -> Folds:
    """Return folds of rising age: each is tested by what was known before it, the oldest rows never.

    Rows of equal age stay together.

    :param order: (n,) numbers that rise with time.
    :raises SplitError: when there are fewer ages than folds and one more.
    """
    ages, members = np.unique(order, return_inverse=True)
    _check(len(ages), folds + 1, "ages")
    ranks = np.cumsum(np.bincount(members.ravel())) - 1  # of the last row of each age
    edges = len(order) * np.arange(1, folds + 1) / (folds + 1)
    of_age = np.searchsorted(edges, ranks, side="right") - 1
    # Many rows of one age may jump over a fold; the folds that are left are numbered without a gap.
    numbers = np.unique(of_age)
    if numbers[0] >= 0 or len(numbers) < 2:
        raise SplitError("nearly all rows have the same age, so that no fold comes after others")
    of_age = np.searchsorted(numbers, of_age) - 1
    return Folds(CHRONOLOGICAL, of_age[members.ravel()])


def _check(available: int, needed: int, what: str) -> None:
    if needed < 2:
        raise SplitError(f"a split needs at least 2 folds, got {needed}")
    if available < needed:
        raise SplitError(f"there are {available} {what} for {needed} parts, give more data or ask for fewer folds")


def describe_split(folds: Folds) -> dict[str, Any]:
    """Return the kind, the number of folds and the rows of each, as JSON values."""
    return {
        "kind": folds.kind,
        "folds": folds.count,
        "rows": [int(np.count_nonzero(folds.of_row == fold)) for fold in range(folds.count)],
    }
