"""Compounds with and without structure."""

import numpy as np
import pytest
from ase.build import bulk

from aiida_gbml.science.compounds.descriptors.compounds import Compounds, DescriptorError
from aiida_gbml.science.structure_set import StructureSet

SALT = StructureSet.from_ase([bulk("NaCl", "rocksalt", 5.64), bulk("Si"), bulk("NaCl", "rocksalt", 5.64, cubic=True)])


def test_structures_and_compositions_are_the_same_compounds() -> None:
    crystals = Compounds.of_structures(SALT)
    plain = Compounds.of_compositions(np.array([[11, 17], [14, 0], [11, 17]]), np.array([[1, 1], [1, 0], [4, 4]]))
    assert np.allclose(crystals.fractions, plain.fractions)
    assert crystals.systems.tolist() == plain.systems.tolist() == ["Cl-Na", "Si", "Cl-Na"]
    assert crystals.fractions[0, 11] == pytest.approx(0.5)
    assert len(plain) == 3


def test_a_range_of_rows() -> None:
    part = Compounds.of_structures(SALT).take(1, 3)
    assert part.offsets.tolist() == [0, 2, 10]
    assert part.systems.tolist() == ["Si", "Cl-Na"]
    assert part.structures is not None
    assert len(part.structures) == 2


def test_what_is_missing_is_said() -> None:
    plain = Compounds.of_compositions(np.array([[11, 17]]), np.array([[1, 1]]))
    with pytest.raises(DescriptorError, match="'radial' needs crystal structures"):
        plain.require_structures("radial")
    with pytest.raises(DescriptorError, match="row 1 has no element"):
        Compounds.of_compositions(np.array([[11], [0]]), np.array([[1], [0]]))
