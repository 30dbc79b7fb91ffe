"""Structures with a mobile atom against the grid that they come from."""

import numpy as np
import pytest
from ase.build import bulk

from aiida_gbml.science.compounds.potential_surface.grid import GridError, GridSpec, SiteGrid
from aiida_gbml.science.compounds.potential_surface.structures import build, check_supercell


@pytest.fixture
def grid():
    return SiteGrid.of(bulk("Ni"), "H", GridSpec(spacing=0.6))


def test_the_atom_sits_at_its_point_in_a_larger_host(grid):
    found = build(bulk("Ni"), "H", grid, [3, 0], supercell=(2, 1, 2))
    assert found.sizes.tolist() == [5, 5]
    assert found.columns["candidate"].tolist() == [3, 0]
    for atoms, row in zip(found, (3, 0), strict=True):
        assert atoms.get_chemical_formula() == "HNi4"
        np.testing.assert_allclose(atoms.positions[-1], grid.fractional[row] @ grid.cell)
        np.testing.assert_allclose(atoms.cell.array, grid.cell * np.array([2, 1, 2])[:, None])


def test_in_a_relaxation_the_atom_and_the_farthest_of_the_host_stay(grid):
    found = build(bulk("Ni"), "H", grid, [2], supercell=(2, 2, 2))
    fixed = found.atom_columns["fixed"]
    assert np.all(fixed.all(axis=1) == fixed.any(axis=1))
    distances = found.to_ase(0).get_distances(-1, np.arange(8), mic=True)
    assert np.flatnonzero(fixed[:, 0]).tolist() == [int(np.argmax(distances)), 8]


def test_no_rows_make_an_empty_set(grid):
    assert len(build(bulk("Ni"), "H", grid, [])) == 0


@pytest.mark.parametrize("supercell", [[1, 1], [1, 1, 0], [1, 1, 1.5], [True, 1, 1], [1, 1, 1, 1]])
def test_what_is_no_supercell_is_refused(supercell):
    with pytest.raises(GridError, match="three positive whole numbers"):
        check_supercell(supercell)
