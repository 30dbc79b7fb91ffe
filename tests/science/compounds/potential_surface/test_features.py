"""Features against the symmetry, and against distances counted by hand."""

import numpy as np
import pytest
from ase.build import bulk
from hosts import HOSTS

from aiida_gbml.science.compounds.potential_surface.features import (
    CUTOFF,
    FEATURES,
    N_RADII,
    features_of,
    radial_functions,
)
from aiida_gbml.science.compounds.potential_surface.grid import GridSpec, SiteGrid


@pytest.mark.parametrize("name", HOSTS)
def test_radial_functions_are_the_same_at_all_points_of_an_orbit(name):
    host = HOSTS[name]()
    grid = SiteGrid.of(host, "H", GridSpec(spacing=0.9))
    allowed = np.flatnonzero(grid.orbits >= 0)
    own = host.get_scaled_positions()[host.numbers == host.numbers[0]]
    for column in radial_functions(grid.fractional_of(allowed) @ grid.cell, own, grid.cell):
        first = column[np.searchsorted(allowed, grid.points)]
        np.testing.assert_allclose(column, first[grid.orbits[allowed]], atol=1e-2 * max(column.max(), 1e-9))


def test_radial_functions_are_the_sums_that_they_claim_to_be():
    host = bulk("Ni", a=3.52)
    position = np.array([[1.0, 0.7, 0.4]])
    far = host.repeat(9)
    far.positions -= np.array([4, 4, 4]) @ host.cell.array
    distances = np.linalg.norm(far.positions - position, axis=1)
    distances = distances[distances < CUTOFF]
    radii = np.linspace(min(distances.min(), CUTOFF / 2), CUTOFF, N_RADII + 1)[:-1]
    smooth = 0.5 * (1 + np.cos(np.pi * distances / CUTOFF))
    found = radial_functions(position, host.get_scaled_positions(), host.cell.array)
    for radius, column in zip(radii, found, strict=True):
        weights = np.exp(-0.5 * ((distances - radius) / (radii[1] - radii[0])) ** 2)
        assert column[0] == pytest.approx(np.sum(weights * smooth))


@pytest.mark.parametrize("kind", FEATURES)
@pytest.mark.parametrize("name", HOSTS)
def test_there_is_a_prior_for_each_column_and_no_two_points_are_alike(kind, name):
    host = HOSTS[name]()
    grid = SiteGrid.of(host, "H", GridSpec(spacing=0.9))
    points, prior = features_of(kind, host, grid)
    assert points.shape == (len(grid), len(prior.lengths))
    assert np.all(np.isfinite(points))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    assert len(grid) == 1 or distances[np.triu_indices(len(grid), 1)].min() > 1e-3
