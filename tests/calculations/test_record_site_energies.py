"""From evaluated rounds to known energies."""

import numpy as np
import pytest
from ase.build import bulk

from aiida_gbml.calculations.record_site_energies import record_site_energies
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.usefixtures("aiida_profile")


def evaluated(candidates, **columns):
    structures = StructureSet.from_ase([bulk("Ni")] * len(candidates), candidate=np.array(candidates))
    return StructureSetData(structures.with_columns(**columns))


def test_rounds_are_added_in_their_order():
    first = evaluated([4, 2], energy=[-1.0, np.nan], status=["ok", "failed"], reason=["", "atoms were lost"])
    outputs = record_site_energies(first)
    outputs = record_site_energies(evaluated([7], status=["new"]), outputs["observations"])
    found = outputs["observations"].energies
    assert found.rows.tolist() == [4, 2, 7]
    np.testing.assert_array_equal(found.energies, [-1.0, np.nan, np.nan])
    assert found.reasons.tolist()[1:] == ["atoms were lost", "not evaluated: the engine ended without a result"]
    assert outputs["evaluated"].base.attributes.get("n_failed") == 1
