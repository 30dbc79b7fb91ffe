"""The bottleneck of one point an orbit against that of the whole grid."""

import numpy as np
import pytest
from hosts import HOSTS

from aiida_gbml.science.compounds.potential_surface.grid import GridSpec, SiteGrid
from aiida_gbml.science.compounds.potential_surface.percolation import PeriodicGraph
from aiida_gbml.science.compounds.potential_surface.quotient import QuotientGraph


@pytest.fixture(params=HOSTS)
def grid(request):
    return SiteGrid.of(HOSTS[request.param](), "H", GridSpec(spacing=0.45))


@pytest.mark.parametrize("seed", range(4))
def test_it_is_that_of_the_whole_grid(grid, seed):
    energies = np.random.default_rng(seed).normal(size=len(grid))
    whole = PeriodicGraph(grid.divisions, grid.steps).bottleneck(grid.on_grid(energies))
    level, row = QuotientGraph(grid).bottleneck(energies)
    assert (level, row) == (whole.level, grid.orbits[whole.point])


@pytest.mark.parametrize("share", [0.15, 0.35, 0.6])
def test_so_it_is_when_points_are_missing(grid, share):
    generator = np.random.default_rng(5)
    energies = np.where(generator.uniform(size=len(grid)) < share, generator.normal(size=len(grid)), np.inf)
    energies[0] = -9.0
    whole = PeriodicGraph(grid.divisions, grid.steps).bottleneck(grid.on_grid(energies))
    found = QuotientGraph(grid).bottleneck(energies)
    assert (found is None) == (whole is None)
    assert found is None or found[0] == whole.level


def test_where_it_is_looked_for_first_changes_nothing(grid):
    energies = np.random.default_rng(3).normal(size=len(grid))
    graph = QuotientGraph(grid)
    expected = graph.bottleneck(energies)
    assert all(graph.bottleneck(energies, guess) == expected for guess in (-9.0, expected[0], 9.0))
