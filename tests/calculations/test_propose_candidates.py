"""From observations to the structures to be evaluated next."""

import pytest
from aiida import orm
from searches import BOUNDARY, SPACE

from aiida_gbml.calculations.propose_candidates import propose_candidates
from aiida_gbml.data.candidates import CandidateSetData
from aiida_gbml.data.observations import ObservationsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.interfaces.propose import propose

SETTINGS = {"boundary": BOUNDARY, "space": SPACE, "strategy": {}, "batch_size": 3, "seed": 2}

pytestmark = pytest.mark.usefixtures("aiida_profile")


@pytest.fixture
def given(candidates, reference):
    def make(**changes):
        nodes = {"candidates": CandidateSetData(candidates), "reference": StructureSetData(reference)}
        return {**nodes, "parameters": orm.Dict({**SETTINGS, **changes})}

    return make


def test_the_nodes_hold_what_the_science_proposes(given, candidates, reference, observations, evaluated):
    known, template = ObservationsData(observations), StructureSetData(evaluated)
    inputs = given(batch_size=100)
    first = propose_candidates(**given(), template_other=template)
    under_way = first["proposal"]
    outputs = propose_candidates(**inputs, observations=known)
    assert outputs["outlook"]["stop_reason"] == "all candidates evaluated"
    assert len(outputs["proposal"]) == 0
    second = propose_candidates(**given(), pending_0000=under_way, template_other=template)
    expected = propose(
        candidates,
        reference,
        type(observations).empty(),
        SETTINGS,
        pending=[under_way.structures],
        templates=[evaluated],
    )
    assert second["proposal"].content == expected.structures.to_bytes()
    assert "outlook" not in second
    assert expected.outlook == {}


def test_wrong_parameters_end_with_a_sentence(given):
    _, node = propose_candidates.run_get_node(**given(strategy={"acquisition": "hope"}))
    assert node.exit_status == 202
    assert "unknown acquisition 'hope'" in node.exit_message
