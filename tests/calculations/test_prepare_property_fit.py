"""Parameters of the fit of a property model."""

import numpy as np
import pytest
from aiida import orm
from alloys import elements

from aiida_gbml.calculations.prepare_property_fit import prepare_property_fit
from aiida_gbml.data.property_targets import PropertyTargetsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.property_targets import PropertyTargets

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_settings_are_plain_and_the_training_data_is_named() -> None:
    compounds = StructureSetData(elements()).store()
    targets = PropertyTargetsData(PropertyTargets(np.arange(6.0))).store()
    settings = {"property": orm.Str("y"), "coverage": orm.Float(0.8), "descriptors": orm.Dict({"preset": "moments"})}
    found = prepare_property_fit(compounds=compounds, targets=targets, **settings)["parameters"].get_dict()
    assert found == {
        "property": "y",
        "coverage": 0.8,
        "descriptors": "moments",
        "training_uuids": [compounds.uuid, targets.uuid],
    }


def test_every_compound_needs_a_value() -> None:
    targets = PropertyTargetsData(PropertyTargets(np.arange(5.0)))
    node = prepare_property_fit.run_get_node(compounds=StructureSetData(elements()), targets=targets)[1]
    assert node.exit_status == 201
    assert node.exit_message == "there are 5 values of the property for 6 compounds"
