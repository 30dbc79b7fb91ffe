"""The room of atoms in crystals of known density."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from aiida_gbml.science.compounds.descriptors.cell import CELL_NAMES, cell_features
from aiida_gbml.science.compounds.descriptors.compounds import DescriptorError
from aiida_gbml.science.structure_set import StructureSet


def test_copper_has_the_room_of_copper() -> None:
    crystals = StructureSet.from_ase([bulk("Cu", a=3.615), bulk("Cu", a=3.615, cubic=True), bulk("Cu", a=4.0)])
    values = cell_features(crystals)
    assert values.shape == (3, len(CELL_NAMES))
    assert np.allclose(values[0], values[1])  # whatever the cell
    assert values[0, 0] == pytest.approx(3.615**3 / 4)
    assert values[0, 2] == pytest.approx(1, abs=0.02)  # its molar volume is that of the crystal
    assert values[2, 4] == pytest.approx(values[0, 4] + 3 * np.log(4.0 / 3.615))
    assert values[0, 3] == pytest.approx(4 / 3 * np.pi * 1.32**3 / (3.615**3 / 4), rel=1e-6)


def test_a_molecule_has_no_volume() -> None:
    with pytest.raises(DescriptorError, match="structure 0 is not periodic"):
        cell_features(StructureSet.from_ase([Atoms("N2", positions=[[0, 0, 0], [1.1, 0, 0]])]))
