"""The worker of a work chain: the Python that runs its tasks, as one namespace of inputs.

A task that is quick for small inputs is done by the work chain itself unless it has a worker, see :func:`run_task`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from aiida import orm
from aiida.engine import ProcessSpec

from aiida_gbml.calculations.worker import WorkerCalculation
from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.workflows.fan_out import FanOut, Launch


class Task(NamedTuple):
    """What a work chain does itself, or has done by its worker; its inputs are archives and ``parameters``.

    :param function: calculation function that does it.
    :param module: task that does the same, below `aiida_gbml.science`.
    :param output_types: entry point of the data type of each output.
    """

    function: Callable[..., Any]
    module: str
    output_types: Mapping[str, str]


def expose_worker(spec: ProcessSpec, purpose: str, *, required: bool = True) -> None:
    """Declare the namespace ``worker``: the code, and the options of its jobs; tasks and outputs are the work chain's.

    :param purpose: what it is for, in words.
    """
    spec.expose_inputs(
        WorkerCalculation,
        namespace="worker",
        exclude=("arrays", "parameters"),
        namespace_options={"required": required, "populate_defaults": required, "help": purpose},
    )
    ports: Any = spec.inputs
    for name in ("task", "output_types"):
        del ports["worker"]["metadata"]["options"][name]


def worker_job(
    worker: Mapping[str, Any],
    task: str,
    arrays: Mapping[str, ArchiveData],
    parameters: orm.Dict,
    output_types: Mapping[str, str],
) -> Launch:
    """Return the job that runs a task.

    :param worker: inputs of the namespace ``worker``.
    :param task: module of the task below `aiida_gbml.science`, such as `compounds.fit_property`.
    :param arrays: archives that it reads.
    :param parameters: of the task.
    :param output_types: entry point of the data type of each output.
    """
    metadata = dict(worker.get("metadata", {}))
    own = {"task": f"aiida_gbml.science.{task}", "output_types": dict(output_types)}
    options = {**metadata.get("options", {}), **own}
    given = {name: value for name, value in worker.items() if name != "metadata"}
    return WorkerCalculation, {
        **given,
        "arrays": dict(arrays),
        "parameters": parameters,
        "metadata": {**metadata, "options": options},
    }


def run_task(
    chain: FanOut,
    label: str,
    task: Task,
    arrays: Mapping[str, ArchiveData],
    parameters: orm.Dict,
    *,
    max_concurrent: int = 1,
) -> None:
    """Do a task in the work chain itself, or as a job of its worker where there is one; the last act of a step.

    :param label: call-link label, of the function or of the job.
    :param max_concurrent: how many children of the work chain may be active, this one included.
    """
    if "worker" in chain.inputs:
        job = worker_job(chain.inputs.worker, task.module, arrays, parameters, task.output_types)
        chain.fan_out([label], lambda _: job, max_concurrent)
    else:
        chain.call_once(label, task.function, **arrays, parameters=parameters)


def output_of(child: orm.ProcessNode, name: str) -> Any:
    """Return an output of a child, be it of a job of the worker; none when it failed before it made one."""
    outputs = child.outputs.results if "results" in child.outputs else child.outputs
    return getattr(outputs, name) if name in outputs else None


def worker_inputs(code: orm.AbstractCode, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the inputs of the namespace ``worker`` for a code.

    :param options: of the scheduler; one process on one machine by default.
    """
    resources = {"num_machines": 1, "num_mpiprocs_per_machine": 1}
    return {"code": code, "metadata": {"options": {"resources": resources, **(options or {})}}}
