"""Rounds of a search as a function, and as the task of a worker."""

import numpy as np
import pytest
from ase.build import bulk
from hosts import repulsion

from aiida_gbml.science.compounds.potential_surface.grid import GridSpec, SiteGrid
from aiida_gbml.science.compounds.potential_surface.observations import SiteEnergies
from aiida_gbml.science.compounds.potential_surface.propose import propose, run
from aiida_gbml.science.strict_json import read_json
from aiida_gbml.science.structure_set import StructureSet

PARAMETERS = {
    "mobile": "H",
    "supercell": [1, 1, 1],
    "strategy": {"n_initial": 5, "patience": 2},
    "batch_size": 3,
    "seed": 1,
}


@pytest.fixture(scope="module")
def problem():
    host = bulk("Ni", a=3.52)
    grid = SiteGrid.of(host, "H", GridSpec(spacing=0.2))
    return StructureSet.from_ase([host]), grid, repulsion(host, grid.fractional @ grid.cell)


def told(energies, rows):
    return SiteEnergies(np.array(rows), energies[rows], np.full(len(rows), ""))


def test_rounds_follow_each_other_until_the_barrier_is_certain(problem):
    host, grid, energies = problem
    known, rounds = SiteEnergies.empty(), 0
    while (proposal := propose(host, grid, known, PARAMETERS)).stop_reason is None:
        rows = proposal.structures.columns["candidate"].tolist()
        assert len(rows) == 3
        assert ("barrier" in proposal.outlook) == (len(known) >= 5)
        known, rounds = known + told(energies, rows), rounds + 1
    assert len(known) < len(grid)
    assert len(proposal.structures) == 0
    assert proposal.outlook["stop_reason"] == "barrier known within 1.0%"
    assert proposal.outlook["agreement"] >= 0.95


def test_a_search_that_learns_nothing_proposes_everything_at_once(problem):
    host, grid, _ = problem
    for method in ("exhaustive", "random"):
        found = propose(host, grid, SiteEnergies.empty(), {**PARAMETERS, "strategy": {"method": method}})
        assert sorted(found.structures.columns["candidate"]) == list(range(len(grid)))
        assert found.outlook == {}


def test_a_point_that_the_machine_failed_is_not_proposed_again_and_is_no_wall(problem):
    host, grid, energies = problem
    rows = np.arange(len(grid))
    is_lost = rows == int(np.argmin(energies))
    lost = SiteEnergies(rows[is_lost], np.full(1, np.nan), np.array(["out of time"]), np.ones(1, dtype=bool))
    known = told(energies, rows[~is_lost][:20].tolist())
    without, with_it = (propose(host, grid, one, {**PARAMETERS, "budget": 25}) for one in (known, known + lost))
    assert with_it.barrier == pytest.approx(without.barrier, rel=1e-9)
    assert rows[is_lost][0] not in with_it.structures.columns["candidate"]


def test_the_task_of_a_worker_does_the_same(problem):
    host, grid, energies = problem
    known = told(energies, list(range(8)))
    inputs = {"host": host.to_bytes(), "sites": grid.to_bytes(), "observations": known.to_bytes()}
    outputs = run(inputs, dict(PARAMETERS))
    expected = propose(host, grid, known, PARAMETERS)
    assert outputs["proposal"] == expected.structures.to_bytes()
    assert read_json(outputs["outlook"]) == expected.outlook


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strategy": {"method": "magic"}}, "unknown search method"),
        ({"supercell": [0, 1, 1]}, "three positive whole numbers"),
        ({"batch_size": 0}, "batch size must be positive"),
    ],
)
def test_wrong_parameters_are_refused(problem, changes, message):
    host, grid, _ = problem
    with pytest.raises(ValueError, match=message):
        propose(host, grid, SiteEnergies.empty(), {**PARAMETERS, **changes})


def test_missing_parameters_are_named(problem):
    host, grid, _ = problem
    rest = {name: value for name, value in PARAMETERS.items() if name not in ("mobile", "seed")}
    with pytest.raises(ValueError, match="lack mobile, seed"):
        propose(host, grid, SiteEnergies.empty(), rest)
