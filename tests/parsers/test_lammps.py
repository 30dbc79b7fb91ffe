"""Tests of aiida_gbml.parsers.lammps: rows or an exit code, whatever was retrieved."""

import numpy as np
import pytest
from aiida import orm
from aiida.common import LinkType
from ase.build import bulk

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.parsers.lammps import LammpsParser
from aiida_gbml.science.engines.lammps import LOG, RESULTS, LammpsPotential, LammpsSettings, run_batch
from aiida_gbml.science.structure_set import StructureSet

pytestmark = [pytest.mark.lammps, pytest.mark.usefixtures("aiida_profile")]

STRUCTURES = StructureSet.from_ase([bulk("Cu", a=a, cubic=True) for a in (3.5, 3.6, 3.7)])


@pytest.fixture(scope="module")
def results(lmp, tmp_path_factory):
    """Return the results of a run that went well."""
    folder = tmp_path_factory.mktemp("run")
    morse = LammpsPotential("morse 6.0", ("* * 0.34 1.36 2.87",))
    run_batch(lmp, STRUCTURES, morse, LammpsSettings(), potential_files={}, folder=folder)
    return (folder / "from_0" / RESULTS).read_bytes()


@pytest.fixture
def parse(aiida_localhost, tmp_path):
    """Return a function that parses some retrieved files."""

    def parse(files, scheduler_status=None, **inputs):
        node = orm.CalcJobNode(computer=aiida_localhost, process_type="aiida.calculations:gbml.lammps")
        node.set_options({"resources": {"num_machines": 1, "num_mpiprocs_per_machine": 1}})
        given = {"structures": StructureSetData(STRUCTURES), "mode": orm.Str("static")}
        given |= {"constraints": orm.Dict({}), "parameters": orm.Dict({}), **inputs}
        for label, data in given.items():
            node.base.links.add_incoming(data.store(), link_type=LinkType.INPUT_CALC, link_label=label)
        node.store()
        if scheduler_status is not None:
            node.set_exit_status(scheduler_status)
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        retrieved = orm.FolderData(tree=tmp_path)
        retrieved.base.links.add_incoming(node, link_type=LinkType.CREATE, link_label="retrieved")
        retrieved.store()
        outputs, parsed = LammpsParser.parse_from_node(node, store_provenance=False)
        return outputs["evaluated"].structures if "evaluated" in outputs else None, parsed, node

    return parse


def test_a_finished_run_becomes_a_set(parse, results):
    evaluated, parsed, node = parse({RESULTS: results})
    assert parsed.exit_status == 0
    assert evaluated.columns["status"].tolist() == ["ok"] * 3
    assert evaluated.columns["calculation_uuid"].tolist() == [node.uuid] * 3


def test_an_interrupted_run_says_how_far_it_came(parse, results):
    cut = results[: results.index(b"begin 2") + 50]
    evaluated, parsed, _ = parse({RESULTS: cut})
    assert parsed.exit_status == 510
    assert "2 of 3 structures are done" in parsed.exit_message
    assert evaluated.columns["status"].tolist() == ["ok", "ok", "new"]


def test_rows_of_an_earlier_job_are_kept(parse, results):
    before, _, earlier = parse({RESULTS: results[: results.index(b"begin 1")]})
    first_two = results[: results.index(b"begin 2")]
    evaluated, parsed, later = parse({RESULTS: first_two}, previous=StructureSetData(before))
    # The second job saw the structures 1 and 2 as its 0 and 1: the results of others do not fit them.
    assert evaluated.columns["status"].tolist() == ["ok", "failed", "failed"]
    assert evaluated.columns["calculation_uuid"].tolist() == [earlier.uuid, later.uuid, later.uuid]
    assert evaluated.columns["energy"][0] == before.columns["energy"][0]
    assert parsed.exit_status == 0


@pytest.mark.parametrize(
    ("files", "status", "message"),
    [
        ({}, 310, "did not start or was killed"),
        ({LOG: b"ERROR: Incorrect element names in EAM potential file\n"}, 320, "Incorrect element names"),
        ({RESULTS: b"LAMMPS (29 Sep 2021)\n"}, 311, "do not start with their header"),
        ({RESULTS: b"\xff\xfe\0\x01"}, 311, "do not start with their header"),
    ],
)
def test_no_results_are_no_set(parse, files, status, message):
    evaluated, parsed, _ = parse(files)
    assert evaluated is None
    assert parsed.exit_status == status
    assert message in parsed.exit_message


def test_two_runs_in_one_file_are_refused(parse, results):
    evaluated, parsed, _ = parse({RESULTS: 2 * results})
    assert evaluated is None
    assert parsed.exit_status == 311
    assert "more than one run" in parsed.exit_message


@pytest.mark.parametrize("status", [110, 120, 140])
def test_what_the_scheduler_says_is_not_overruled(parse, results, status):
    """No exit code of the parser: that of the scheduler (out of memory, walltime, node failure) stands."""
    evaluated, parsed, _ = parse({RESULTS: results[: results.index(b"begin 2")]}, status)
    assert parsed.exit_status == 0
    assert evaluated.columns["status"].tolist() == ["ok", "ok", "new"]
    evaluated, parsed, _ = parse({RESULTS: b""}, status)
    assert parsed.exit_status == 0
    assert evaluated is None


def test_random_bytes_raise_nothing(parse, results):
    rng = np.random.default_rng(3)
    for _ in range(5):
        at = int(rng.integers(len(results)))
        evaluated, parsed, _ = parse({RESULTS: results[:at] + rng.bytes(100) + results[at + 100 :]})
        assert parsed.is_finished
        assert evaluated is None or "failed" in evaluated.columns["status"] or "new" in evaluated.columns["status"]
