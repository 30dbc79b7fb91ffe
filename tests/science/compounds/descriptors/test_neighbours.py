"""Neighbours against ase, and where periodicity ends."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.neighborlist import neighbor_list

from aiida_gbml.science.compounds.descriptors.neighbours import find_neighbours
from aiida_gbml.science.structure_set import StructureSet

GENERATOR = np.random.default_rng(0)
SKEWED = Atoms("HeNeAr", cell=[[2.1, 0, 0], [1.9, 2.5, 0], [-1.3, 0.8, 3.3]], pbc=True)
SKEWED.positions = GENERATOR.normal(scale=4, size=(3, 3))  # out of the cell, too
SLAB = Atoms("CuCu", positions=[[0, 0, 0], [1.2, 1.3, 2.0]], cell=[2.55, 2.55, 0], pbc=[True, True, False])
ALL = [bulk("Cu"), SKEWED, SLAB, molecule("CH4"), Atoms("Ar", cell=[30, 30, 30], pbc=True)]
SET = StructureSet.from_ase(ALL)


def test_the_pairs_are_those_of_ase() -> None:
    found = find_neighbours(SET, 4.0)
    expected = []
    for row, atoms in enumerate(ALL):
        i, j, vectors = neighbor_list("ijD", atoms, 4.0)
        first = SET.offsets[row]
        expected.append(np.column_stack([i + first, j + first, vectors]))
    rows = np.column_stack([found.centre, found.other, found.vectors])
    assert np.all(np.diff(found.centre) >= 0)

    def ordered(table):
        return table[np.lexsort(np.round(table, 6).T[::-1])]

    assert np.allclose(ordered(rows), ordered(np.concatenate(expected)), atol=1e-8)
    assert np.allclose(found.distances, np.linalg.norm(found.vectors, axis=1))


def test_sums_and_minima_over_neighbours() -> None:
    found = find_neighbours(SET, 4.0)
    values = GENERATOR.normal(size=(len(found.centre), 2, 3))
    sums, least = found.sum(values), found.minimum(found.distances)
    for atom in range(found.n_atoms):
        own = found.centre == atom
        assert np.allclose(sums[atom], values[own].sum(axis=0))
        assert least[atom] == (found.distances[own].min() if own.any() else np.inf)
    assert np.isinf(least[-1])  # the lonely atom


def test_a_smaller_cutoff_is_a_part() -> None:
    one, other = find_neighbours(SET, 4.0).within(3.0), find_neighbours(SET, 3.0)
    assert np.array_equal(one.centre, other.centre)
    assert np.allclose(one.vectors, other.vectors)


@pytest.mark.parametrize("structures", [SET.take([4]), SET.take([])])
def test_no_neighbours_at_all(structures) -> None:
    found = find_neighbours(structures, 3.0)
    assert found.vectors.shape == (0, 3)
    assert found.sum(np.zeros((0, 2))).shape == (len(structures.numbers), 2)
