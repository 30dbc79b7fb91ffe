"""The next round of a search over a database."""

import numpy as np
import pytest
from aiida import orm
from alloys import database

from aiida_gbml.calculations.propose_compounds import propose_compounds
from aiida_gbml.data.property_observations import PropertyObservationsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.property_observations import PropertyObservations
from aiida_gbml.science.compounds.search_features import search_features

pytestmark = pytest.mark.usefixtures("aiida_profile")


def propose(seen: PropertyObservations, **changes: orm.Data) -> orm.CalcFunctionNode:
    features = orm.ArrayData({"points": search_features(database(), {})["points"]})
    given = {
        "candidates": StructureSetData(database()),
        "features": features,
        "observations": PropertyObservationsData(seen),
        "objective": orm.Dict({"property": "volume_per_atom"}),
        "strategy": orm.Dict({}),
        "batch_size": orm.Int(3),
        "seed": orm.Int(0),
        "budget": orm.Int(8),
    }
    return propose_compounds.run_get_node(**{**given, **changes})[1]  # type: ignore[no-any-return]


def known(count: int) -> PropertyObservations:
    rows = np.arange(count, dtype=np.int64)
    return PropertyObservations(rows, np.linspace(3, 1, count), np.full(count, ""), np.zeros(count, bool))


def test_a_round_holds_candidates_that_were_not_evaluated() -> None:
    node = propose(known(4))
    rows = node.outputs.proposal.structures.columns["candidate"]
    assert len(set(rows.tolist())) == 3
    assert rows.min() >= 4
    assert node.outputs.outlook.get_dict() == {}
    assert "promise" in propose(known(6)).outputs.outlook.get_dict()


def test_the_end_of_the_budget_is_the_end() -> None:
    assert len(propose(known(6)).outputs.proposal) == 2
    node = propose(known(8))
    assert len(node.outputs.proposal) == 0
    assert node.outputs.outlook["stop_reason"] == "budget spent"


def test_a_strategy_that_makes_no_sense_is_told() -> None:
    node = propose(known(2), strategy=orm.Dict({"method": "luck"}))
    assert (node.exit_status, "unknown method 'luck'" in node.exit_message) == (202, True)
