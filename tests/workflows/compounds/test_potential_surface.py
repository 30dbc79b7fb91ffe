"""The search as a whole, of hydrogen in palladium with an engine that takes no time: what it finds and survives."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from aiida import orm
from aiida.engine import ProcessState, run_get_node
from aiida.manage.caching import enable_caching
from ase.build import bulk
from hosts import PALLADIUM, surface_builder
from searches import EmtEvaluationWorkChain, emt

from aiida_gbml.science.compounds.potential_surface.grid import GridSpec, SiteGrid
from aiida_gbml.science.compounds.potential_surface.percolation import PeriodicGraph
from aiida_gbml.science.compounds.potential_surface.structures import build
from aiida_gbml.workflows.compounds.potential_surface import PotentialSurfaceWorkChain
from aiida_gbml.workflows.worker import worker_inputs

pytestmark = pytest.mark.usefixtures("aiida_profile", "emt_engine")

HOST = bulk("Pd", a=3.89)


@pytest.fixture(scope="module")
def grid():
    return SiteGrid.of(HOST, "H", GridSpec.from_dict(PALLADIUM))


@pytest.fixture(scope="module")
def energies(grid):
    return emt(build(HOST, "H", grid, np.arange(len(grid)), supercell=(1, 1, 1))).columns["energy"]


@pytest.fixture(scope="module")
def finished(aiida_profile, emt_engine):
    outputs, node = run_get_node(surface_builder())
    assert node.is_finished_ok, node.exit_message
    return outputs, node


def rows(outputs, column):
    return outputs["evaluated"].structures.columns[column].tolist()


def test_its_barrier_is_that_of_all_points(finished, grid, energies):
    outputs, _ = finished
    exact = PeriodicGraph(grid.divisions, grid.steps).bottleneck(grid.on_grid(energies))
    assert outputs["summary"]["barrier"] == pytest.approx(exact.level - energies.min(), rel=0.05)
    assert outputs["summary"]["n_evaluated"] < len(grid)
    found = rows(outputs, "candidate")
    np.testing.assert_allclose(rows(outputs, "energy"), energies[found], rtol=1e-9)
    assert len(set(found)) == len(found) == outputs["summary"]["n_evaluated"]


def test_all_outputs_agree(finished, grid):
    outputs, _ = finished
    summary = outputs["summary"].get_dict()
    assert outputs["sites"].content == grid.to_bytes()
    assert outputs["observations"].energies.rows.tolist() == rows(outputs, "candidate")
    assert (summary["engine"], summary["level_of_theory"]) == ("gbml.evaluation.emt", "effective-medium theory")
    assert outputs["surface"].get_array("energies").shape == (len(grid),)
    atoms = outputs["bottleneck_structure"].get_ase()
    np.testing.assert_allclose(atoms.positions[-1], grid.fractional[summary["bottleneck_row"]] @ grid.cell, atol=1e-9)


def test_every_node_has_a_creator_or_was_given(finished):
    _, node = finished
    for output in node.base.links.get_outgoing().all_nodes():
        assert not isinstance(output, orm.Data) or output.creator is not None


def test_calls_are_labelled_by_what_they_do(finished):
    _, node = finished
    labels = [link.link_label for link in node.base.links.get_outgoing().all() if "call" in link.link_type.value]
    n_rounds = sum(label.startswith("record_") for label in labels)
    rounds = {f"{step}_{number:04d}" for step in ("propose", "evaluation", "record") for number in range(n_rounds)}
    last = f"propose_{n_rounds:04d}"  # which says that the search is over
    once = {"enumerate", "collect_parameters", "collect_analysis", "merge_0_0", "analyse", "place"}
    assert set(labels) == rounds | {last} | once


def test_with_caching_an_equal_search_evaluates_nothing(finished):
    outputs, _ = finished
    with enable_caching():
        again, node = run_get_node(surface_builder())
    engine = [one for one in node.called_descendants if one.process_label == "evaluate_emt"]
    assert engine
    assert all(one.base.caching.is_created_from_cache for one in engine)
    assert again["evaluated"].content == outputs["evaluated"].content


def test_a_worker_proposes_and_analyses_as_the_work_chain_would_until_the_budget_is_spent(serial_code):
    builder = surface_builder(budget=6)
    expected, _ = run_get_node(surface_builder(budget=6))
    builder.worker = worker_inputs(serial_code("gbml.worker", sys.executable))
    found, node = run_get_node(builder)
    assert rows(found, "candidate") == rows(expected, "candidate")
    assert sorted(found) == sorted(expected)
    for name, value in expected["summary"].get_dict().items():
        if isinstance(value, str):
            assert found["summary"][name] == value
        else:
            np.testing.assert_allclose(found["summary"][name], value, rtol=1e-6)
    for name in expected["surface"].get_arraynames():
        np.testing.assert_allclose(found["surface"].get_array(name), expected["surface"].get_array(name), atol=1e-9)
    assert [one.process_label for one in node.called].count("WorkerCalculation") == 2
    assert found["summary"].creator.process_label == "WorkerCalculation"
    assert node.exit_status == 502
    assert "The budget of 6 evaluations was spent" in node.exit_message
    assert found["summary"]["n_evaluated"] == 6


def test_a_complete_search_evaluates_all_in_one_round_and_failed_points_are_no_path(energies, grid):
    """The engine refuses points closer than 1.4 Å to an atom, which are high up anyway."""
    outputs, node = run_get_node(surface_builder({"least_distance": 1.4}, strategy={"method": "exhaustive"}))
    assert node.is_finished_ok, node.exit_message
    assert rows(outputs, "candidate") == list(range(len(energies)))
    assert sum(one.process_label == "record_site_energies" for one in node.called) == 1
    assert (outputs["summary"]["fraction_evaluated"], outputs["summary"]["agreement"]) == (1.0, 1.0)
    failed = np.array(rows(outputs, "status")) == "failed"
    assert 0 < failed.sum() == outputs["summary"]["n_failed"]
    exact = PeriodicGraph(grid.divisions, grid.steps).bottleneck(grid.on_grid(np.where(failed, np.inf, energies)))
    assert outputs["summary"]["barrier"] == pytest.approx(exact.level - energies[~failed].min())


def test_too_many_failures_end_the_search():
    _, node = run_get_node(surface_builder({"least_distance": 1.5}, max_failed_fraction=0.05))
    assert node.exit_status == 420
    assert "more than `max_failed_fraction` allows" in node.exit_message


def test_a_search_that_finds_nothing_keeps_what_it_knows():
    outputs, node = run_get_node(surface_builder({"least_distance": 3.5}, max_failed_fraction=1.0, budget=4))
    assert node.exit_status == 421
    assert outputs["observations"].base.attributes.get("n_failed") == 4


def test_an_analysis_that_fails_keeps_what_was_evaluated(monkeypatch):
    def refused(*_):
        raise ValueError("the surface has a hole")

    monkeypatch.setattr("aiida_gbml.calculations.analyse_potential_surface.analyse", refused)
    outputs, node = run_get_node(surface_builder(budget=4))
    assert node.exit_status == 412
    assert "the surface has a hole" in node.exit_message
    assert {"sites", "observations", "evaluated"} == set(outputs)


def test_a_round_whose_engine_breaks_down_is_a_round_of_failures(monkeypatch):
    conclude = EmtEvaluationWorkChain.conclude

    def broken(self, evaluated):
        if self.node.base.links.get_incoming(link_label_filter="evaluation_0000").all():
            raise RuntimeError("the disk is full")
        return conclude(self, evaluated)

    monkeypatch.setattr(EmtEvaluationWorkChain, "conclude", broken)
    outputs, node = run_get_node(surface_builder(budget=8, batch_size=4))
    assert node.exit_status in (0, 502)
    assert rows(outputs, "status") == ["failed"] * 4 + ["ok"] * 4
    assert set(rows(outputs, "reason")[:4]) == {"not evaluated: the engine ended without a result"}


def test_an_atom_that_is_caged_has_no_path():
    """With the largest distances only the octahedra are left, and nothing between them."""
    grid = {"spacing": 0.3, "min_distances": {"Pd": 1.8}}
    outputs, node = run_get_node(surface_builder(grid=grid, strategy={"method": "exhaustive"}))
    assert node.exit_status == 501
    assert outputs["summary"]["barrier"] is None
    assert "bottleneck_structure" not in outputs


@pytest.mark.parametrize("step", ["inspect_proposal", "inspect_analysis"])
def test_a_job_that_excepted_or_was_killed_is_told(step):
    excepted, killed = orm.CalcJobNode(), orm.CalcJobNode()
    excepted.set_process_state(ProcessState.EXCEPTED)
    excepted.set_exception("Traceback:\n  line\nOSError: the disk is full\n")
    killed.set_process_state(ProcessState.KILLED)
    for node, words in ((excepted, "OSError: the disk is full"), (killed, "was killed")):
        node.store()
        chain = SimpleNamespace(
            ctx=SimpleNamespace(n_rounds=0),
            children=lambda label, node=node: {label: node},
            _exit=lambda _, **words: words["reason"],
        )
        assert words in getattr(PotentialSurfaceWorkChain, step)(chain)
