"""Test distances across boundaries against ASE's neighbour lists."""

import numpy as np
import pytest
from ase import Atoms
from ase.neighborlist import neighbor_list

from aiida_gbml.science.interfaces.contacts import closest_contacts, crowded_atoms

CELL = np.array([[4.1, 0.0], [1.7, 1.9]])  # oblique, and narrower than the cutoff


def closest_by_ase(lower, upper, cutoff):
    """Return the shortest distance between the two sets."""
    cell = np.zeros((3, 3))
    cell[:2, :2], cell[2, 2] = CELL, 100.0
    atoms = Atoms("H" * (len(lower) + len(upper)), positions=np.concatenate([lower, upper]), cell=cell)
    atoms.pbc = [True, True, False]
    first, second, distances = neighbor_list("ijd", atoms, cutoff)
    across = (first < len(lower)) != (second < len(lower))
    return distances[across].min(initial=cutoff)


def test_closest_contacts_are_those_of_ase():
    generator = np.random.default_rng(3)
    lower, upper = generator.random((6, 3)) * [5, 5, -3], generator.random((7, 3)) * [5, 5, 3]
    translations = np.column_stack([generator.normal(size=(40, 2)) * 9, generator.random(40)])
    found = closest_contacts(lower, upper, CELL, translations, 2.5)
    assert found == pytest.approx([closest_by_ase(lower, upper + t, 2.5) for t in translations])


def test_nothing_near_counts_as_the_cutoff():
    far = closest_contacts(np.array([[0, 0, -9.0]]), np.array([[0, 0, 9.0]]), CELL, np.zeros((2, 3)), 2.5)
    assert far == pytest.approx([2.5, 2.5])


def test_the_closest_pair_leaves_first():
    numbers = np.array([29, 29, 29, 29])
    positions = np.array([[0.0, 0.0, -1.0], [2.0, 0.5, -0.4], [2.1, 0.6, 0.5], [0.2, 1.5, 1.6]])
    is_upper = positions[:, 2] > 0
    assert crowded_atoms(numbers, positions, is_upper, 10 * CELL, removed={29: 1}, depth=3.0)[0] in (1, 2)


def test_only_the_wanted_species_leave():
    generator = np.random.default_rng(5)
    positions = generator.random((12, 3)) * [8, 8, 4] - [0, 0, 2]
    numbers = np.array([12, 8] * 6)
    chosen = crowded_atoms(numbers, positions, positions[:, 2] > 0, 4 * CELL, removed={12: 2, 8: 1}, depth=3.0)
    assert sorted(numbers[chosen].tolist()) == [8, 12, 12]


def test_choice_does_not_depend_on_the_frame():
    """A rotated, mirrored and upside-down copy of the boundary loses the images of the same atoms."""
    generator = np.random.default_rng(7)
    positions = generator.random((14, 3)) * [8, 8, 4] - [0, 0, 2]
    numbers, is_upper = np.full(14, 29), positions[:, 2] > 0
    first = crowded_atoms(numbers, positions, is_upper, 4 * CELL, removed={29: 3}, depth=3.0)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]]) @ np.diag([1.0, -1.0])
    moved = np.column_stack([positions[:, :2] @ turn.T + 0.7, -positions[:, 2]])
    second = crowded_atoms(numbers, moved, ~is_upper, 4 * CELL @ turn.T, removed={29: 3}, depth=3.0)
    assert first == second


def test_too_many_atoms_cannot_leave():
    positions = np.array([[0.0, 0.0, -1.0], [0.0, 0.0, 1.0]])
    with pytest.raises(ValueError, match="fewer atoms of atomic number 29"):
        crowded_atoms(np.array([29, 29]), positions, positions[:, 2] > 0, CELL, removed={29: 3}, depth=2.0)
