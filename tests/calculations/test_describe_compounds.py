"""Points in which a search measures distances."""

import numpy as np
import pytest
from aiida import orm
from alloys import database

from aiida_gbml.calculations.describe_compounds import describe_compounds
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.search_features import search_features

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_they_are_those_of_the_task() -> None:
    parameters = {"descriptors": {"preset": "composition"}, "strategy": {"n_components": 3}}
    found = describe_compounds(StructureSetData(database()), orm.Dict(parameters))["features"]
    np.testing.assert_array_equal(found.get_array("points"), search_features(database(), parameters)["points"])
    assert found.get_array("points").shape == (45, 3)


def test_what_cannot_be_described_is_told() -> None:
    structures = StructureSetData(database())
    node = describe_compounds.run_get_node(structures, orm.Dict({"descriptors": {"preset": "magpie"}}))[1]
    assert node.exit_status == 201
    assert "'magpie' is no set of descriptors" in node.exit_message
