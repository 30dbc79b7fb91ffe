"""Scores of all candidates of a shard for a model that is no matrix product; only the best are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.candidates import CandidateBlock, CandidateSpace
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.compounds.scoring.histogram import N_BINS, count_scores
from aiida_gbml.science.compounds.scoring.keys import among, keys_of_roles
from aiida_gbml.science.compounds.scoring.request import Scored, ShardRequest, StreamError
from aiida_gbml.science.compounds.scoring.top_k import TopK

_BATCH = 1 << 16

Score = Callable[[RoleTable], Array]

Batch = TypeVar("Batch")


def stream_scores(request: ShardRequest, score: Score) -> Scored:
    """Return what is kept of a shard; all of its candidates count in the histogram.

    :param score: returns the (n,) scores of compositions. It is given the same batches whatever the number of shards,
        so that rounding which depends on the company of a composition does no harm.
    :raises StreamError: for scores that are no finite numbers.
    """
    batches = _dealt(_batches(request.space), request)
    return _best(request, score, (RoleTable.concatenate([block.roles() for block in blocks]) for blocks in batches))


def stream_support(request: ShardRequest, score: Score, support: RoleTable) -> Scored:
    """Return what is kept of a shard for a model that gives most candidates the score zero.

    Those are counted, but none of them is among the best, and none with a score below zero.

    :param support: all compositions whose score is not zero, each of them once.
    """
    own = support.take(request.space.mask(support))
    scored = _best(request, score, _dealt(_slices(own), request), above=0.0)
    if request.shard:
        return scored
    n_others = request.space.count() - len(own)
    return Scored(scored.best, scored.n_scored + n_others, scored.histogram + n_others * count_scores(np.zeros(1)))


def stream_rows(request: ShardRequest, score: Score, rows: RoleTable) -> Scored:
    """Return what is kept of a shard when only some compositions, each there once, are candidates."""
    return _best(request, score, _dealt(_slices(rows.take(request.space.mask(rows))), request))


def _best(request: ShardRequest, score: Score, batches: Iterator[RoleTable], above: float = -np.inf) -> Scored:
    top, n_scored, histogram = TopK(request.top_k), 0, np.zeros(N_BINS, dtype=np.int64)
    for batch in batches:
        scores = np.asarray(score(batch), dtype=np.float64)
        if not np.isfinite(scores).all():
            raise StreamError("the model gives scores that are no finite numbers: fit it anew")
        histogram += count_scores(scores)
        n_scored += len(batch)
        rows = np.flatnonzero((scores >= top.threshold) & (scores > above))
        keys = keys_of_roles(batch.take(rows))
        unknown = ~among(keys, request.known)
        top.add(scores[rows][unknown], keys[unknown])
    return Scored(top.best(), n_scored, histogram)


def _dealt(batches: Iterator[Batch], request: ShardRequest) -> Iterator[Batch]:
    """Yield the batches of a shard."""
    for number, batch in enumerate(batches):
        if number % request.n_shards == request.shard:
            yield batch


def _slices(rows: RoleTable) -> Iterator[RoleTable]:
    for start in range(0, len(rows), _BATCH):
        yield rows.take(np.arange(start, min(start + _BATCH, len(rows))))


def _batches(space: CandidateSpace) -> Iterator[list[CandidateBlock]]:
    """Yield all candidates in batches of at most some number."""
    waiting: list[CandidateBlock] = []
    n_waiting = 0
    for block in _small_blocks(space):
        if waiting and n_waiting + len(block) > _BATCH:
            yield waiting
            waiting, n_waiting = [], 0
        waiting.append(block)
        n_waiting += len(block)
    if waiting:
        yield waiting


def _small_blocks(space: CandidateSpace) -> Iterator[CandidateBlock]:
    for block in space.blocks():
        step = max(1, _BATCH // len(block.ratios))
        for start in range(0, len(block.cations), step):
            yield block.take(start, start + step)
