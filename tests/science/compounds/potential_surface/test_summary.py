"""Summaries of surfaces that are known everywhere, and of those that are known in part."""

import numpy as np
import pytest
from ase.build import bulk
from hosts import repulsion

from aiida_gbml.science.compounds.potential_surface.grid import GridSpec, SiteGrid
from aiida_gbml.science.compounds.potential_surface.observations import SiteEnergies
from aiida_gbml.science.compounds.potential_surface.settings import SaddleSettings
from aiida_gbml.science.compounds.potential_surface.summary import Landscape, describe, jump_rate

HOST = bulk("Ni", a=3.52)


@pytest.fixture(scope="module")
def grid():
    return SiteGrid.of(HOST, "H", GridSpec(spacing=0.21))


@pytest.fixture(scope="module")
def energies(grid):
    return repulsion(HOST, grid.fractional @ grid.cell)


def known(energies, rows):
    return SiteEnergies(np.asarray(rows), energies[rows], np.full(len(rows), ""))


@pytest.fixture(scope="module")
def whole(grid, energies):
    return Landscape.of(HOST, grid, known(energies, np.arange(len(grid))), SaddleSettings())


def test_hydrogen_sits_in_octahedra_and_all_directions_are_alike(grid, whole):
    first, second = whole.sites(2)
    assert first["position"] == [0.5, 0.5, 0.5]
    assert (first["multiplicity"], first["energy"]) == (1, 0.0)
    assert second["multiplicity"] == 8  # around the two tetrahedra
    found, levels = whole.bottlenecks()
    assert set(np.round(list(levels.values()), 9)) == {round(found.level - whole.lowest, 9)}
    assert levels["a"] > second["energy"]


def test_a_path_is_measured_along_its_steps(grid, whole):
    found, _ = whole.bottlenecks()
    distances, places, energies = whole.along(found.path)
    np.testing.assert_allclose(places[-1] - places[0], found.winding)
    np.testing.assert_allclose(np.diff(distances), np.linalg.norm(np.diff(places, axis=0) @ grid.cell, axis=1))
    assert energies.max() == pytest.approx(found.level - whole.lowest)
    assert energies[0] == energies[-1] == 0.0


def test_what_is_known_in_part_is_predicted_elsewhere(grid, energies, whole):
    rows = np.random.default_rng(0).permutation(len(grid))[: 2 * len(grid) // 3]
    part = Landscape.of(HOST, grid, known(energies, rows), SaddleSettings(n_draws=8))
    np.testing.assert_array_equal(part.energies[rows], energies[rows])
    assert part.is_evaluated.sum() == len(rows)
    assert np.all(part.deviations[~part.is_evaluated] > 0)
    low = energies < np.median(energies)
    assert np.mean(np.abs(part.energies[low] - energies[low])) < 0.03 * np.ptp(energies)
    assert 0 <= part.agreement <= 1


def test_the_summary_counts_and_rates(grid, energies, whole):
    summary, arrays = describe(whole, known(energies, np.arange(len(grid))), 300.0, 1e13)
    assert summary["fraction_evaluated"] == 1.0
    assert summary["n_points"] == len(grid)
    assert summary["n_grid"] - summary["n_excluded"] == grid.sizes.sum()
    assert summary["jump_rate"] == pytest.approx(1e13 * np.exp(-summary["barrier"] / (8.617333262e-5 * 300)), rel=1e-6)
    assert arrays["path_energies"].max() == pytest.approx(summary["barrier"])
    assert arrays["energies"].shape == (len(grid),)


def test_what_the_machine_failed_is_predicted(grid, energies):
    rows = np.arange(len(grid))
    is_lost = rows == int(np.argmax(energies))
    values, reasons = np.where(is_lost, np.nan, energies), np.where(is_lost, "out of time", "")
    failed, lost = (SiteEnergies(rows, values, reasons, faults) for faults in (np.zeros(len(rows), bool), is_lost))
    wall, gap = (Landscape.of(HOST, grid, one, SaddleSettings(n_draws=8)) for one in (failed, lost))
    assert wall.energies[is_lost] == np.inf
    assert np.isfinite(gap.energies[is_lost])
    assert wall.is_evaluated.all()
    np.testing.assert_array_equal(gap.is_evaluated, ~is_lost)
    assert describe(gap, lost, 300.0, 1e13)[0]["n_machine_faults"] == 1


def test_without_a_path_there_is_no_rate(grid, energies):
    site = int(np.argmin(energies))
    alone = SiteEnergies(
        np.arange(len(grid)),
        np.where(np.arange(len(grid)) == site, energies, np.nan),
        np.where(np.arange(len(grid)) == site, "", "lost"),
    )
    summary, arrays = describe(Landscape.of(HOST, grid, alone, SaddleSettings()), alone, 300.0, 1e13)
    assert summary["barrier"] is None
    assert summary["barrier_3d"] is None
    assert "jump_rate" not in summary
    assert "path_energies" not in arrays


def test_the_rate_of_no_barrier_is_the_attempt_frequency():
    assert jump_rate(0.0, 300.0, 5e12) == 5e12
    assert jump_rate(8.617333262e-5 * 300, 300.0, 1.0) == pytest.approx(np.exp(-1), rel=1e-6)
