"""The worker job: what it accepts, and real runs."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.engine import run_get_node
from aiida.manage.caching import enable_caching
from ase.build import bulk

from aiida_gbml.calculations.worker import MOST_ARCHIVES, WorkerCalculation
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")

TASK = "aiida_gbml.science.environment"

# An interpreter that runs, whatever module it is asked for, the task that doubles each set of structures.
DOUBLING = f"""#!{sys.executable}
import sys
from aiida_gbml.science.structure_set import StructureSet, concatenate
from aiida_gbml.science.task import main

def run(inputs, parameters):
    if parameters.get("refuse"):
        raise ValueError("the sets are too large")
    sets = {{name: StructureSet.from_bytes(content) for name, content in inputs.items()}}
    return {{name: concatenate([one, one]).to_bytes() for name, one in sets.items()}}

sys.exit(main(run))
"""


@pytest.fixture
def worker(aiida_code_installed: Callable[..., orm.InstalledCode]) -> orm.InstalledCode:
    return aiida_code_installed(default_calc_job_plugin="gbml.worker", filepath_executable=sys.executable)


@pytest.fixture
def doubling(tmp_path: Path, aiida_code_installed: Callable[..., orm.InstalledCode]) -> orm.InstalledCode:
    script = tmp_path / "doubling"
    script.write_text(DOUBLING)
    script.chmod(0o755)
    return aiida_code_installed(default_calc_job_plugin="gbml.worker", filepath_executable=str(script))


def run(
    code: orm.InstalledCode, types: dict[str, str], task: str = TASK, **inputs: Any
) -> tuple[dict[str, Any], orm.CalcJobNode]:
    metadata = {"options": {"task": task, "output_types": types}}
    results, node = run_get_node(WorkerCalculation, code=code, metadata=metadata, **inputs)
    return results.get("results", {}), node


def test_a_task_runs_without_archives(worker: orm.InstalledCode) -> None:
    parameters = {"distributions": ["numpy"]}
    results, node = run(worker, {"environment": "core.dict"}, parameters=parameters)
    assert node.is_finished_ok, node.exit_message
    assert results["environment"]["versions"] == {"numpy": np.__version__}


def test_archives_go_in_and_come_out(doubling: orm.InstalledCode) -> None:
    structures = StructureSet.from_ase([bulk("Cu"), bulk("NaCl", "rocksalt", a=5.6)])
    results, node = run(doubling, {"first": "gbml.structures"}, arrays={"first": StructureSetData(structures)})
    assert node.is_finished_ok, node.exit_message
    assert isinstance(results["first"], StructureSetData)
    assert np.array_equal(results["first"].structures.numbers, np.tile(structures.numbers, 2))
    assert results["first"].base.links.get_incoming().one().node.pk == node.pk


def test_the_sentence_of_a_refusal_reaches_the_user(doubling: orm.InstalledCode) -> None:
    results, node = run(doubling, {"first": "gbml.structures"}, parameters={"refuse": True})
    assert node.exit_status == 320
    assert node.exit_message == "The task refused its input: the sets are too large"
    assert not results


def test_an_interpreter_without_the_package_is_named(aiida_code_installed: Callable[..., orm.InstalledCode]) -> None:
    code = aiida_code_installed(default_calc_job_plugin="gbml.worker", filepath_executable="/bin/false")
    _, node = run(code, {"environment": "core.dict"})
    assert node.exit_status == 310
    assert "did not start or was killed" in node.exit_message


def test_the_same_job_runs_once(worker: orm.InstalledCode) -> None:
    inputs: dict[str, Any] = {"parameters": {"distributions": ["numpy"]}}
    _, first = run(worker, {"environment": "core.dict"}, **inputs)
    with enable_caching(identifier="aiida.calculations:gbml.worker"):
        _, again = run(worker, {"environment": "core.dict"}, **inputs)
        _, other = run(worker, {"environment": "core.dict"}, parameters={"distributions": ["scipy"]})
    assert again.base.caching.get_cache_source() == first.uuid
    assert other.base.caching.get_cache_source() is None


@pytest.mark.parametrize(
    "task",
    [
        "os",
        "aiida_gbml.science",
        "aiida_gbml.science.no_such_task",
        "aiida_gbml.science.environment.deeper",
        "aiida_gbml.cli",
        "aiida_gbml.science.environment; rm -rf ~",
        "aiida_gbml.science.environment\n",
        "aiida_gbml.science..environment",
        "",
    ],
)
def test_only_tasks_of_the_package_run(worker: orm.InstalledCode, task: str) -> None:
    with pytest.raises(ValueError, match="there is no task"):
        run(worker, {"environment": "core.dict"}, task=task)


@pytest.mark.parametrize(
    ("types", "message"),
    [
        ({}, "at least one output"),
        ({"../outside": "core.dict"}, "name '../outside' is not allowed"),
        ({"a b": "core.dict"}, "not allowed"),
        ({"environment": "core.folder"}, "cannot become 'core.folder'"),
        ({"environment": "no.such.type"}, "no data type 'no.such.type'"),
    ],
)
def test_output_types_come_from_a_closed_list(worker: orm.InstalledCode, types: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        run(worker, types)


def test_names_of_archives_are_safe_and_few(worker: orm.InstalledCode) -> None:
    node = StructureSetData(StructureSet.from_ase([bulk("Cu")]))
    with pytest.raises(ValueError, match="name 'Upper' is not allowed"):
        run(worker, {"environment": "core.dict"}, arrays={"Upper": node})
    many = {f"set_{index}": node for index in range(MOST_ARCHIVES + 1)}
    with pytest.raises(ValueError, match="151 archives are given, at most 150"):
        run(worker, {"environment": "core.dict"}, arrays=many)


def test_what_another_run_may_cure_is_not_taken_from_the_cache() -> None:
    cured = ("ERROR_NO_MANIFEST", "ERROR_OUTPUT_DAMAGED", "ERROR_TASK_CRASHED")
    assert all(WorkerCalculation.exit_codes[label].invalidates_cache for label in cured)
    assert not WorkerCalculation.exit_codes.ERROR_INPUT_REFUSED.invalidates_cache
