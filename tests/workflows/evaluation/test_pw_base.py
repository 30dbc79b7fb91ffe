"""The faults of the machine, one handler after the other, on jobs that only say how they ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ProcessHandlerReport
from aiida.manage import get_manager
from aiida_pseudo.groups.family import CutoffsPseudoPotentialFamily
from aiida_quantumespresso.calculations.pw import PwCalculation
from aiida_quantumespresso.common.types import RestartType
from ase import Atoms

from aiida_gbml.workflows.evaluation.pw_base import PwRestartWorkChain

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")

Codes = PwCalculation.exit_codes
Lost = (
    Codes.ERROR_NO_RETRIEVED_FOLDER,
    Codes.ERROR_OUTPUT_STDOUT_MISSING,
    Codes.ERROR_OUTPUT_XML_MISSING,
    Codes.ERROR_OUTPUT_FILES,
    Codes.ERROR_OUTPUT_STDOUT_READ,
    Codes.ERROR_OUTPUT_STDOUT_INCOMPLETE,
)


@pytest.fixture
def chain(aiida_code_installed: Any, pseudo_family: str) -> Iterator[PwRestartWorkChain]:
    """Yield a work chain as it is before its first job."""
    code = aiida_code_installed("quantumespresso.pw", filepath_executable="/bin/true")
    family = CutoffsPseudoPotentialFamily.collection.get(label=pseudo_family)
    atoms = Atoms("H", cell=[3, 3, 3], pbc=True)
    inputs = {
        "pw": {
            "code": code,
            "structure": orm.StructureData(ase=atoms),
            "pseudos": {"H": family.get_pseudo("H")},
            "parameters": orm.Dict({"ELECTRONS": {"startingpot": "file"}}),
            "parallelization": orm.Dict({"npool": 4, "ndiag": 1}),
            "metadata": {"options": {"max_wallclock_seconds": 1000, "withmpi": False}},
        },
        "kpoints_distance": orm.Float(1.0),
    }
    runner = get_manager().create_runner(loop=asyncio.new_event_loop())  # of its own: no job of these tests shall run
    process = runner.instantiate_process(PwRestartWorkChain, **inputs)
    process.setup()
    yield process
    runner.close()


@pytest.fixture
def finish(chain: PwRestartWorkChain, aiida_localhost: orm.Computer) -> Any:
    """Return a function that lets a job end with an exit code and returns what the handlers say."""

    def end(exit_code: Any, crash: str | None = None) -> ProcessHandlerReport | None:
        job = orm.CalcJobNode(computer=aiida_localhost, process_type="aiida.calculations:quantumespresso.pw")
        job.set_exit_status(exit_code.status)
        job.set_process_state("finished")
        job.store()
        if crash is not None:
            retrieved = orm.FolderData()
            retrieved.base.repository.put_object_from_bytes(crash.encode(), "CRASH")
            retrieved.base.links.add_incoming(job, LinkType.CREATE, "retrieved")
            retrieved.store()
        chain.ctx.children, chain.ctx.iteration = [job], 1
        before = chain.node.base.extras.get(chain._considered_handlers_extra, [])
        chain.node.base.extras.set(chain._considered_handlers_extra, [*before, []])
        return chain.inspect_process()

    return end


def _restarts(report: Any) -> bool:
    return report is not None and report.status == 0


def test_out_of_memory_is_met_with_less_memory_until_there_is_nothing_left(
    chain: PwRestartWorkChain, finish: Any
) -> None:
    chain.set_restart_type(RestartType.FROM_CHARGE_DENSITY, orm.RemoteData())
    assert _restarts(finish(Codes.ERROR_SCHEDULER_OUT_OF_MEMORY))
    assert chain.ctx.inputs.parallelization.get_dict() == {"npool": 1, "ndiag": 1}
    assert "parent_folder" not in chain.ctx.inputs
    assert "startingpot" not in chain.ctx.inputs.parameters["ELECTRONS"]

    assert _restarts(finish(Codes.ERROR_SCHEDULER_OUT_OF_MEMORY))
    assert chain.ctx.inputs.parameters["ELECTRONS"]["diagonalization"] == "cg"

    assert finish(Codes.ERROR_SCHEDULER_OUT_OF_MEMORY) == chain.exit_codes.ERROR_OUT_OF_MEMORY


@pytest.mark.parametrize("code", [Codes.ERROR_SCHEDULER_OUT_OF_WALLTIME, Codes.ERROR_OUT_OF_WALLTIME_INTERRUPTED])
def test_a_job_killed_at_the_wall_time_stops_earlier_by_itself(
    chain: PwRestartWorkChain, finish: Any, code: Any
) -> None:
    assert _restarts(finish(code))
    assert chain.ctx.inputs.parameters["CONTROL"]["max_seconds"] == 800
    assert _restarts(finish(code))
    last = finish(code)
    assert last.status == chain.exit_codes.ERROR_KEEPS_BEING_INTERRUPTED.status
    assert last.message.startswith("The job was interrupted 3 times (wall time)")


def test_a_node_may_fail_three_times(chain: PwRestartWorkChain, finish: Any) -> None:
    assert [_restarts(finish(Codes.ERROR_SCHEDULER_NODE_FAILURE)) for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize("code", Lost)
def test_a_lost_output_is_computed_once_more(chain: PwRestartWorkChain, finish: Any, code: Any) -> None:
    assert _restarts(finish(code))
    assert chain.ctx.inputs.parameters["CONTROL"]["restart_mode"] == "from_scratch"
    assert finish(code).status == chain.exit_codes.ERROR_KEEPS_BEING_INTERRUPTED.status


def test_an_error_of_pw_x_itself_is_not_repeated(chain: PwRestartWorkChain, finish: Any) -> None:
    last = finish(Codes.ERROR_OUTPUT_FILES, crash="from cell_dofree : error # 1")
    assert last == chain.exit_codes.ERROR_UNHANDLED_FAILURE


def test_a_disk_that_was_full_gets_another_chance(chain: PwRestartWorkChain, finish: Any) -> None:
    crash = "from davcio : error # 10 error while writing from file ./out/aiida.wfc1"
    assert _restarts(finish(Codes.ERROR_OUTPUT_FILES, crash=crash))
    assert finish(Codes.ERROR_OUTPUT_FILES, crash=crash).status == chain.exit_codes.ERROR_KEEPS_BEING_INTERRUPTED.status


def test_the_faults_of_one_kind_do_not_count_for_another(chain: PwRestartWorkChain, finish: Any) -> None:
    assert _restarts(finish(Codes.ERROR_OUTPUT_STDOUT_MISSING))
    assert _restarts(finish(Codes.ERROR_SCHEDULER_NODE_FAILURE))
    assert _restarts(finish(Codes.ERROR_SCHEDULER_OUT_OF_WALLTIME))
    assert chain.ctx.interruptions == {"lost output": 1, "node failure": 1, "wall time": 1}


def test_a_repeated_step_does_not_run_a_job_twice(chain: PwRestartWorkChain) -> None:
    with chain._process_scope():  # children are those of the process that is being run
        chain.validate_kpoints()
        chain.prepare_process()
        first = chain.run_process()
        chain.ctx.iteration = 0  # as the checkpoint has it, when the worker dies in this step
        second = chain.run_process()
    assert second["children"].pk == first["children"].pk
    assert len([child for child in chain.node.called if isinstance(child, orm.CalcJobNode)]) == 1
