"""The best of a stream of candidates, the same in whatever order they come."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from aiida_gbml.science.archive import Array

_MOST_KEPT = 5_000_000
_FEW = 1024

Best = tuple[Array, Array]
"""Scores in falling order, and keys."""


class TopKError(ValueError):
    """A number of candidates that cannot be kept, or a score that is no number."""


class TopK:
    """The K candidates of highest score; of equal scores those with the smallest key.

    :param size: K.
    :raises TopKError: for a size out of range.
    """

    def __init__(self, size: int) -> None:
        if type(size) is not int or not 1 <= size <= _MOST_KEPT:
            raise TopKError(f"the number of candidates to keep must be from 1 to {_MOST_KEPT}, got {size!r}")
        self._size = size
        self._scores: list[Array] = []
        self._keys: list[Array] = []
        self._n_kept = 0
        self._threshold = -np.inf
        self._last_key = np.uint64(2**64 - 1)

    @property
    def threshold(self) -> float:
        """The score below which no candidate is among the best any more."""
        return self._threshold

    def add(self, scores: Array, keys: Array) -> None:
        """Take in (n,) candidates that were not there before.

        :raises TopKError: for a score that is no number.
        """
        if not np.isfinite(scores).all():
            raise TopKError("the model gives scores that are no finite numbers: fit it anew")
        enters = (scores > self._threshold) | ((scores == self._threshold) & (keys < self._last_key))
        if not enters.any():
            return
        self._scores.append(scores[enters] + 0.0)  # turns -0 into 0
        self._keys.append(keys[enters])
        self._n_kept += len(self._scores[-1])
        if self._n_kept >= max(2 * self._size, _FEW):
            self._cut()

    def best(self) -> Best:
        """Return the scores of the best candidates in falling order, and their keys."""
        self._cut()
        return self._scores[0], self._keys[0]

    def _cut(self) -> None:
        scores = np.concatenate([np.zeros(0), *self._scores])
        keys = np.concatenate([np.zeros(0, dtype=np.uint64), *self._keys])
        order = np.lexsort((keys, -scores))[: self._size]
        self._scores, self._keys, self._n_kept = [scores[order]], [keys[order]], len(order)
        if len(order) == self._size:
            self._threshold, self._last_key = float(scores[order[-1]]), keys[order[-1]]


def merge_best(size: int, parts: Iterable[Best]) -> Best:
    """Return the best of several lists of best candidates, none of which has a candidate of another."""
    top = TopK(size)
    for scores, keys in parts:
        top.add(scores, keys)
    return top.best()
