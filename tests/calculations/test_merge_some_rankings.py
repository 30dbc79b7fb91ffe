"""Shards that are too many to be merged at once are merged in levels."""

from __future__ import annotations

import pytest
from aiida.engine import run_get_node
from rankings import shards_of
from score_kernels import TableKernel

from aiida_gbml.calculations.merge_rankings import merge_rankings
from aiida_gbml.calculations.merge_some_rankings import merge_some_rankings
from aiida_gbml.data.ranking import RankingData
from aiida_gbml.science.compounds.ranking import Ranking

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")
PARTS = shards_of(TableKernel.whole(3, 41, 3), 5)


def nodes(*rankings: Ranking) -> dict[str, RankingData]:
    return {f"r{number}": RankingData(one) for number, one in enumerate(rankings)}


def test_levels_give_the_same_bytes() -> None:
    first = merge_some_rankings(**nodes(*PARTS[:3]))["ranking"]
    second = merge_some_rankings(**nodes(*PARTS[3:]))["ranking"]
    assert first.base.attributes.get("n_missing_shards") == 2
    both = merge_rankings(first=first, second=second)["ranking"]
    assert both.content == merge_rankings(**nodes(*PARTS))["ranking"].content


def test_shards_that_do_not_belong_together_end_with_a_sentence() -> None:
    _, node = run_get_node(merge_some_rankings, **nodes(PARTS[0], PARTS[0]))
    assert node.exit_status == 320
    assert "shard 0 is there twice" in node.exit_message
