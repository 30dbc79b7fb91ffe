"""Tests of aiida_gbml.workflows.evaluation.lammps."""

import stat
from pathlib import Path

import numpy as np
import pytest
from aiida import orm
from aiida.engine import run_get_node
from aiida.manage.caching import enable_caching
from ase import Atoms
from ase.build import bulk

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.workflows.evaluation.lammps import LammpsEvaluationWorkChain

pytestmark = [pytest.mark.lammps, pytest.mark.usefixtures("aiida_profile")]


@pytest.fixture
def potential(lammps_potentials):
    return orm.SinglefileData(lammps_potentials / "Cu_mishin1.eam.alloy")


@pytest.fixture
def copper():
    """Return four crystals with the columns of an earlier evaluation, which must not be mistaken for results."""
    atoms = [bulk("Cu", a=a, cubic=True) for a in (3.5, 3.6, 3.7, 3.8)]
    return StructureSetData(StructureSet.from_ase(atoms, tag=[7, 8, 9, 10], energy=4 * [-99.0], status=4 * ["ok"]))


@pytest.fixture
def builder(lammps_code, potential, copper):
    return LammpsEvaluationWorkChain.get_builder_from_protocol(
        lammps_code, copper, potential_files=[potential], mode="static"
    )


@pytest.fixture
def wrapped(serial_code, lmp, tmp_path):
    """Return a function that makes a code which runs LAMMPS and then `after`, lines of bash; $N counts the runs."""

    def make(after: str = "") -> orm.InstalledCode:
        script = tmp_path / "lmp_wrapped"
        count = f"N=$(cat {tmp_path}/runs 2>/dev/null || echo 0); echo $((N + 1)) > {tmp_path}/runs"
        script.write_text(f'#!/bin/bash\n{count}\n{lmp} "$@"\n{after}\n')
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
        return serial_code("gbml.lammps", Path(script))

    return make


def attempts(node):
    return [link.node for link in node.base.links.get_outgoing().all() if isinstance(link.node, orm.CalcJobNode)]


def test_a_batch_is_one_job_and_five_nodes(builder):
    last_input = orm.Int(0).store().pk
    outputs, node = run_get_node(builder)
    assert node.is_finished_ok, node.exit_message
    evaluated = outputs["evaluated"].structures
    assert evaluated.columns["status"].tolist() == ["ok"] * 4
    assert evaluated.columns["tag"].tolist() == [7, 8, 9, 10]
    assert np.argmin(evaluated.columns["energy"]) == 1
    (job,) = attempts(node)
    assert evaluated.columns["calculation_uuid"].tolist() == [job.uuid] * 4
    assert outputs["evaluated"].creator.uuid == job.uuid
    inputs = [link.node.uuid for process in (node, job) for link in process.base.links.get_incoming().all()]
    made = orm.QueryBuilder().append(
        orm.Node, filters={"id": {">": last_input}, "uuid": {"!in": inputs}}, project="uuid"
    )
    # The chain is an input of its job: with it the job, its folder, its files and the set.
    assert len(made.all(flat=True)) + 1 == 5


def test_with_caching_an_equal_evaluation_runs_nothing(builder, wrapped, tmp_path):
    builder.lammps.code = wrapped()
    run_get_node(builder)
    builder.structures = StructureSetData(builder.structures.structures)
    with enable_caching(identifier="aiida.calculations:gbml.*"):
        outputs, node = run_get_node(builder)
    (job,) = attempts(node)
    assert job.base.caching.is_created_from_cache
    assert (tmp_path / "runs").read_text() == "1\n"
    assert outputs["evaluated"].structures.columns["status"].tolist() == ["ok"] * 4


def test_a_killed_job_is_continued_where_it_stopped(builder, wrapped):
    cut = "if [ $N = 0 ]; then sed -i '/^begin 2$/,$d' results.lammps; echo 'begin 2' >> results.lammps; fi"
    builder.lammps.code = wrapped(after=cut)
    outputs, node = run_get_node(builder)
    assert node.is_finished_ok, node.exit_message
    first, second = attempts(node)
    assert first.exit_status == 510
    assert first.outputs.evaluated.structures.columns["status"].tolist() == ["ok", "ok", "new", "new"]
    columns = outputs["evaluated"].structures.columns
    assert columns["status"].tolist() == ["ok"] * 4
    assert columns["calculation_uuid"].tolist() == [first.uuid, first.uuid, second.uuid, second.uuid]
    assert columns["tag"].tolist() == [7, 8, 9, 10]


def test_a_structure_that_kills_every_job_has_failed_alone(builder, wrapped):
    """The third structure is in the second job the first, and there it is cut again."""
    cut = "sed -i '/^begin 2$/,$d' results.lammps; echo 'begin 2' >> results.lammps"
    again = "sed -i '/^begin 0$/,$d' results.lammps; echo 'begin 0' >> results.lammps"
    builder.lammps.code = wrapped(after=f"if [ $N = 0 ]; then {cut}; fi; if [ $N = 1 ]; then {again}; fi")
    outputs, node = run_get_node(builder)
    columns = outputs["evaluated"].structures.columns
    assert columns["status"].tolist() == ["ok", "ok", "failed", "ok"]
    assert "killed twice" in columns["reason"][2]
    assert len(attempts(node)) == 3


def test_a_structure_that_crashes_lammps_has_failed_alone(builder):
    atoms = [bulk("Cu"), Atoms("Cu", cell=3 * [1e12], pbc=True), bulk("Cu")]
    builder.structures = StructureSetData(StructureSet.from_ase(atoms))
    outputs, node = run_get_node(builder)
    columns = outputs["evaluated"].structures.columns
    assert columns["status"].tolist() == ["ok", "failed", "ok"]
    assert columns["reason"][1].startswith("LAMMPS stopped: ")
    assert len(attempts(node)) == 2


def test_a_job_that_never_leaves_anything_ends_after_two_attempts(builder, wrapped):
    builder.lammps.code = wrapped(after="rm -f results.lammps log.lammps")
    builder.max_failed_fraction = 0.5
    outputs, node = run_get_node(builder)
    assert [job.exit_status for job in attempts(node)] == [310, 310]
    assert node.exit_status == 410
    assert "4 of 4 structures failed, the first because: not reached" in node.exit_message
    columns = outputs["evaluated"].structures.columns
    assert columns["status"].tolist() == ["failed"] * 4
    assert np.isnan(columns["energy"]).all()


def test_attempts_are_bounded(builder, wrapped):
    builder.lammps.code = wrapped(after="sed -i '/^begin 1$/,$d' results.lammps")
    builder.max_attempts = 2
    outputs, node = run_get_node(builder)
    columns = outputs["evaluated"].structures.columns
    assert columns["status"].tolist() == ["ok", "ok", "failed", "failed"]
    assert columns["reason"][2].startswith("not reached: LAMMPS was interrupted")
    assert node.exit_status == 0


def test_a_potential_that_lammps_refuses_ends_at_once(builder, potential):
    text = potential.get_content().splitlines()
    text[5] = "no numbers here"
    builder.lammps.potential_files = {"file": orm.SinglefileData.from_string("\n".join(text[:6]), potential.filename)}
    _, node = run_get_node(builder)
    assert node.exit_status == 420
    assert len(attempts(node)) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda builder: setattr(builder, "mode", "md"), "the mode is 'md'"),
        (lambda builder: setattr(builder, "constraints", {"cell": "loose"}), "the constraint 'cell' is 'loose'"),
        (lambda builder: setattr(builder, "constraints", {"atom": "free"}), "no constraint 'atom'"),
        (lambda builder: setattr(builder, "max_failed_fraction", 2.0), "fraction' must lie between 0 and 1, got 2.0"),
        (lambda builder: setattr(builder, "max_attempts", 0), "attempts is 0"),
    ],
)
def test_wrong_inputs_are_refused_in_words(builder, change, message):
    with pytest.raises(ValueError, match=message):
        change(builder)


def test_a_structure_without_potential_is_refused_before_anything_is_stored(builder):
    builder.structures = StructureSetData(StructureSet.from_ase([bulk("Al")]))
    with pytest.raises(ValueError, match="the potential has no Al, it is for Cu"):
        run_get_node(builder)
    assert not builder.structures.is_stored


def test_protocols_differ_in_their_tolerances(lammps_code, copper, potential):
    tolerances = []
    for protocol in ("fast", "balanced", "stringent"):
        builder = LammpsEvaluationWorkChain.get_builder_from_protocol(
            lammps_code, copper, protocol, potential_files=[potential]
        )
        tolerances.append(builder.lammps.parameters["force_tolerance"])
    assert sorted(tolerances, reverse=True) == tolerances
    overrides = {"lammps": {"parameters": {"max_steps": 3}, "metadata": {"options": {"max_wallclock_seconds": 60}}}}
    builder = LammpsEvaluationWorkChain.get_builder_from_protocol(
        lammps_code, copper, overrides=overrides, potential_files=[potential]
    )
    assert builder.lammps.parameters["max_steps"] == 3
    assert builder.lammps.metadata.options.max_wallclock_seconds == 60


def test_a_potential_must_be_told(lammps_code, copper):
    with pytest.raises(ValueError, match=r"which potential\? LAMMPS needs one"):
        LammpsEvaluationWorkChain.get_builder_from_protocol(lammps_code, copper)


def test_the_level_of_theory_names_the_potential(builder):
    assert LammpsEvaluationWorkChain.level_of_theory(builder) == "eam/alloy Cu_mishin1.eam.alloy"
