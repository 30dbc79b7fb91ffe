"""Ranking nodes: exact round trips through the store, summaries for queries."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from aiida import orm
from rankings import RUN, ranked, shards_of
from score_kernels import TableKernel, space

from aiida_gbml.data.ranking import RankingData
from aiida_gbml.science.compounds.composition import SYMBOLS
from aiida_gbml.science.compounds.ranking import RankingError

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")
KERNEL = TableKernel.whole(3, 31, 3)


def test_a_stored_ranking_is_the_same() -> None:
    ranking = ranked(KERNEL)
    node = orm.load_node(RankingData(ranking).store().pk)
    assert node.content == ranking.to_bytes()
    assert node.ranking.formulas() == ranking.formulas()
    assert len(node) == 100


def test_the_summary_says_what_was_ranked_by_what() -> None:
    ranking = ranked(KERNEL)
    known = RankingData.from_content(ranking.to_bytes()).base.attributes.all
    assert known["n_rows"] == 100
    assert known["n_scored"] == space(3).count()
    assert (known["n_shards"], known["n_missing_shards"], known["arity"]) == (1, 0, 3)
    assert (known["model"], known["licence"]) == ("tucker", "CC-BY-4.0")
    assert known["formulas"] == ranking.formulas()[:10]
    assert known["elements"] == [SYMBOLS[number] for number in sorted(set(ranking.numbers.ravel().tolist()))]
    assert known["best_score"] == ranking.scores[0]
    assert known["threshold"] == ranking.scores[-1]


def test_rankings_are_found_by_licence_and_by_what_their_model_knew_last() -> None:
    day = date(2019, 12, 31).toordinal()
    training = {**RUN["training"], "last_seen": day, "cutoff": day + 1, "age_unit": "day"}
    later = RankingData(ranked(KERNEL, training={**training, "last_seen": day + 400, "cutoff": None})).store()
    RankingData(ranked(KERNEL)).store()
    early = RankingData(ranked(KERNEL, training=training)).store()
    filters = {"attributes.training_age_unit": "day", "attributes.licence": {"like": "%CC-BY%"}}
    query = orm.QueryBuilder().append(RankingData, filters={**filters, "attributes.training_last_seen": {"<=": day}})
    assert [node.pk for node in query.all(flat=True)] == [early.pk]
    assert early.base.attributes.get("training_cutoff") == day + 1
    assert later.base.attributes.get("training_cutoff") is None


def test_a_shard_and_an_empty_ranking_can_be_stored() -> None:
    shard = shards_of(KERNEL, 3)[1]
    assert RankingData(shard).store().base.attributes.get("n_missing_shards") == 2
    empty = RankingData(shard.take(np.zeros(len(shard), dtype=bool))).store()
    assert "best_score" not in empty.base.attributes.all


def test_damaged_bytes_become_no_node() -> None:
    with pytest.raises(RankingError, match="no ranking"):
        RankingData.from_content(ranked(KERNEL).to_bytes()[:-500])
