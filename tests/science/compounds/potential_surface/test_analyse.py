"""The analysis of a search as a function, and as the task of a worker."""

import numpy as np
import pytest
from ase.build import bulk
from hosts import repulsion

from aiida_gbml.science.archive import read_arrays
from aiida_gbml.science.compounds.potential_surface.analyse import analyse, run
from aiida_gbml.science.compounds.potential_surface.grid import GridSpec, SiteGrid
from aiida_gbml.science.compounds.potential_surface.observations import SiteEnergies
from aiida_gbml.science.compounds.potential_surface.percolation import PeriodicGraph
from aiida_gbml.science.strict_json import read_json
from aiida_gbml.science.structure_set import StructureSet

PARAMETERS = {
    "strategy": {"n_initial": 5},
    "seed": 1,
    "temperature": 300.0,
    "attempt_frequency": 1e13,
    "mobile": "H",
    "engine": "gbml.evaluation.emt",
    "level_of_theory": "a repulsion",
}


@pytest.fixture(scope="module")
def problem():
    host = bulk("Ni", a=3.52)
    grid = SiteGrid.of(host, "H", GridSpec(spacing=0.3))
    return StructureSet.from_ase([host]), grid, repulsion(host, grid.fractional @ grid.cell)


def told(energies, rows):
    is_known = np.isfinite(energies[rows])
    return SiteEnergies(np.array(rows), energies[rows], np.where(is_known, "", "it broke"))


def test_of_all_points_it_finds_the_exact_barrier(problem):
    host, grid, energies = problem
    summary, arrays = analyse(host, grid, told(energies, np.arange(len(grid))), PARAMETERS)
    exact = PeriodicGraph(grid.divisions, grid.steps).bottleneck(grid.on_grid(energies))
    assert summary["barrier"] == pytest.approx(exact.level - energies.min())
    assert (summary["host"], summary["mobile"], summary["level_of_theory"]) == ("Ni", "H", "a repulsion")
    np.testing.assert_array_equal(arrays["energies"], energies)


def test_the_task_of_a_worker_does_the_same_with_failed_points_too(problem):
    host, grid, energies = problem
    known = told(np.where(energies > np.quantile(energies, 0.9), np.nan, energies), np.arange(0, len(grid), 2))
    assert 0 < known.n_failed < len(known)
    inputs = {"host": host.to_bytes(), "sites": grid.to_bytes(), "observations": known.to_bytes()}
    outputs = run(inputs, dict(PARAMETERS))
    summary, arrays = analyse(host, grid, known, PARAMETERS)
    assert read_json(outputs["summary"]) == summary
    written = read_arrays(outputs["surface"])
    assert sorted(written) == sorted(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(written[name], array)
    assert np.isinf(written["energies"]).sum() == known.n_failed


def test_missing_parameters_and_energies_are_named(problem):
    host, grid, energies = problem
    rest = {name: value for name, value in PARAMETERS.items() if name not in ("mobile", "seed")}
    with pytest.raises(ValueError, match="lack mobile, seed"):
        analyse(host, grid, told(energies, [0]), rest)
    with pytest.raises(ValueError, match="no evaluation has succeeded"):
        analyse(host, grid, SiteEnergies.empty(), PARAMETERS)
