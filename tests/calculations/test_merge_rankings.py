"""From shards to one ranking; strangers, repetitions and gaps end with one sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from aiida.engine import run_get_node
from rankings import ranked, shards_of
from score_kernels import TableKernel

from aiida_gbml.calculations.merge_rankings import merge_rankings
from aiida_gbml.data.ranking import RankingData
from aiida_gbml.science.compounds.ranking import Ranking

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")
KERNEL = TableKernel.whole(3, 41, 3)


def merged(*rankings: Ranking) -> Any:
    """Return the results and the node of a merge."""
    return run_get_node(merge_rankings, **{f"r{i}": RankingData(one) for i, one in enumerate(rankings)})


def test_shards_become_the_ranking_of_all() -> None:
    results, _ = merged(*shards_of(KERNEL, 5))
    assert results["ranking"].ranking.sha256 == ranked(KERNEL).sha256
    assert results["ranking"].base.attributes.get("n_missing_shards") == 0


def test_shards_that_do_not_belong_together_end_with_a_sentence() -> None:
    parts = shards_of(KERNEL, 3)
    stranger = replace(parts[1], run=replace(parts[1].run, model_sha256="f" * 64))
    for rankings, reason in (
        ([parts[0], stranger, parts[2]], "from another run"),
        ([*parts, parts[2]], "shard 2 is there twice"),
        (parts[:2], "1 are missing (2, counted from 0)"),
    ):
        results, node = merged(*rankings)
        assert node.exit_status == 320
        assert reason in node.exit_message
        assert not results
