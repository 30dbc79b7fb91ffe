"""The search as a whole, with an engine that takes no time: what it finds, stores, repeats, survives and refuses."""

from __future__ import annotations

import asyncio
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.engine import run_get_node
from aiida.manage import get_manager
from aiida.manage.caching import enable_caching
from ase.calculators.emt import EMT
from plumpy.persistence import LoadSaveContext
from searches import BOUNDARY, J_PER_M2, SPACE, EmtEvaluationWorkChain, run_search

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.interfaces.propose import starting_points
from aiida_gbml.workflows import levels
from aiida_gbml.workflows.interfaces import validation
from aiida_gbml.workflows.interfaces.search import GrainBoundarySearchWorkChain
from aiida_gbml.workflows.worker import worker_inputs

pytestmark = pytest.mark.usefixtures("aiida_profile")


def rows(search: SimpleNamespace, column: str) -> list[Any]:
    return search.outputs["evaluated"].structures.columns[column].tolist()


def reports(search: SimpleNamespace) -> list[str]:
    return [log.message.partition("]: ")[2] for log in orm.Log.collection.get_logs_for(search.node)]


@pytest.fixture(scope="module")
def finished(emt_search):
    """Return a Kriging search of twelve evaluations in rounds of four."""
    search = run_search(emt_search())
    assert search.node.is_finished_ok, search.node.exit_message
    return search


# What it finds


def test_the_best_is_the_lowest_of_the_evaluated(finished, evaluated):
    energies = rows(finished, "excess_energy")
    np.testing.assert_allclose(energies, evaluated.columns["excess_energy"][rows(finished, "candidate")], rtol=1e-9)
    assert finished.outputs["interface"]["gb_energy"] == pytest.approx(min(energies))
    assert len(set(rows(finished, "candidate"))) == 12


def test_its_energy_follows_from_the_best_structure_by_hand(finished, reference):
    atoms = finished.outputs["best_structure"].get_ase()
    atoms.calc = EMT()
    excess = atoms.get_potential_energy() - len(atoms) / 4 * reference.columns["energy"][0]
    area = np.linalg.norm(np.cross(atoms.cell[0], atoms.cell[1]))
    assert finished.outputs["interface"]["gb_energy"] == pytest.approx(J_PER_M2 * excess / (2 * area), rel=1e-6)


def test_all_outputs_agree_on_what_was_done(finished, candidates):
    summary = finished.outputs["interface"]
    assert (summary["n_evaluated"], summary["n_failed"], summary["n_candidates"]) == (12, 0, len(candidates))
    assert (summary["engine"], summary["level_of_theory"]) == ("gbml.evaluation.emt", "effective-medium theory")
    assert summary["structure_uuid"] == finished.outputs["best_structure"].uuid
    assert finished.outputs["observations"].observations.candidates.tolist() == rows(finished, "candidate")
    assert finished.outputs["candidates"].content == candidates.to_bytes()
    assert finished.outputs["gamma_surface"].get_array("mean").shape == (len(candidates),)
    assert finished.outputs["model"].model.training_uuids == [finished.outputs["observations"].uuid]


def test_the_report_tells_one_line_a_round(finished):
    lines = reports(finished)
    rounds = [line for line in lines if line.startswith("round ")]
    energies = np.array(rows(finished, "excess_energy"))
    assert len(rounds) == 3
    for number, line in enumerate(rounds, 1):
        assert line.startswith(f"round {number}: best {energies[: 4 * number].min():.4f} J/m², {4 * number} of 12")
    assert "expected regret" in rounds[-1]


# What it stores


def test_every_node_has_a_creator_or_was_given(finished):
    given = {link.node.uuid for link in finished.node.base.links.get_incoming().all()}
    for node in finished.made:
        if isinstance(node, orm.Data) and node.uuid not in given:
            assert node.creator is not None, f"{node} has no creator"


def test_the_energy_leads_back_to_the_crystal(finished):
    """By links alone, from the summary to the structure that was given."""
    query = orm.QueryBuilder()
    query.append(orm.StructureData, filters={"uuid": finished.node.inputs.structure.uuid}, tag="crystal")
    query.append(orm.Data, filters={"uuid": finished.outputs["interface"].uuid}, with_ancestors="crystal")
    assert query.count() >= 1


def test_calls_are_labelled_by_what_they_do(finished):
    labels = {
        link.link_label for link in finished.node.base.links.get_outgoing().all() if "call" in link.link_type.value
    }
    rounds = {f"{step}_{number:04d}" for step in ("propose", "evaluation", "record") for number in range(3)}
    others = {"standardise_bulk", "bulk", "enumerate", "collect_parameters", "merge_0_0", "analyse"}
    assert labels == rounds | others


# What it repeats


def test_with_caching_an_equal_search_evaluates_nothing(finished, emt_search):
    with enable_caching():
        again = run_search(emt_search())
    engine = [
        node for node in again.made if isinstance(node, orm.CalcFunctionNode) and node.process_label == "evaluate_emt"
    ]
    assert len(engine) == 4
    assert all(node.base.caching.is_created_from_cache for node in engine)
    assert again.outputs["evaluated"].content == finished.outputs["evaluated"].content
    assert again.outputs["interface"]["gb_energy"] == finished.outputs["interface"]["gb_energy"]


def test_a_worker_proposes_what_the_work_chain_would(finished, emt_search, serial_code):
    builder = emt_search(budget=8)
    code = serial_code("gbml.worker", sys.executable)
    builder.worker = worker_inputs(code)
    search = run_search(builder)
    assert search.node.is_finished_ok, search.node.exit_message
    assert rows(search, "candidate") == rows(finished, "candidate")[:8]
    assert [node.process_label for node in search.node.called].count("WorkerCalculation") == 2


def test_an_asynchronous_search_checks_as_many_in_small_rounds(emt_search, evaluated, monkeypatch):
    """Rounds of one, three at a time, merged in levels of two."""
    monkeypatch.setattr(levels, "MERGE_LIMIT", 2)
    search = run_search(emt_search(asynchronous=True, batch_size=1, max_concurrent=3, budget=5))
    assert search.node.is_finished_ok, search.node.exit_message
    found = rows(search, "candidate")
    assert len(set(found)) == 5
    np.testing.assert_allclose(rows(search, "excess_energy"), evaluated.columns["excess_energy"][found], rtol=1e-9)
    labels = [link.link_label for link in search.node.base.links.get_outgoing().all()]
    assert [sum(label.startswith(f"merge_{level}_") for label in labels) for level in range(4)] == [3, 2, 1, 0]


def test_a_round_that_comes_back_before_the_worker_does_not_end_the_search(emt_search, monkeypatch):
    """An asynchronous search waits for its rounds and for the job of the worker alike."""
    process = get_manager().get_runner().instantiate_process(emt_search(asynchronous=True))
    process.setup()
    monkeypatch.setattr(process, "children", lambda label: {label: SimpleNamespace(is_terminated=False)})
    assert process.inspect_proposal() is None
    assert (process.ctx.n_proposed, process.ctx.stop_reason) == (0, None)
    process.kill()


class DieError(BaseException):
    """Ends the interpreter's part of a process as a kill would, past every ``except Exception``."""


def test_a_round_that_comes_back_after_a_death_is_not_forgotten(emt_search, monkeypatch):
    """The worker died when it had recorded the second of two rounds; meanwhile the first one has come back, too."""
    unfinished = GrainBoundarySearchWorkChain.unfinished

    def with_the_first(self, labels):
        return sorted({*unfinished(self, labels), *({"evaluation_0000"} & {*labels})})

    def die(*_):
        raise DieError

    builder = emt_search(asynchronous=True, batch_size=1, max_concurrent=2, budget=3)
    process = get_manager().create_runner(loop=asyncio.new_event_loop()).instantiate_process(builder)
    monkeypatch.setattr(GrainBoundarySearchWorkChain, "unfinished", with_the_first)
    monkeypatch.setattr(GrainBoundarySearchWorkChain, "_remember", die)
    with pytest.raises(DieError):
        process.execute()
    monkeypatch.undo()
    runner = get_manager().create_runner(loop=asyncio.new_event_loop())
    again = runner.persister.load_checkpoint(process.pid).unbundle(LoadSaveContext(runner=runner))
    again.execute()
    assert again.node.is_finished_ok, again.node.exit_message
    evaluated = again.node.outputs.evaluated.structures.columns["candidate"].tolist()
    assert sorted(again.node.outputs.observations.observations.candidates.tolist()) == sorted(evaluated)
    assert len(evaluated) == 3


def test_a_complete_search_finds_the_lowest_of_all_in_one_round(emt_search, evaluated):
    search = run_search(emt_search(strategy={"method": "exhaustive"}, budget=None, asynchronous=True))
    assert sorted(rows(search, "candidate")) == list(range(len(evaluated)))
    assert search.outputs["interface"]["gb_energy"] == pytest.approx(evaluated.columns["excess_energy"].min())
    assert sum(line.startswith("round ") for line in reports(search)) == 1


# What it knows from earlier searches


def test_an_extended_search_computes_nothing_twice(finished, emt_search):
    builder = emt_search(budget=15)
    builder.earlier = {"first": finished.outputs["evaluated"]}
    search = run_search(builder)
    found = rows(search, "candidate")
    assert found[:12] == rows(finished, "candidate")
    assert len(set(found)) == 15
    evaluations = [
        node.inputs.structures
        for node in search.made
        if node.node_type.startswith("process.workflow") and node.process_label == "EmtEvaluationWorkChain"
    ]
    assert sorted(len(structures) for structures in evaluations) == [1, 3]  # the crystal, and what is new
    assert reports(search)[1] == "12 evaluations adopted from earlier searches"


def test_a_finer_search_knows_the_points_of_the_coarse_grid(finished, emt_search):
    """Half the spacing: every point of the first grid is one of the second."""
    builder = emt_search(budget=14, space={**SPACE, "translation_spacing": 0.4})
    builder.earlier = {"first": finished.outputs["evaluated"]}
    search = run_search(builder)
    assert search.outputs["interface"]["n_candidates"] > finished.outputs["interface"]["n_candidates"]
    assert search.outputs["interface"]["n_evaluated"] == 14
    assert rows(search, "excess_energy")[:12] == pytest.approx(rows(finished, "excess_energy"))
    assert len(set(rows(search, "candidate"))) == 14


def test_an_extension_without_budget_left_ends_at_once(finished, emt_search):
    builder = emt_search(budget=12)
    builder.earlier = {"first": finished.outputs["evaluated"]}
    search = run_search(builder)
    assert search.node.is_finished_ok, search.node.exit_message
    assert search.outputs["interface"]["gb_energy"] == pytest.approx(finished.outputs["interface"]["gb_energy"])
    assert not any(line.startswith("round ") for line in reports(search))


def test_energies_of_other_settings_do_not_count(finished, emt_search):
    """Neither of another engine's inputs nor of another boundary, nor of structures that no search has made."""
    before = orm.QueryBuilder().append(orm.Node).count()
    builder = emt_search(engine={"least_distance": 0.5})
    builder.earlier = {"first": finished.outputs["evaluated"]}
    with pytest.raises(ValueError, match=f"search {finished.node.pk} has another input 'engine.inputs.least_distance'"):
        run_get_node(builder)
    builder = emt_search()
    builder.boundary = orm.Dict({**BOUNDARY, "plane": [3, 1, 0]})
    builder.earlier = {"first": finished.outputs["evaluated"]}
    with pytest.raises(ValueError, match=r"another input 'boundary', .* give its structures as a template instead"):
        run_get_node(builder)
    builder = emt_search(space={**SPACE, "repeat": [2, 1]})
    builder.earlier = {"first": finished.outputs["evaluated"]}
    with pytest.raises(ValueError, match=r"has another input 'space\.repeat'"):
        run_get_node(builder)
    assert orm.QueryBuilder().append(orm.Node).count() == before
    stranger = StructureSetData(finished.outputs["evaluated"].structures).store()
    builder = emt_search()
    builder.earlier = {"first": stranger}
    with pytest.raises(ValueError, match=f"the structures {stranger.pk} come from no search"):
        run_get_node(builder)


def test_the_best_of_another_search_are_tried_first(finished, emt_search, candidates):
    builder = emt_search(budget=4)
    builder.templates = {"other": finished.outputs["evaluated"]}
    search = run_search(builder)
    expected = starting_points(candidates, [finished.outputs["evaluated"].structures])
    assert rows(search, "candidate")[:3] == expected
    assert search.outputs["interface"]["gb_energy"] == pytest.approx(finished.outputs["interface"]["gb_energy"])


# What it survives


OVERLAPPING = {**SPACE, "gaps": [0.0, 0.6], "min_distance_ratio": 0.0}


def test_failed_evaluations_are_observations(emt_search):
    """A search whose starts may overlap: the engine refuses some, the search goes on without them."""
    search = run_search(emt_search(space=OVERLAPPING, engine={"least_distance": 1.8}, max_failed_fraction=1.0))
    assert search.node.is_finished_ok, search.node.exit_message
    status, reasons = np.array(rows(search, "status")), np.array(rows(search, "reason"))
    n_failed = int(np.sum(status == "failed"))
    assert 0 < n_failed < 12
    assert search.outputs["interface"]["n_failed"] == n_failed
    assert set(reasons[status == "failed"]) == {"atoms overlap: a pair is closer than 1.8 Å"}
    assert search.outputs["interface"]["gb_energy"] == pytest.approx(np.nanmin(rows(search, "excess_energy")))
    assert search.outputs["interface"]["n_machine_faults"] == 0  # the engine has seen that these are bad
    assert len(search.outputs["model"].model.arrays["targets"]) == 12


def test_too_many_failures_end_the_search_with_what_was_found(emt_search):
    given = {"space": OVERLAPPING, "engine": {"least_distance": 1.8}, "max_failed_fraction": 0.05}
    search = run_search(emt_search(**given, budget=30))
    assert search.node.exit_status == 420
    n_evaluated = len(rows(search, "candidate"))
    assert n_evaluated < 30
    assert f"of {n_evaluated} evaluations failed, more than `max_failed_fraction` allows" in search.node.exit_message
    assert {"evaluated", "observations", "best_structure", "interface", "gamma_surface", "model"} <= set(search.outputs)


def test_a_search_that_finds_nothing_keeps_its_observations(emt_search):
    search = run_search(emt_search(engine={"least_distance": 2.55}, budget=4, space={**SPACE, "gaps": [0.0]}))
    assert search.node.exit_status == 421
    assert "None of the 4 evaluations succeeded" in search.node.exit_message
    assert search.outputs["observations"].base.attributes.get("n_failed") == 4


def test_a_round_whose_engine_breaks_down_is_neither_good_nor_bad(emt_search, monkeypatch):
    """The second round excepts; the others keep their energies, and nothing is learned of its candidates."""
    conclude = EmtEvaluationWorkChain.conclude

    def broken(self, evaluated):
        if self.node.base.links.get_incoming(link_label_filter="evaluation_0001").all():
            raise RuntimeError("the disk is full")
        return conclude(self, evaluated)

    monkeypatch.setattr(EmtEvaluationWorkChain, "conclude", broken)
    search = run_search(emt_search(max_failed_fraction=0.5))
    assert search.node.is_finished_ok, search.node.exit_message
    assert rows(search, "status") == ["ok"] * 4 + ["failed"] * 4 + ["ok"] * 4
    assert set(rows(search, "reason")[4:8]) == {"not evaluated: the engine ended without a result"}
    assert search.outputs["interface"]["n_failed"] == search.outputs["interface"]["n_machine_faults"] == 4
    assert rows(search, "machine_fault") == [False] * 4 + [True] * 4 + [False] * 4
    assert len(search.outputs["model"].model.arrays["targets"]) == 8
    told = reports(search)
    assert "4 failed (4 through the machine)" in next(line for line in told if line.startswith("round 2"))
    assert told[-1].startswith("4 candidates were not computed, because the machine failed")
    assert f"`--extend {search.node.pk}`" in told[-1]


def test_without_an_energy_of_the_crystal_there_is_no_search(emt_search):
    search = run_search(emt_search(engine={"least_distance": 3.0}))
    assert search.node.exit_status == 410
    assert "gbml.evaluation.emt gave no energy of the perfect crystal: atoms overlap" in search.node.exit_message


def test_a_space_that_only_the_relaxed_crystal_rules_out_is_named(emt_search, evaluated, monkeypatch):
    """Before the start it passes, as if the given lattice had room for the candidates."""
    problem = SimpleNamespace(candidates=lambda: None, build=lambda *_: evaluated.take([0]))
    passing = SimpleNamespace(from_inputs=lambda *_: problem)
    monkeypatch.setattr(validation, "SearchProblem", passing)
    search = run_search(emt_search(space={**SPACE, "gaps": [0.0], "min_distance_ratio": 0.999}))
    assert search.node.exit_status == 202
    assert "in every candidate two atoms are closer than 0.999 bonds; give larger gaps" in search.node.exit_message


# The second engine


def test_the_second_engine_decides(emt_search):
    """The same engine again: the basins keep their energies, and copies of a structure are verified once."""
    search = run_search(emt_search(verification={}, budget=4))
    assert search.node.is_finished_ok, search.node.exit_message
    verified = search.outputs["verified"].structures.columns
    lowest = np.sort(rows(search, "excess_energy"))[:3]
    np.testing.assert_allclose(verified["excess_energy"], lowest, rtol=1e-9)
    np.testing.assert_allclose(verified["screening_energy"], lowest, rtol=1e-9)
    assert search.outputs["interface"]["n_verified"] == 3


def test_the_second_engine_verifies_what_is_no_candidate_any_more(finished, emt_search):
    """Structures of an earlier search with other gaps: they are kept, and may be the most stable."""
    builder = emt_search(verification={}, budget=1, space={**SPACE, "gaps": [0.9]})
    builder.earlier = {"first": finished.outputs["evaluated"]}
    search = run_search(builder)
    assert search.node.is_finished_ok, search.node.exit_message
    verified = search.outputs["verified"].structures.columns
    assert verified["candidate"].tolist().count(-1) > 1
    assert search.outputs["interface"]["gb_energy"] == pytest.approx(finished.outputs["interface"]["gb_energy"])


@pytest.mark.parametrize(
    ("least_distance", "reason"), [(2.55, "every basin failed"), (3.0, "atoms overlap: a pair is closer than 3.0 Å")]
)
def test_a_failed_verification_is_a_caveat(emt_search, least_distance, reason):
    """Either no basin succeeds, or not even the crystal: the screening stands, and the exit code says so."""
    space = {**SPACE, "gaps": [0.2]}
    search = run_search(emt_search(verification={"least_distance": least_distance}, budget=4, space=space))
    assert search.node.exit_status == 501
    assert search.node.exit_message.endswith(f"its verification gave no energy: {reason}")
    assert "verified" not in search.outputs
    assert search.outputs["interface"]["gb_energy"] == pytest.approx(min(rows(search, "excess_energy")))
