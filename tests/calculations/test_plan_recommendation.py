"""Tests of aiida_gbml.calculations.plan_recommendation."""

from __future__ import annotations

from typing import Any

import pytest
from aiida import orm

from aiida_gbml.calculations.plan_recommendation import plan_recommendation
from aiida_gbml.data.ion_table import IonTableData
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.ions import IonTable

pytestmark = pytest.mark.usefixtures("aiida_profile")

IONS = IonTable.from_dict({"anions": {"O": 2}, "cations": {"Mg": [2], "Al": [3]}})


def planned(
    kind: str = "ensemble", shortlist: dict[str, Any] | None = None, n_shards: int | None = None, **space: Any
) -> orm.ProcessNode:
    given: dict[str, orm.Data] = {} if shortlist is None else {"shortlist": orm.Dict(shortlist)}
    if n_shards is not None:
        given |= {"top_k": orm.Int(20), "n_shards": orm.Int(n_shards)}
    nodes = (orm.Dict({"arity": 3, **space}), IonTableData(IONS), orm.Dict({"kind": kind}))
    return plan_recommendation.run_get_node(*nodes, **given)[1]


def test_a_task_reads_the_space_that_is_meant() -> None:
    outputs = planned(limits={"cation": 2, "anion": 4}).outputs
    space = CandidateSpace.from_dict(outputs.fit["space"])
    # any other ratio of these needs a larger coefficient
    assert [block.roles().composition(0).formula for block in space.blocks()] == ["MgAl2O4"]
    assert space.count() == 1
    assert outputs.fit["model"] == {"kind": "ensemble"}
    assert set(outputs) == {"fit", "models"}, "nothing is ranked"


def test_models_are_judged_beside_popularity() -> None:
    assert planned().outputs.models.get_list() == [{"kind": "ensemble"}, "popularity"]
    assert planned("popularity").outputs.models.get_list() == [{"kind": "popularity"}]


def test_shards_are_planned_a_hundred_at_a_time() -> None:
    outputs = planned(n_shards=250).outputs
    scorings = [outputs[name].get_dict() for name in sorted(outputs) if name.startswith("scoring_")]
    assert [one["shards"] for one in scorings] == [[0, 100], [100, 200], [200, 250]]
    assert all((one["top_k"], one["n_shards"]) == (20, 250) for one in scorings)
    assert scorings[0]["space"] == outputs.fit["space"]


def test_a_shortlist_has_its_own_fit() -> None:
    outputs = planned(shortlist={"kind": "tucker", "size": 100}, n_shards=1).outputs
    assert outputs.shortlist_fit["model"] == {"kind": "tucker"}
    assert outputs.scoring_00["top_k"] == 100
    assert outputs.rescore.get_dict() == {"space": outputs.fit["space"], "top_k": 20}


def test_impossible_spaces_are_refused() -> None:
    node = planned(arity=7)
    assert node.exit_status == 300
    assert "2 to 5 elements, got the arity 7" in node.exit_message
