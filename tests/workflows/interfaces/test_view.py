"""A search as plain values, whether it is finished, has failed or goes on."""

import json

import numpy as np
import pytest
from aiida import orm
from aiida.engine import ProcessState, run_get_node
from searches import SPACE

from aiida_gbml.workflows.interfaces.view import COLUMNS, SearchView, _plain

pytestmark = pytest.mark.usefixtures("aiida_profile")


@pytest.fixture(scope="module")
def finished(emt_search):
    """Return a search whose three best basins another engine, the same one again, has verified."""
    return SearchView(run_get_node(emt_search(budget=10, batch_size=5, verification={}))[1])


@pytest.fixture(scope="module")
def failed(emt_search):
    """Return a search that is left with one success or few."""
    space = {**SPACE, "gaps": [0.0, 0.6], "min_distance_ratio": 0.0}
    given = {"space": space, "engine": {"least_distance": 1.8}, "max_failed_fraction": 0.05}
    return SearchView(run_get_node(emt_search(strategy={"method": "exhaustive"}, budget=None, **given))[1])


def test_a_finished_search_says_so(finished):
    assert finished.state == "finished"
    assert finished.summary == finished.node.outputs.interface.get_dict()
    assert len(finished.observations) == 10
    assert finished.failures() == []
    assert finished.failed_children() == []


def test_the_ranking_rises_in_energy_and_is_plain(finished):
    ranking = finished.ranking()
    energies = [row["excess_energy"] for row in ranking]
    assert energies == sorted(finished.evaluated.columns["excess_energy"].tolist())
    assert [row["excess_energy"] for row in finished.ranking(3)] == energies[:3]
    assert set(ranking[0]) == set(COLUMNS) - {"screening_energy"}
    assert json.loads(json.dumps(ranking)) == ranking


def test_verified_structures_are_ranked_by_themselves(finished):
    verified = finished.ranking(verified=True)
    assert [row["excess_energy"] for row in verified] == pytest.approx(
        [row["excess_energy"] for row in finished.ranking(3)]
    )
    assert [row["screening_energy"] for row in verified] == pytest.approx([row["excess_energy"] for row in verified])


def test_expected_regrets_belong_to_proposals_that_knew_enough(finished):
    """The second of two proposals knew five evaluations, as many as the initial design has."""
    ((known, regret),) = finished.expected_regrets
    assert known == 5
    assert regret > 0


def test_the_best_structure_comes_with_the_heights_of_its_boundaries(finished):
    atoms, heights = finished.best_structure
    best = finished.node.outputs.best_structure.get_ase()
    np.testing.assert_allclose(atoms.positions, best.positions)
    assert heights[1] == 0.0
    assert 0 < heights[0] < atoms.cell[2, 2]


def test_a_failed_search_counts_its_reasons(failed):
    assert failed.state.startswith("[420] ")
    ((reason, count),) = failed.failures()
    assert reason == "atoms overlap: a pair is closer than 1.8 Å"
    assert count == failed.summary["n_failed"] > 0
    assert len(failed.ranking()) == failed.summary["n_evaluated"] - count
    assert all(np.isfinite(row["excess_energy"]) for row in failed.ranking())


def test_a_search_that_has_not_begun_knows_nothing():
    node = orm.WorkChainNode()
    node.set_process_label("GrainBoundarySearchWorkChain")
    node.set_process_state(ProcessState.CREATED)
    view = SearchView(node.store())
    assert view.state == "created, 0 evaluated"
    assert (view.summary, view.evaluated, view.best_structure, view.ranking()) == ({}, None, None, [])


def test_a_killed_search_says_so():
    node = orm.WorkChainNode()
    node.set_process_label("GrainBoundarySearchWorkChain")
    node.set_process_state(ProcessState.KILLED)
    assert SearchView(node.store()).state == "killed"


def test_other_processes_are_refused(finished):
    child = finished.node.called[0]
    with pytest.raises(ValueError, match=f"process {child.pk} is a {child.process_label}, not a grain-boundary search"):
        SearchView(child)


def test_a_slab_has_no_excess_volume_to_rank():
    """Not a number is no JSON."""
    assert _plain(np.array(np.nan)) is None
    assert _plain(np.array([0.5, 1.0])) == [0.5, 1.0]
