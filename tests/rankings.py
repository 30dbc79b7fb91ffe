"""Rankings of some thousand candidates by given factors, for tests of what is done with them."""

from __future__ import annotations

from typing import Any

from score_kernels import space

from aiida_gbml.science.compounds.ranking import Ranking
from aiida_gbml.science.compounds.ranking_run import RankingRun, ShardRecord
from aiida_gbml.science.compounds.scoring.factor_kernel import FactorKernel
from aiida_gbml.science.compounds.scoring.request import ShardRequest
from aiida_gbml.science.compounds.scoring.stream import stream_kernel

RUN: dict[str, Any] = {
    "space": space(3).to_dict(),
    "model": "tucker",
    "model_sha256": "a" * 64,
    "training": {"sha256": "c" * 64, "source": "a database", "licence": "CC-BY-4.0"},
    "excluded_source": "another database",
    "excluded_licence": "CC-BY-4.0",
}


def ranked(kernel: FactorKernel, size: int = 100, shard: int = 0, n_shards: int = 1, **run: Any) -> Ranking:
    """Return the ranking of a shard of ternaries."""
    scored = stream_kernel(ShardRequest(space(3), size, shard=shard, n_shards=n_shards), kernel)
    record = ShardRecord(shard, scored.n_scored, len(scored.best[0]))
    return Ranking.of_scored(scored, RankingRun(**{**RUN, "top_k": size, "n_shards": n_shards, **run}), record)


def shards_of(kernel: FactorKernel, n_shards: int, size: int = 100) -> list[Ranking]:
    """Return the rankings of all shards."""
    return [ranked(kernel, size, shard, n_shards) for shard in range(n_shards)]
