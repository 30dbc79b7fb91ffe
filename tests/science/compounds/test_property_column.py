"""Properties of evaluated structures, against ASE and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from searches import emt

from aiida_gbml.science.compounds.property_column import (
    UNITS,
    PropertyColumnError,
    element_energies,
    is_known_property,
    property_values,
)
from aiida_gbml.science.structure_set import FAILED, StructureSet

ORDERED = Atoms("CuAu", positions=[(0, 0, 0), (1.98, 0, 1.83)], cell=[2.8, 2.8, 3.66], pbc=True)
STRUCTURES = emt(StructureSet.from_ase([ORDERED, bulk("Cu", cubic=True)]))


def test_simple_properties_are_those_of_ase() -> None:
    atoms = [STRUCTURES.to_ase(row) for row in range(2)]
    for one in atoms:
        one.calc = EMT()
    energies = [one.get_potential_energy() / len(one) for one in atoms]
    np.testing.assert_allclose(property_values(STRUCTURES, "energy_per_atom"), energies)
    np.testing.assert_allclose(property_values(STRUCTURES, "volume"), [one.get_volume() for one in atoms])
    volumes = [one.get_volume() / len(one) for one in atoms]
    np.testing.assert_allclose(property_values(STRUCTURES, "volume_per_atom"), volumes)
    assert property_values(STRUCTURES, "density")[1] == pytest.approx(8.96, rel=0.01)  # g/cm³, CRC Handbook


def test_forces_and_stress_give_their_largest_and_their_pressure() -> None:
    forces = np.zeros((6, 3))
    forces[0], forces[4] = (3.0, 4.0, 0.0), (0.0, 0.0, -2.0)
    stress = np.stack([np.diag([-3.0, -3.0, -3.0]), np.zeros((3, 3))])
    structures = STRUCTURES.with_atom_columns(forces=forces).with_columns(stress=stress)
    np.testing.assert_allclose(property_values(structures, "max_force"), [5.0, 2.0])
    np.testing.assert_allclose(property_values(structures, "pressure"), [3.0, 0.0])


def test_energies_of_formation_are_measured_from_the_lowest_of_each_element() -> None:
    strained = bulk("Au", cubic=True)
    strained.set_cell(strained.cell * 1.1, scale_atoms=True)
    references = emt(StructureSet.from_ase([strained, bulk("Au"), bulk("Cu")]))
    per_atom = references.columns["energy"] / references.sizes
    assert element_energies(references) == {29: pytest.approx(per_atom[2]), 79: pytest.approx(per_atom[1:2].min())}
    found = property_values(STRUCTURES, "formation_energy_per_atom", references)
    by_hand = (STRUCTURES.columns["energy"][0] - per_atom[1] - per_atom[2]) / 2
    np.testing.assert_allclose(found, [by_hand, 0.0], atol=1e-9)


def test_columns_are_properties_and_failed_rows_have_none() -> None:
    structures = STRUCTURES.with_columns(gap=[1.5, 2.5], status=["ok", FAILED], reason=["", "it broke"])
    np.testing.assert_array_equal(property_values(structures, "gap"), [1.5, np.nan])
    np.testing.assert_array_equal(np.isnan(property_values(structures, "volume")), [False, True])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gap", "no property 'gap', there are density, energy, energy_per_atom"),
        ("status", "no column 'status' of one number a structure"),
        ("max_force", "no 'forces', from which 'max_force' would follow"),
        ("formation_energy_per_atom", "needs reference structures of the elements"),
    ],
)
def test_what_is_not_there_is_named(name: str, words: str) -> None:
    with pytest.raises(PropertyColumnError, match=words):
        property_values(STRUCTURES, name)


def test_references_must_be_elements_and_all_of_them() -> None:
    with pytest.raises(PropertyColumnError, match="reference structure 0 holds several elements"):
        property_values(STRUCTURES, "formation_energy_per_atom", STRUCTURES)
    with pytest.raises(PropertyColumnError, match="no reference structure has an energy of the element Au"):
        property_values(STRUCTURES, "formation_energy_per_atom", STRUCTURES.take([1]))


def test_units_are_those_of_the_known() -> None:
    assert all(map(is_known_property, UNITS))
    assert not is_known_property("gap")
