"""What the restarting work chain does about each end of a job, on jobs that only say how they ended."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from aiida.engine import ExitCode
from aiida.manage import get_manager
from xspectra_files import PLOT, XSPECTRA, attach, core_orbitals, finish, folder_of, parent_folder

from aiida_gbml.calculations.xspectra import XspectraCalculation
from aiida_gbml.workflows.spectra.xspectra_base import XspectraRestartWorkChain

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")

Codes = XspectraCalculation.exit_codes


@pytest.fixture
def chain(serial_code: Any, aiida_localhost: orm.Computer, tmp_path: Path) -> Iterator[XspectraRestartWorkChain]:
    """Yield a work chain as it is before its first job."""
    kpoints = orm.KpointsData()
    kpoints.set_kpoints_mesh([1, 1, 1])
    inputs = {
        "code": serial_code("gbml.xspectra", Path("/bin/true")),
        "parent_folder": parent_folder(aiida_localhost, str(tmp_path)),
        "parameters": orm.Dict({"PLOT": PLOT}),
        "kpoints": kpoints,
        "core_orbitals": orm.SinglefileData(io.BytesIO(core_orbitals().encode()), filename="O.core"),
        "absorber": orm.Str("O1"),
        "metadata": {"options": {"resources": {"num_machines": 1, "num_mpiprocs_per_machine": 1}}},
    }
    runner = get_manager().create_runner(loop=asyncio.new_event_loop())  # of its own: no job of these tests shall run
    process = runner.instantiate_process(XspectraRestartWorkChain, xspectra=inputs)
    process.setup()
    yield process
    runner.close()


@pytest.fixture
def end(chain: XspectraRestartWorkChain, aiida_localhost: orm.Computer) -> Any:
    """Return a function that lets a job end with an exit code, and returns what follows and the job."""

    def end(exit_code: ExitCode, chains: int = 4) -> tuple[ExitCode | None, orm.CalcJobNode]:
        job = finish(XSPECTRA, aiida_localhost, {}, exit_code.status)
        attach(job, "retrieved", folder_of({}))
        attach(job, "output_parameters", orm.Dict({"lanczos_chains": [chains]}))
        chain.ctx.children, chain.ctx.iteration = [job], 1
        before = chain.node.base.extras.get(chain._considered_handlers_extra, [])
        chain.node.base.extras.set(chain._considered_handlers_extra, [*before, []])
        return chain.inspect_process(), job

    return end


@pytest.mark.parametrize("code", [Codes.ERROR_INTERRUPTED, Codes.ERROR_SCHEDULER_OUT_OF_WALLTIME])
def test_an_interrupted_job_goes_on_from_what_it_saved(chain, end, code):
    result, job = end(code)
    assert result.status == 0
    assert not chain.ctx.is_finished
    assert chain.ctx.inputs.save_folder.uuid == job.outputs.retrieved.uuid


def test_time_limits_may_go_on_as_long_as_there_is_progress(chain, end):
    for chains in (4, 8, 12):
        assert end(Codes.ERROR_INTERRUPTED, chains)[0].status == 0
    assert end(Codes.ERROR_INTERRUPTED, 12)[0].status == 331


@pytest.mark.parametrize(
    ("code", "at_most"),
    [
        (Codes.ERROR_SCHEDULER_OUT_OF_WALLTIME, 2),
        (Codes.ERROR_SCHEDULER_NODE_FAILURE, 3),
        (Codes.ERROR_OUTPUT_STDOUT_MISSING, 1),
        (Codes.ERROR_OUTPUT_STDOUT_INCOMPLETE, 1),
        (Codes.ERROR_NO_RETRIEVED_FOLDER, 1),
    ],
)
def test_faults_of_the_machine_are_tried_so_often(end, code, at_most):
    for _ in range(at_most):
        assert end(code)[0].status == 0
    result, _ = end(code)
    assert result.status == 331
    assert f"{at_most + 1} times" in result.message


@pytest.mark.parametrize("code", [Codes.ERROR_PROGRAM_STOPPED, Codes.ERROR_SPECTRUM_NOT_USABLE])
def test_what_would_come_again_is_not_tried_again(end, code):
    assert end(code)[0].status == 402


def test_more_iterations_are_tried_once_and_then_the_spectra_stand(chain, end):
    chain.ctx.inputs.save_folder = folder_of({}).store()
    assert end(Codes.WARNING_LANCZOS_NOT_CONVERGED)[0].status == 0
    assert chain.ctx.inputs.parameters.get_dict()["INPUT_XSPECTRA"]["xniter"] == 4000
    assert chain.ctx.inputs.parameters.creator.process_label == "extend_lanczos"
    assert "save_folder" not in chain.ctx.inputs  # the chains that ended too early would count as done
    assert not chain.ctx.is_finished
    assert end(Codes.WARNING_LANCZOS_NOT_CONVERGED)[0].status == 0
    assert chain.ctx.is_finished
