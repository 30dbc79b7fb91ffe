"""Distances from boundary planes, by hand and by the symmetry of a coincidence boundary."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms

from aiida_gbml.science.interfaces.distances import distances_from_boundary, most_stable_boundaries
from aiida_gbml.science.structure_set import StructureSet


def test_the_nearest_plane_counts_across_the_cell() -> None:
    """Planes at 10 and at 0 = 20 Å; heights 1, 9, 12, 17 Å."""
    heights = [1.0, 9.0, 12.0, 17.0]
    atoms = Atoms("Cu4", positions=[(0, 0, z) for z in heights], cell=[3, 3, 20], pbc=True)
    periodic = StructureSet.from_ase([atoms], boundary_height=[10.0])
    np.testing.assert_allclose(distances_from_boundary(periodic), [1, 1, 2, 3])
    slab = atoms.copy()
    slab.pbc = [True, True, False]
    np.testing.assert_allclose(
        distances_from_boundary(StructureSet.from_ase([slab], boundary_height=[10.0])), [9, 1, 2, 7]
    )


def test_boundaries_come_with_their_crystal(evaluated: StructureSet, reference: StructureSet) -> None:
    found = most_stable_boundaries(evaluated, reference, 2)
    assert found.columns["structure_label"].tolist() == ["boundary 1", "boundary 2", "bulk"]
    assert found.columns["is_bulk_reference"].tolist() == [False, False, True]
    assert found.columns["excess_energy"][0] == pytest.approx(np.nanmin(evaluated.columns["excess_energy"]))
    distances = found.atom_columns["distance_from_boundary"]
    assert np.isnan(distances[found.atoms_of(2)]).all()
    inside = distances[found.atoms_of(0)]
    assert np.isfinite(inside).all()
    assert inside.max() <= found.cells[0, 2, 2] / 4 + 1.0  # two boundaries a cell: no atom is farther than a quarter
