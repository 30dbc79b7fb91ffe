"""The job that runs one of the project's own Python tasks on a computer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from aiida import orm
from aiida.common import CalcInfo, CodeInfo
from aiida.common.folders import Folder
from aiida.engine import CalcJob, CalcJobProcessSpec, PortNamespace

from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.data.task_output import output_class
from aiida_gbml.science.strict_json import write_json
from aiida_gbml.science.task import ERROR, INPUTS, MANIFEST, NAME, OUTPUTS, PARAMETERS

LOG = "task.log"
MOST_ARCHIVES = 150

_TASK = re.compile(r"aiida_gbml\.science(\.[a-z][a-z0-9_]*)+")


class WorkerCalculation(CalcJob):
    """Run ``python -m aiida_gbml.science.<domain>.<task>``: archives and parameters in, archives out.

    The computer needs a Python with this package but without AiiDA; :mod:`aiida_gbml.science.task` is the protocol.
    """

    CACHE_VERSION: int | None = 2

    @classmethod
    def define(cls, spec: CalcJobProcessSpec) -> None:
        """Declare ports and exit codes."""
        super().define(spec)
        spec.input("code", valid_type=orm.AbstractCode, help="Python interpreter with aiida_gbml.science installed.")
        spec.input_namespace(
            "arrays",
            valid_type=ArchiveData,
            required=False,
            validator=_validate_archives,
            help=f"Archives by the names under which the task reads them; at most {MOST_ARCHIVES}.",
        )
        spec.input(
            "parameters",
            valid_type=orm.Dict,
            serializer=orm.to_aiida_type,
            default=lambda: orm.Dict({}),
            help="Parameters of the task; keys and units are in its documentation.",
        )
        _define_options(spec)
        spec.output_namespace(
            "results", dynamic=True, valid_type=orm.Data, help="Outputs of the task, as named in `output_types`."
        )
        _define_exit_codes(spec)

    def prepare_for_submission(self, folder: Folder) -> CalcInfo:
        """Write the parameters, list the archives to copy and the outputs to bring back."""
        with folder.open(PARAMETERS, "wb") as handle:
            handle.write(write_json(self.inputs.parameters.get_dict()))
        code_info = CodeInfo()
        code_info.code_uuid = self.inputs.code.uuid
        code_info.cmdline_params = ["-m", self.inputs.metadata.options.task]
        code_info.stdout_name = code_info.stderr_name = LOG
        code_info.join_files = True
        info = CalcInfo()
        info.codes_info = [code_info]
        archives = self.inputs.get("arrays", {})
        info.local_copy_list = [(node.uuid, node.FILENAME, f"{INPUTS}/{name}") for name, node in archives.items()]
        outputs = sorted(self.inputs.metadata.options.output_types)
        info.retrieve_list = [MANIFEST, ERROR, LOG, *((f"{OUTPUTS}/{name}", ".", 2) for name in outputs)]
        return info


def _define_options(spec: CalcJobProcessSpec) -> None:
    """Declare the options that are not AiiDA's own, and the defaults of those that are."""
    options: Any = spec.inputs["metadata"]["options"]
    options["parser_name"].default = "gbml.worker"
    options["resources"].default = {"num_machines": 1, "num_mpiprocs_per_machine": 1}
    options["withmpi"].default = False
    # What is run is a constant of whoever asks for it, not data: an option, and no node that nothing has made.
    spec.input(
        "metadata.options.task",
        valid_type=str,
        validator=_validate_task,
        help="Module to run, such as 'aiida_gbml.science.environment'; an attribute of the job, by which it is found.",
    )
    spec.input(
        "metadata.options.output_types",
        valid_type=dict,
        validator=_validate_output_types,
        help="Entry point of the data type that each output becomes, by name, such as {'environment': 'core.dict'}.",
    )


def _define_exit_codes(spec: CalcJobProcessSpec) -> None:
    """Declare what can go wrong: 31x the files, 32x the task itself. What another run may cure is not cached."""
    spec.exit_code(
        310,
        "ERROR_NO_MANIFEST",
        invalidates_cache=True,
        message=f"The task left no output: it did not start or was killed. See '{LOG}' and the scheduler's output.",
    )
    spec.exit_code(
        311,
        "ERROR_OUTPUT_DAMAGED",
        invalidates_cache=True,
        message="An output is not what the task wrote: {reason}. Run it again; check the disk and the transfer.",
    )
    spec.exit_code(320, "ERROR_INPUT_REFUSED", message="The task refused its input: {reason}")
    spec.exit_code(
        321,
        "ERROR_TASK_CRASHED",
        invalidates_cache=True,
        message=f"The task ended in an unexpected error: {{reason}}. See '{LOG}'.",
    )


def _validate_task(task: str, _: PortNamespace) -> str | None:
    """Accept only modules of the science package that are there."""
    if not _TASK.fullmatch(task) or not _is_module(task):
        return f"there is no task '{task}', expected a module such as 'aiida_gbml.science.environment'"
    return None


def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # a parent is missing or no package
        return False


def _validate_archives(archives: Mapping[str, ArchiveData] | None, _: PortNamespace) -> str | None:
    """Accept only names that are safe as file names."""
    names = sorted(archives or {})
    if len(names) > MOST_ARCHIVES:
        return f"{len(names)} archives are given, at most {MOST_ARCHIVES} are allowed: merge some of them first"
    return _refuse_names(names)


def _validate_output_types(output_types: Mapping[str, str], _: PortNamespace) -> str | None:
    """Accept only safe names and the data types that an output may become."""
    if not output_types:
        return "name at least one output of the task, with its data type"
    try:
        for entry_point in output_types.values():
            output_class(entry_point)
    except ValueError as exception:
        return str(exception)
    return _refuse_names(sorted(output_types))


def _refuse_names(names: list[str]) -> str | None:
    """Return why one of the names cannot be a file name, if so."""
    for name in names:
        if not NAME.fullmatch(name):
            return f"the name {name!r} is not allowed, expected lower-case letters, digits and '_'"
    return None
