"""Bonds of crystals and molecules that everybody knows."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.data import covalent_radii

from aiida_gbml.science.compounds.descriptors.bonds import (
    BOND_FEATURES,
    bond_distribution,
    bond_features,
    bond_ratios,
    bond_weights,
)
from aiida_gbml.science.compounds.descriptors.neighbours import find_neighbours
from aiida_gbml.science.compounds.descriptors.sites import Bonds
from aiida_gbml.science.structure_set import StructureSet


def features(*crystals):
    structures = StructureSet.from_ase(crystals)
    values = bond_features(find_neighbours(structures, Bonds().cutoff), structures.numbers)
    return [dict(zip(BOND_FEATURES, row, strict=True)) for row in values]


def test_a_bond_counts_one_and_a_far_atom_nothing() -> None:
    assert bond_weights(np.array([0.5, 1.0, 1.3, 2.0, 50.0])) == pytest.approx([1, 1, 0.5, 0, 0], abs=0.01)


@pytest.mark.parametrize(("crystal", "expected"), [(bulk("Si"), 4), (bulk("Ca"), 12), (bulk("C"), 4)])
def test_coordination_numbers_of_crystals(crystal, expected) -> None:
    assert features(crystal)[0]["coordination"] == pytest.approx(expected, abs=0.6)


def test_a_polar_bond_is_told_from_one_between_like_atoms() -> None:
    acid = Atoms("ClH", positions=[[0, 0, 0], [1.27, 0, 0]])
    chlorine, hydrogen, silicon, _ = features(acid, bulk("Si"))
    difference = 2.20 - 3.16  # Pauling's electronegativities
    assert chlorine["mean_difference"] == pytest.approx(difference)
    assert hydrogen["mean_difference"] == pytest.approx(-difference)
    assert hydrogen["mean_squared_unlikeness"] == pytest.approx(difference**2)
    assert chlorine["sum_unlikeness"] == pytest.approx(abs(difference), rel=0.01)
    assert silicon["mean_squared_unlikeness"] == pytest.approx(0)
    assert silicon["like_share"] == pytest.approx(1)
    assert hydrogen["like_share"] == pytest.approx(0)
    assert hydrogen["group"] == pytest.approx(17)


def test_a_peroxide_has_bonds_between_like_atoms() -> None:
    hydrogen_peroxide = Atoms("OOHH", positions=[[0, 0, 0], [1.45, 0, 0], [-0.3, 0.9, 0], [1.75, 0, 0.9]])
    assert features(hydrogen_peroxide)[0]["like_share"] > 0.3


def test_an_atom_alone_has_no_bonds_and_no_nan() -> None:
    (alone,) = features(Atoms("Ar", cell=[40] * 3, pbc=True))
    assert alone["coordination"] == pytest.approx(0, abs=1e-12)
    assert alone["least_ratio"] == 1.8
    assert np.all(np.isfinite(list(alone.values())))


@pytest.mark.parametrize("pair", ["Cs2", "CsRb", "La2", "NaCl", "H2"])
def test_features_do_not_jump_when_a_neighbour_leaves(pair) -> None:
    def of_two(distance):
        atoms = features(Atoms(pair, positions=[[0, 0, 0], [distance, 0, 0]]))
        return np.array([list(atom.values()) for atom in atoms])

    edge = Bonds().cutoff
    near, far = of_two(edge - 1e-6), of_two(edge + 1e-6)
    bonded = of_two(covalent_radii[Atoms(pair).numbers].sum())
    assert np.all(np.abs(near - far) <= 0.01 * np.abs(bonded))
    assert np.abs(bonded - far).max() > 1


def test_the_distribution_counts_neighbours_by_ratio() -> None:
    structures = StructureSet.from_ase([bulk("NaCl", "rocksalt", 5.64)])
    pairs = find_neighbours(structures, 6.0)
    ratios = bond_ratios(pairs, structures.numbers)
    centres = np.array([ratios.min(), 0.1])
    plain, unlike = bond_distribution(pairs, structures.numbers, centres, 0.02)
    assert plain[0] == pytest.approx([6, 0], abs=1e-6)
    assert unlike[0, 0] == pytest.approx(6 * (3.16 - 0.93) ** 2, rel=1e-6)  # Pauling's electronegativities
