"""The search for the bottleneck on surfaces that are known everywhere."""

import numpy as np
import pytest
from hosts import HOSTS, repulsion

from aiida_gbml.science.compounds.potential_surface.grid import GridSpec, SiteGrid
from aiida_gbml.science.compounds.potential_surface.percolation import PeriodicGraph
from aiida_gbml.science.compounds.potential_surface.search import Dominant, SaddleSearch
from aiida_gbml.science.compounds.potential_surface.settings import ACQUISITIONS, SaddleSettings
from aiida_gbml.science.learning.search import SearchError


def problem(name="rocksalt", spacing=0.2):
    host = HOSTS[name]()
    grid = SiteGrid.of(host, "H", GridSpec(spacing=spacing))
    return host, grid, repulsion(host, grid.fractional @ grid.cell)


@pytest.fixture(scope="module")
def rocksalt():
    return problem()


def advance(search, energies, count, batch_size=1):
    for _ in range(count):
        rows = search.ask(batch_size)
        search.tell(rows, energies[rows])
    return search


def exact(grid, energies):
    return PeriodicGraph(grid.divisions, grid.steps).bottleneck(grid.on_grid(energies)).level - energies.min()


@pytest.mark.parametrize("acquisition", ACQUISITIONS)
@pytest.mark.parametrize("name", ["rocksalt", "screw axes"])
def test_the_barrier_is_found_with_a_fraction_of_the_evaluations(name, acquisition):
    host, grid, energies = problem(name, 0.25 if name == "screw axes" else 0.15)
    search = SaddleSearch(host, grid, seed=1, settings=SaddleSettings(acquisition))
    advance(search, energies, 25)
    assert 0.2 * len(grid) > 25
    assert search.dominant.barrier == pytest.approx(exact(grid, energies), rel=0.02)


def test_it_stops_by_itself_when_both_points_are_known(rocksalt):
    host, grid, energies = rocksalt
    search = SaddleSearch(host, grid, seed=2)
    while search.stop_reason is None:
        advance(search, energies, 1)
    assert search.stop_reason == "barrier known within 1.0%"
    assert search.dominant.barrier == pytest.approx(exact(grid, energies), rel=0.01)
    assert set(search.dominant.rows) <= set(search.observed)
    assert search.agreement >= 0.95


def test_batches_find_it_too(rocksalt):
    host, grid, energies = rocksalt
    search = advance(SaddleSearch(host, grid, seed=3), energies, 6, batch_size=5)
    assert search.dominant.barrier == pytest.approx(exact(grid, energies), rel=0.02)


@pytest.mark.parametrize("count", [4, 14])
def test_state_is_rebuilt_from_observations_and_pending_points(rocksalt, count):
    host, grid, energies = rocksalt
    search = advance(SaddleSearch(host, grid, seed=4), energies, count)
    pending = search.ask(2)
    again = SaddleSearch(host, grid, seed=4)
    again.tell(list(search.observed), list(search.observed.values()))
    again.mark_pending(pending)
    assert again.ask(3).tolist() == search.ask(3).tolist()


def test_seeds_differ(rocksalt):
    host, grid, _ = rocksalt
    assert len({int(SaddleSearch(host, grid, seed=seed).ask()[0]) for seed in range(6)}) > 1


def test_what_is_known_is_predicted_as_it_is(rocksalt):
    host, grid, energies = rocksalt
    search = advance(SaddleSearch(host, grid), energies, 12)
    known = list(search.observed)
    mean, deviation = search.predict()
    np.testing.assert_array_equal(mean[known], energies[known])
    assert not deviation[known].any()
    assert np.all(deviation[search.available] > 0)


def test_failures_are_no_path_and_no_end(rocksalt):
    host, grid, energies = rocksalt
    failing = np.where(energies > np.quantile(energies, 0.8), np.nan, energies)
    search = advance(SaddleSearch(host, grid, seed=5), failing, 30)
    assert any(np.isnan(energy) for energy in search.observed.values())
    assert search.dominant.barrier == pytest.approx(exact(grid, energies), rel=0.02)


def test_what_the_machine_failed_is_no_wall(rocksalt):
    """The two points that decide are never computed: their neighbours tell, and the search comes to its end."""
    host, grid, energies = rocksalt
    lost = SaddleSearch(host, grid, seed=2)
    lost.tell(np.arange(len(grid)), energies)
    decisive = lost.dominant.rows
    search = SaddleSearch(host, grid, seed=2, settings=SaddleSettings(tolerance=0.05))
    search.tell(decisive, [np.nan] * 2, [True] * 2)
    while search.stop_reason is None:
        advance(search, energies, 1)
    assert search.stop_reason == "barrier known within 5.0%"
    assert search.dominant.barrier == pytest.approx(exact(grid, energies), rel=0.05)


def test_without_a_path_there_is_no_bottleneck(rocksalt):
    host, grid, energies = rocksalt
    search = SaddleSearch(host, grid)
    site = int(np.argmin(energies))
    others = np.delete(np.arange(len(grid)), site)
    search.tell([site, *others], [energies[site], *[np.nan] * len(others)])
    assert search.dominant.bottleneck is None
    assert search.dominant.barrier == np.inf


def test_drawn_surfaces_with_a_path_disagree_with_a_belief_in_none(rocksalt, monkeypatch):
    host, grid, _ = rocksalt
    caged, free = Dominant(0, None, np.inf), Dominant(0, 3, 0.5)
    search = SaddleSearch(host, grid)
    monkeypatch.setattr(search, "_drawn", lambda: [caged, free, free, free])
    monkeypatch.setattr(SaddleSearch, "dominant", caged)
    assert search.agreement == 0.25
    monkeypatch.setattr(SaddleSearch, "dominant", free)
    assert search.agreement == 0.75


def test_nothing_is_believed_of_nothing(rocksalt):
    host, grid, _ = rocksalt
    with pytest.raises(SearchError, match="nothing can be predicted"):
        SaddleSearch(host, grid).predict()
