"""What a round of evaluations adds to the observations of a search."""

import numpy as np
import pytest
from aiida import orm
from alloys import database
from searches import emt

from aiida_gbml.calculations.record_property import record_property
from aiida_gbml.data.property_observations import PropertyObservationsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.property_column import property_values
from aiida_gbml.science.compounds.property_observations import PropertyObservations

pytestmark = pytest.mark.usefixtures("aiida_profile")

ROUND = database().take([7, 2]).with_columns(candidate=np.array([7, 2]))
EARLIER = PropertyObservations(np.array([4]), np.array([1.5]), np.array([""]), np.array([True]))


def test_values_are_added_in_their_order() -> None:
    objective = orm.Dict({"property": "energy_per_atom"})
    given = {"observations": PropertyObservationsData(EARLIER), "objective": objective}
    outputs = record_property(evaluated=StructureSetData(emt(ROUND)), **given)
    seen = outputs["observations"].observations
    assert seen.candidates.tolist() == [4, 7, 2]
    assert seen.is_given.tolist() == [True, False, False]
    np.testing.assert_array_equal(seen.values[1:], property_values(emt(ROUND), "energy_per_atom"))
    np.testing.assert_array_equal(outputs["evaluated"].structures.columns["energy_per_atom"], seen.values[1:])


def test_a_property_that_the_engine_does_not_give_is_told() -> None:
    given = {"observations": PropertyObservationsData(EARLIER), "objective": orm.Dict({"property": "band_gap"})}
    node = record_property.run_get_node(evaluated=StructureSetData(emt(ROUND)), **given)[1]
    assert (node.exit_status, "no property 'band_gap'" in node.exit_message) == (202, True)
