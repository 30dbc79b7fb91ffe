"""Tests of aiida_gbml.cli.ranking_origin."""

from __future__ import annotations

import pytest
from aiida import orm
from aiida.common.links import LinkType
from ranked import ranking_of

from aiida_gbml.calculations.merge_rankings import merge_rankings
from aiida_gbml.cli.ranking_origin import origin_of, recommendation_of
from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.ranking import RankingData
from aiida_gbml.science.compounds.composition_set import CompositionSet

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_a_merged_ranking_has_the_origin_of_its_shards() -> None:
    known = CompositionSetData(CompositionSet.of([])).store()
    job = orm.CalcJobNode(process_type="aiida.calculations:gbml.worker")
    job.base.links.add_incoming(known, LinkType.INPUT_CALC, "arrays__known")
    job.store()
    shard = RankingData(ranking_of(["SrTiO3"]))
    shard.base.links.add_incoming(job, LinkType.CREATE, "results__ranking")
    shard.store()
    merged = merge_rankings(only=shard)["ranking"]
    assert origin_of(shard) == {"ranking_uuid": shard.uuid, "known_uuid": known.uuid}
    assert origin_of(merged) == {"ranking_uuid": merged.uuid, "known_uuid": known.uuid}


def test_a_ranking_is_of_the_recommendation_that_returned_it(stored_recommendation: orm.WorkChainNode) -> None:
    found = recommendation_of(stored_recommendation.outputs.ranking)
    assert found is not None
    assert found.pk == stored_recommendation.pk


def test_what_no_process_has_made_has_only_itself() -> None:
    alone = RankingData(ranking_of(["SrTiO3"])).store()
    assert origin_of(alone) == {"ranking_uuid": alone.uuid}
    assert recommendation_of(alone) is None
