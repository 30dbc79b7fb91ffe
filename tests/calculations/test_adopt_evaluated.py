"""What is known of a database before a search."""

import numpy as np
import pytest
from aiida import orm
from alloys import database, elements
from searches import emt

from aiida_gbml.calculations.adopt_evaluated import adopt_evaluated
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.property_column import property_values

pytestmark = pytest.mark.usefixtures("aiida_profile")

OBJECTIVE = {"property": "energy_per_atom"}


def test_evaluated_rows_are_observations_that_were_given() -> None:
    structures = emt(database())
    status = np.where(np.arange(45) % 3 == 0, structures.columns["status"], "failed")
    structures = structures.with_columns(status=status, reason=np.where(status == "ok", "", "it broke"))
    seen = adopt_evaluated(StructureSetData(structures), orm.Dict(OBJECTIVE))["observations"].observations
    assert seen.candidates.tolist() == list(range(0, 45, 3))
    np.testing.assert_array_equal(seen.values, property_values(structures, "energy_per_atom")[::3])
    assert seen.is_given.all()


def test_a_database_of_which_nothing_is_known_gives_nothing() -> None:
    seen = adopt_evaluated(StructureSetData(database()), orm.Dict(OBJECTIVE))["observations"]
    assert seen.base.attributes.get("n_observations") == 0


def test_energies_of_formation_are_measured_from_the_elements() -> None:
    structures, metals = emt(database()), emt(elements())
    objective = orm.Dict({"property": "formation_energy_per_atom"})
    given = {"candidates": StructureSetData(structures), "objective": objective}
    seen = adopt_evaluated(**given, references=StructureSetData(metals))["observations"].observations
    np.testing.assert_array_equal(seen.values, property_values(structures, objective["property"], metals))
    node = adopt_evaluated.run_get_node(**given)[1]
    assert (node.exit_status, "needs reference structures" in node.exit_message) == (201, True)
