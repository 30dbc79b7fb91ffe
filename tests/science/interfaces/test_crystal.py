"""Test cubic crystals."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from aiida_gbml.science.interfaces.crystal import Crystal, CrystalError

# name, species, atoms in the cubic cell, nearest neighbours over the lattice parameter, lattice points in the cell
PROTOTYPES = [
    ("fcc", "Cu", 4, 2**-0.5, 4),
    ("bcc", "Fe", 2, 3**0.5 / 2, 2),
    ("diamond", "Si", 8, 3**0.5 / 4, 4),
    ("rocksalt", ("Mg", "O"), 8, 0.5, 4),
    ("zincblende", ("Zn", "S"), 8, 3**0.5 / 4, 4),
    ("fluorite", ("Ca", "F"), 12, 3**0.5 / 4, 4),
    ("cscl", ("Cs", "Cl"), 2, 3**0.5 / 2, 1),
    ("perovskite", ("Sr", "Ti", "O"), 5, 0.5, 1),
]


@pytest.mark.parametrize(("name", "species", "n_atoms", "bond", "n_points"), PROTOTYPES)
def test_prototypes_are_the_structures_of_the_textbook(name, species, n_atoms, bond, n_points):
    crystal = Crystal.prototype(name, species, 4.0)
    assert len(crystal.symbols) == n_atoms
    assert crystal.bond_length == pytest.approx(4.0 * bond)
    assert crystal.volume_per_atom == pytest.approx(64.0 / n_atoms)
    assert abs(np.linalg.det(np.array(crystal.lattice, dtype=float))) == pytest.approx(1 / n_points)
    assert len(crystal.motif[0]) == n_atoms // n_points
    assert len(crystal.point_operations) == (24 if name == "zincblende" else 48)


def test_formula_counts_one_unit():
    assert Crystal.prototype("fluorite", ("Ca", "F"), 5.46).formula == {"Ca": 1, "F": 2}
    assert Crystal.prototype("perovskite", ("Sr", "Ti", "O"), 3.9).formula == {"Sr": 1, "Ti": 1, "O": 3}
    assert Crystal.prototype("diamond", "Si", 5.43).formula == {"Si": 1}


@pytest.mark.parametrize(("name", "species", "n_atoms", "bond", "n_points"), PROTOTYPES)
def test_operations_map_the_crystal_onto_itself(name, species, n_atoms, bond, n_points):
    crystal = Crystal.prototype(name, species, 4.0)
    for operation in crystal.operations:
        moved = crystal.positions @ np.array(operation.rotation).T + np.array(operation.translation, dtype=float)
        offsets = moved[:, None] - crystal.positions[None]
        same = np.all(np.abs(offsets - np.round(offsets)) < 1e-9, axis=-1)
        assert np.array_equal(same.sum(axis=1), np.ones(n_atoms))
        assert all(crystal.symbols[i] == crystal.symbols[j] for i, j in np.argwhere(same))


def test_any_cell_gives_the_conventional_one():
    turned = bulk("Cu", "fcc", a=3.615)
    turned.rotate(33, (1, 2, 3), rotate_cell=True)
    crystal = Crystal.from_ase(turned * (2, 1, 1))
    assert crystal.lattice_parameter == pytest.approx(3.615)
    assert crystal.symbols == ("Cu",) * 4


def test_a_shifted_origin_is_standardised():
    shifted = Crystal.prototype("rocksalt", ("Mg", "O"), 4.2).to_ase()
    shifted.positions += 0.37
    assert Crystal.from_ase(shifted).positions * 4 % 1 == pytest.approx(0)


def test_noncubic_crystals_are_refused_by_name():
    with pytest.raises(CrystalError, match=r"Mg2 is not cubic: its space group is P6_3/mmc \(number 194\)"):
        Crystal.from_ase(bulk("Mg", "hcp", a=3.2, c=5.2))


def test_molecules_are_refused():
    with pytest.raises(CrystalError, match="periodic in three directions"):
        Crystal.from_ase(Atoms("N2", positions=[(0, 0, 0), (0, 0, 1.1)]))


def test_overlapping_atoms_are_refused():
    with pytest.raises(CrystalError, match="on top of each other"):
        Crystal.from_ase(Atoms("Cu2", cell=[3, 3, 3], pbc=True))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("wurtzite", "Zn", 3.2), "unknown prototype 'wurtzite', known are fcc"),
        (("rocksalt", "Mg", 4.2), "has 2 species, got Mg"),
        (("fcc", "Cu", 0.0), "must be positive, got 0.0"),
    ],
)
def test_senseless_prototypes_are_refused(arguments, message):
    with pytest.raises(CrystalError, match=message):
        Crystal.prototype(*arguments)


@pytest.mark.parametrize(
    ("charges", "message"),
    [({"Mg": 2.0}, "no formal charge is given for O"), ({"Mg": 2.0, "O": -1.0}, r"add up to \+4 e, not to zero")],
)
def test_formal_charges_have_to_be_complete_and_neutral(charges, message):
    with pytest.raises(CrystalError, match=message):
        Crystal.prototype("rocksalt", ("Mg", "O"), 4.2, charges)
