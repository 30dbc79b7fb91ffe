"""Values of a property out of evaluated structures."""

import numpy as np
import pytest
from aiida import orm
from alloys import database, elements
from searches import emt

from aiida_gbml.calculations.take_property import take_property
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.property_column import property_values

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_values_are_those_of_the_structures_and_the_elements() -> None:
    alloys, metals = emt(database().take([0, 5, 9])), emt(elements())
    given = {"structures": StructureSetData(alloys), "references": StructureSetData(metals)}
    found = take_property(property_name=orm.Str("formation_energy_per_atom"), **given)["targets"]
    expected = property_values(alloys, "formation_energy_per_atom", metals)
    np.testing.assert_array_equal(found.targets.target, expected)


def test_what_is_not_there_is_told() -> None:
    node = take_property.run_get_node(StructureSetData(database()), orm.Str("band_gap"))[1]
    assert node.exit_status == 201
    assert "no property 'band_gap'" in node.exit_message
