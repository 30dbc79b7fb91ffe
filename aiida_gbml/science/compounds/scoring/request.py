"""What is asked of a stream of candidates, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.scoring.top_k import Best


class StreamError(ValueError):
    """A model whose scores are no numbers, or candidates that cannot be divided as asked."""


@dataclass(frozen=True)
class ShardRequest:
    """A part of the candidates, of which the best are wanted.

    :param space: all candidates.
    :param top_k: number of candidates to keep.
    :param known: ascending keys of compositions that are left out of the best.
    :param shard: number of the part, from 0.
    :param n_shards: number of parts.
    :param stride: every so many-th candidate counts in the histogram.
    :raises StreamError: for numbers out of range.
    """

    space: CandidateSpace
    top_k: int
    known: Array = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))
    shard: int = 0
    n_shards: int = 1
    stride: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.shard < self.n_shards:
            raise StreamError(f"there is no shard {self.shard} of {self.n_shards}")
        if type(self.stride) is not int or self.stride < 1:
            raise StreamError(f"the histogram counts every n-th candidate with n from 1 on, got {self.stride!r}")


@dataclass(frozen=True)
class Scored:
    """What is kept of the candidates of a shard.

    :param best: scores and keys of the best that are not known.
    :param n_scored: number of candidates, known ones too.
    :param histogram: numbers of scores in each bin.
    """

    best: Best
    n_scored: int
    histogram: Array
