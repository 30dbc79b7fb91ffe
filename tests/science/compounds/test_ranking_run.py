"""Runs: what is written down of a ranking, and how two differ."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from rankings import RUN
from score_kernels import space

from aiida_gbml.science.compounds.ranking_run import RankingRun, ShardRecord, known_until


def test_plain_values_give_the_same_run() -> None:
    run = RankingRun(**RUN)
    assert RankingRun.from_dict(run.to_dict()) == run
    assert run.candidate_space() == space(3)
    assert run.arity == 3


def test_licences_and_sources_of_all_compositions_are_named_once() -> None:
    run = RankingRun(**RUN)
    assert run.licence == "CC-BY-4.0"
    assert run.source == "a database and another database"
    assert replace(run, excluded_licence="MIT").provenance()["licence"] == "CC-BY-4.0 and MIT"
    assert run.provenance()["training_sha256"] == "c" * 64


@pytest.mark.parametrize(
    ("age", "unit", "text"),
    [
        (600_000, "identifier", "600000"),
        (date(2019, 12, 31).toordinal(), "day", "2019-12-31"),
        (-1, "day", ""),
        (None, "", ""),
        ({"not": "an age"}, "day", ""),
    ],
)
def test_what_the_model_knew_last_is_told_as_it_was_read(age: Any, unit: str, text: str) -> None:
    run = RankingRun(**{**RUN, "training": {"cutoff": age, "last_seen": age, "age_unit": unit}})
    about = run.provenance()
    assert known_until(run.age("last_seen"), unit) == (f"identifier {text}" if unit == "identifier" else text)
    assert (about["training_cutoff"], about["training_last_seen"], about["training_age_unit"]) == (text, text, unit)


def test_equal_runs_do_not_differ() -> None:
    assert not RankingRun(**RUN).difference(RankingRun(**RUN))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("top_k", 0),
        ("stride", -1),
        ("n_shards", True),
        ("model", 3),
        ("space", []),
        ("what", 1),
    ],
)
def test_impossible_runs_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        RankingRun.from_dict({**RankingRun(**RUN).to_dict(), name: value})


@pytest.mark.parametrize("value", [-1, 2.0, None])
def test_impossible_records_of_shards_are_refused(value: Any) -> None:
    assert ShardRecord.from_dict({"shard": 0, "n_scored": 5, "n_kept": 2}).to_dict()["n_scored"] == 5
    with pytest.raises(ValueError, match="whole numbers"):
        ShardRecord(0, value, 2)


def test_an_impossible_arity_is_refused() -> None:
    with pytest.raises(ValueError, match="arity of a run must be from 2 to 5, got 7"):
        RankingRun(**{**RUN, "space": {"arity": 7}})
