"""Requests of shards that there are not are refused."""

from __future__ import annotations

import pytest
from score_kernels import space

from aiida_gbml.science.compounds.scoring.request import ShardRequest, StreamError


@pytest.mark.parametrize(("shard", "n_shards"), [(1, 1), (-1, 3), (0, 0)])
def test_a_shard_that_there_is_not_is_refused(shard: int, n_shards: int) -> None:
    with pytest.raises(StreamError, match=f"no shard {shard} of {n_shards}"):
        ShardRequest(space(2), 5, shard=shard, n_shards=n_shards)


@pytest.mark.parametrize("stride", [0, -2, 1.5])
def test_an_impossible_stride_is_refused(stride: int) -> None:
    with pytest.raises(StreamError, match="every n-th"):
        ShardRequest(space(2), 5, stride=stride)
