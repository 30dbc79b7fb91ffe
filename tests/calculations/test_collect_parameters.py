"""One node of plain values that every proposal reads."""

import pytest
from aiida import orm

from aiida_gbml.calculations.collect_parameters import collect_parameters

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_dictionaries_and_numbers_keep_their_values():
    given = {"boundary": orm.Dict({"axis": [0, 0, 1]}), "budget": orm.Int(7), "share": orm.Float(0.5)}
    parameters = collect_parameters(**given)["parameters"]
    assert parameters.get_dict() == {"boundary": {"axis": [0, 0, 1]}, "budget": 7, "share": 0.5}
    assert isinstance(parameters["budget"], int)
    inputs = parameters.creator.inputs
    assert {name: inputs[name].uuid for name in inputs} == {name: node.uuid for name, node in given.items()}
