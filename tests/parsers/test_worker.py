"""The parser of the worker job: the right outputs or an exit code, whatever the files are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.common import LinkType
from ase.build import bulk

from aiida_gbml.parsers.worker import WorkerParser
from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.science.task import main

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")

TYPES = {"structures": "gbml.structures", "summary": "core.dict"}
STRUCTURES = StructureSet.from_ase([bulk("Cu"), bulk("Al")], energy=[-3.5, -3.4]).to_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a task that has finished."""
    (tmp_path / "parameters.json").write_text("{}")
    main(lambda *_: {"structures": STRUCTURES, "summary": b'{"regret": 0.25}'}, tmp_path)
    return tmp_path


Parse = Callable[[Path], tuple[dict[str, Any], orm.CalcFunctionNode]]


@pytest.fixture
def parse(aiida_localhost: orm.Computer) -> Parse:
    def parse(folder: Path) -> tuple[dict[str, Any], orm.CalcFunctionNode]:
        node = orm.CalcJobNode(computer=aiida_localhost, process_type="aiida.calculations:gbml.worker")
        node.set_options({"output_types": TYPES, "resources": {"num_machines": 1, "num_mpiprocs_per_machine": 1}})
        node.store()
        retrieved = orm.FolderData(tree=folder)
        retrieved.base.links.add_incoming(node, link_type=LinkType.CREATE, link_label="retrieved")
        retrieved.store()
        results, parsed = WorkerParser.parse_from_node(node, store_provenance=False)
        return results, parsed

    return parse


def test_confirmed_outputs_become_nodes(parse: Parse, folder: Path) -> None:
    results, node = parse(folder)
    assert node.is_finished_ok
    assert results["results"]["structures"].content == STRUCTURES
    assert results["results"]["summary"].get_dict() == {"regret": 0.25}


def test_a_truncated_output_is_refused(parse: Parse, folder: Path) -> None:
    (folder / "outputs" / "structures").write_bytes(STRUCTURES[:-10])
    results, node = parse(folder)
    assert node.exit_status == 311
    assert "'structures'" in node.exit_message
    assert not results.get("results")


def test_an_output_of_another_type_is_refused(parse: Parse, folder: Path) -> None:
    main(lambda *_: {"structures": b"{}", "summary": b"{}"}, folder)
    assert parse(folder)[1].exit_status == 311


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("the spacing must be positive"), 320),
        (RuntimeError("matrix not positive definite {x}"), 321),
        (MemoryError(), 321),
    ],
)
def test_failures_of_the_task_are_told_apart(parse: Parse, tmp_path: Path, error: Exception, status: int) -> None:
    def fail(*_: Any) -> dict[str, bytes]:
        raise error

    (tmp_path / "parameters.json").write_text("{}")
    main(fail, tmp_path)
    node = parse(tmp_path)[1]
    assert node.exit_status == status
    assert str(error) in node.exit_message


def test_an_empty_folder_has_its_own_code(parse: Parse, tmp_path: Path) -> None:
    assert parse(tmp_path)[1].exit_status == 310


def test_a_folder_in_the_place_of_a_file_is_no_output(parse: Parse, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").mkdir()
    (tmp_path / "manifest.json" / "x").write_text("{}")
    assert parse(tmp_path)[1].exit_status == 310


def test_mutated_files_never_raise_and_never_pass(parse: Parse, folder: Path) -> None:
    random = np.random.default_rng(2026)
    paths = [folder / "manifest.json", folder / "outputs" / "structures", folder / "outputs" / "summary"]
    truth = {path: path.read_bytes() for path in paths}
    for path in paths:
        for _ in range(15):
            damaged = bytearray(truth[path])
            place = int(random.integers(len(damaged)))
            damaged[place] ^= 1 << int(random.integers(8))
            path.write_bytes(bytes(damaged) if random.random() < 0.7 else truth[path][:place])
            results, node = parse(folder)
            if node.is_finished_ok:  # a flip in the white space of the manifest
                assert results["results"]["structures"].content == STRUCTURES
            else:
                assert node.exit_status == 311
        path.write_bytes(truth[path])
