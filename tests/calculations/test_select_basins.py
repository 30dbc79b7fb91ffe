"""From a screening to the structures that are worth a better engine."""

from dataclasses import replace

import numpy as np
import pytest
from aiida import orm

from aiida_gbml.calculations.select_basins import select_basins
from aiida_gbml.data.structure_set import StructureSetData

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_the_chosen_structures_are_stored_with_the_lattice_of_the_other_engine(evaluated, reference):
    stretched = replace(reference, cells=reference.cells * 1.02, positions=reference.positions * 1.02)
    given = [StructureSetData(one) for one in (evaluated, reference, stretched)]
    basins = select_basins(*given, orm.Int(2))["basins"].structures
    best = np.argsort(evaluated.columns["excess_energy"])[:2]
    assert basins.columns["candidate"].tolist() == evaluated.columns["candidate"][best].tolist()
    np.testing.assert_allclose(basins.cells, evaluated.cells[best] * 1.02)
