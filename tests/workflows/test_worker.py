"""The namespace of a worker, and the jobs that are made of it."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from aiida import orm
from aiida.engine import WorkChain, run_get_node
from aiida.engine.processes.workchains.workchain import WorkChainSpec

from aiida_gbml.calculations.worker import WorkerCalculation
from aiida_gbml.workflows.worker import expose_worker, worker_inputs, worker_job

pytestmark = pytest.mark.usefixtures("aiida_profile")


@pytest.mark.parametrize("required", [True, False])
def test_the_namespace_holds_the_code_and_options_but_neither_task_nor_outputs(required: bool) -> None:
    spec = WorkChainSpec()
    WorkChain.define(spec)
    expose_worker(spec, "Python that computes.", required=required)
    ports: Any = spec.inputs["worker"]
    assert set(ports) == {"code", "metadata", "monitors", "remote_folder"} & set(ports)
    assert not {"task", "output_types"} & set(ports["metadata"]["options"])
    assert "resources" in ports["metadata"]["options"]
    assert ports.required is required
    assert WorkerCalculation.spec().inputs["metadata"]["options"]["output_types"].required  # type: ignore[index]


def test_a_job_runs_the_task_with_the_options_of_the_namespace(serial_code: Any) -> None:
    given = worker_inputs(serial_code("gbml.worker", sys.executable), {"max_wallclock_seconds": 60})
    parameters = orm.Dict({"distributions": ["numpy"]})
    process, inputs = worker_job(given, "environment", {}, parameters, {"environment": "core.dict"})
    node = run_get_node(process, **inputs)[1]
    assert node.is_finished_ok, node.exit_message
    assert list(node.outputs.results.environment["versions"]) == ["numpy"]
    assert node.get_option("max_wallclock_seconds") == 60
    assert node.get_option("task") == "aiida_gbml.science.environment"
    assert {link.link_label for link in node.base.links.get_incoming().all()} == {"code", "parameters"}
    assert "output_types" not in given["metadata"]["options"]  # what was given is not changed
