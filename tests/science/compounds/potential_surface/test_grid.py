"""Grids of a mobile atom against the symmetry and the distances that they claim."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.geometry import get_distances
from hosts import HOSTS

from aiida_gbml.science.archive import read_arrays, write_arrays
from aiida_gbml.science.compounds.potential_surface.grid import GridError, GridSpec, SiteGrid


@pytest.fixture(params=HOSTS)
def host(request):
    return HOSTS[request.param]()


def test_points_of_an_orbit_are_images_of_each_other(host):
    grid = SiteGrid.of(host, "H", GridSpec(spacing=0.7))
    everywhere = grid.fractional_of(np.arange(len(grid.orbits)))
    for matrix, shift in zip(grid.matrices, grid.shifts, strict=True):
        moved = (everywhere @ matrix.T + shift - grid.origin) * grid.divisions
        np.testing.assert_allclose(moved, np.rint(moved), atol=1e-3)
        flat = np.ravel_multi_index(tuple(np.rint(moved).astype(int).T), tuple(grid.divisions), mode="wrap")
        np.testing.assert_array_equal(grid.orbits[flat], grid.orbits)


def test_the_points_that_are_left_out_are_those_too_close(host):
    spec = GridSpec(spacing=0.7)
    grid = SiteGrid.of(host, "H", spec)
    everywhere = grid.fractional_of(np.arange(len(grid.orbits))) @ grid.cell
    distances = get_distances(everywhere, host.positions, cell=host.cell, pbc=True)[1]
    least = np.array([spec.least_distance("H", symbol) for symbol in host.symbols])
    clear = np.abs(distances - least).min(axis=1) > 1e-6  # those on the edge go with the first of their orbit
    np.testing.assert_array_equal((grid.orbits >= 0)[clear], np.all(distances >= least, axis=1)[clear])


def test_sizes_add_up(host):
    grid = SiteGrid.of(host, "H", GridSpec(spacing=0.8))
    assert grid.sizes.sum() == np.sum(grid.orbits >= 0)
    np.testing.assert_array_equal(grid.orbits[grid.points], np.arange(len(grid)))
    assert np.all(np.linalg.norm(grid.steps, axis=1) <= 0.8)


def test_a_cubic_grid_has_as_many_orbits_as_its_irreducible_wedge():
    """With the full cubic group and 2k points an edge: (k + 1)(k + 2)(k + 3) / 6."""
    grid = SiteGrid.of(bulk("Po", "sc", a=3.2), "H", GridSpec(spacing=0.4, min_distance_ratio=1e-6))
    assert grid.divisions.tolist() == [8, 8, 8]
    assert len(grid) == 5 * 6 * 7 // 6 - 1  # the atom itself is left out


def test_distances_may_be_given_for_single_elements():
    spec = GridSpec(min_distances={"O": 0.9})
    assert spec.least_distance("H", "O") == 0.9
    assert spec.least_distance("H", "Mg") == pytest.approx(0.7 * (0.31 + 1.41))  # covalent radii, Cordero et al. 2008


def test_distances_to_elements_that_the_host_lacks_are_refused():
    with pytest.raises(GridError, match="smallest distance to '0', which the host MgO does not hold"):
        SiteGrid.of(bulk("MgO", "rocksalt", a=4.21), "H", GridSpec(min_distances={"Mg": 1.5, "0": 0.9}))


def test_bytes_bring_the_grid_back():
    grid = SiteGrid.of(bulk("Ni"), "H", GridSpec(spacing=0.6))
    again = SiteGrid.from_bytes(grid.to_bytes())
    assert again.to_bytes() == grid.to_bytes()
    np.testing.assert_array_equal(again.fractional, grid.fractional)


@pytest.mark.parametrize("content", [b"", b"no archive", SiteGrid.of(bulk("Ni"), "H", GridSpec(0.9)).to_bytes()[:-99]])
def test_damaged_bytes_are_refused(content):
    with pytest.raises(GridError, match="damaged"):
        SiteGrid.from_bytes(content)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("divisions", lambda one: one + 1),
        ("divisions", lambda one: one.astype("U3")),
        ("orbits", lambda one: one[:-1]),
        ("orbits", lambda one: np.where(one == 0, 1, one)),
        ("orbits", lambda one: np.where(one == -1, -2, one)),
        ("points", lambda one: one + 10**6),
        ("points", lambda one: one[::-1]),
        ("matrices", lambda one: one[0]),
        ("matrices", lambda one: one * 0),
        ("shifts", lambda one: one * np.nan),
        ("cell", lambda one: one.ravel()),
    ],
)
def test_arrays_that_do_not_fit_are_refused(name, change):
    arrays = read_arrays(SiteGrid.of(bulk("Ni"), "H", GridSpec(0.7)).to_bytes())
    with pytest.raises(GridError, match="damaged"):
        SiteGrid.from_bytes(write_arrays({**arrays, name: change(arrays[name])}))


def test_values_are_spread_over_the_orbits():
    grid = SiteGrid.of(bulk("Ni"), "H", GridSpec(spacing=0.8))
    spread = grid.on_grid(np.arange(len(grid), dtype=float))
    assert np.all(np.isinf(spread[grid.orbits < 0]))
    np.testing.assert_array_equal(spread[grid.orbits >= 0], grid.orbits[grid.orbits >= 0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"spacing": 0}, "'spacing' of the grid must be a positive number"),
        ({"spacing": "fine"}, "'spacing' of the grid must be a positive number, got 'fine'"),
        ({"min_distance_ratio": -1}, "'min_distance_ratio'"),
        ({"min_distances": [1.0]}, "must map elements"),
        ({"min_distances": {"O": "far"}}, "smallest distance to O"),
        ({"size": 3}, "unknown setting 'size' of the grid, known are spacing"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(GridError, match=message):
        GridSpec.from_dict(settings)


@pytest.mark.parametrize(
    ("host", "mobile", "spec", "message"),
    [
        (bulk("Ni"), "Xx", GridSpec(), "must be an element"),
        (Atoms("Ni"), "H", GridSpec(), "periodic along three"),
        (Atoms(cell=[3, 3, 3], pbc=True), "H", GridSpec(), "no atoms"),
        (bulk("Ni"), "H", GridSpec(min_distance_ratio=9.0), "no grid point is far enough"),
        (bulk("Ni"), "H", GridSpec(spacing=0.01), "at most 2000000"),
        (Atoms("Ni2", cell=[3, 3, 3], pbc=True), "H", GridSpec(), "same place"),
    ],
)
def test_hosts_in_which_nothing_can_move_are_refused(host, mobile, spec, message):
    with pytest.raises(GridError, match=message):
        SiteGrid.of(host, mobile, spec)
