"""Tests of aiida_gbml.calculations.plan_shards."""

from __future__ import annotations

import pytest
from aiida import orm

from aiida_gbml.calculations.plan_shards import plan_shards, shard_label

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_each_shard_is_told_its_number() -> None:
    shared = {"space": {"arity": 3}, "top_k": 7, "n_shards": 120}
    outputs = plan_shards(orm.Dict({**shared, "shards": [100, 103]}))
    assert sorted(outputs) == [shard_label(number) for number in (100, 101, 102)]
    assert outputs["shard_0101"].get_dict() == {**shared, "shard": 101}
    assert outputs["shard_0101"].creator.process_label == "plan_shards"
