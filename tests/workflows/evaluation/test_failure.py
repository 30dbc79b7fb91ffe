"""Why a child failed, in one sentence."""

from __future__ import annotations

from typing import Any

import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida_quantumespresso.calculations.pw import PwCalculation

from aiida_gbml.workflows.evaluation.failure import failure_of, is_machine_fault, row_failure_of

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")

CRASH = """
 %%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%
     task #         0
     from cell_dofree : error #         1
     Isotropic expansion is only allowed for ibrav=1
 %%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%
"""


def _chain(exit_status: int = 402) -> orm.WorkChainNode:
    node = orm.WorkChainNode(label="chain")
    node.set_process_label("Chain")
    node.set_process_state("finished")
    node.set_exit_status(exit_status)
    node.set_exit_message("an unhandled failure")
    return node.store()


def _job(chain: orm.WorkChainNode, computer: orm.Computer, **attributes: Any) -> orm.CalcJobNode:
    node = orm.CalcJobNode(computer=computer, process_type="aiida.calculations:quantumespresso.pw")
    node.set_process_label("Job")
    node.base.attributes.set_many(attributes)
    node.base.links.add_incoming(chain, LinkType.CALL_CALC, f"iteration_{len(chain.called):02d}")
    return node.store()


def test_the_last_job_tells_the_reason(aiida_localhost: orm.Computer) -> None:
    chain = _chain()
    _job(chain, aiida_localhost, process_state="finished", exit_status=400, exit_message="out of walltime")
    last = _job(chain, aiida_localhost, process_state="finished", exit_status=410, exit_message="no convergence")
    failure = failure_of(chain)
    assert failure == {"reason": "Job ended with exit code 410: no convergence", "calculation_uuid": last.uuid}
    assert row_failure_of(chain) == {**failure, "machine_fault": False}


def test_the_message_of_the_program_beats_the_exit_code(aiida_localhost: orm.Computer) -> None:
    chain = _chain()
    job = _job(chain, aiida_localhost, process_state="finished", exit_status=305, exit_message="no output")
    _crash(job, CRASH)
    reason = failure_of(chain)["reason"]
    assert reason == "Job stopped: from cell_dofree : error #         1 Isotropic expansion is only allowed for ibrav=1"


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        (
            {"process_state": "excepted", "exception": "Traceback\n  line\nValueError: bad\n"},
            "excepted: ValueError: bad",
        ),
        ({"process_state": "excepted"}, "excepted: unknown"),
        ({"process_state": "killed"}, "was killed"),
        ({"process_state": "finished", "exit_status": 1, "exit_message": "x" * 1000}, "ended with exit code 1: xxx"),
    ],
)
def test_every_end_has_a_name(aiida_localhost: orm.Computer, attributes: dict[str, Any], reason: str) -> None:
    chain = _chain()
    _job(chain, aiida_localhost, **attributes)
    told = failure_of(chain)["reason"]
    assert told.startswith(f"Job {reason}")
    assert len(told) <= 200


Codes = PwCalculation.exit_codes


@pytest.mark.parametrize(
    "code",
    [
        Codes.ERROR_NO_RETRIEVED_FOLDER,
        Codes.ERROR_SCHEDULER_OUT_OF_MEMORY,
        Codes.ERROR_SCHEDULER_OUT_OF_WALLTIME,
        Codes.ERROR_SCHEDULER_NODE_FAILURE,
        Codes.ERROR_OUTPUT_STDOUT_MISSING,
        Codes.ERROR_OUTPUT_STDOUT_INCOMPLETE,
        Codes.ERROR_OUTPUT_XML_PARSE,
        Codes.ERROR_OUT_OF_WALLTIME_INTERRUPTED,
        Codes.ERROR_OUT_OF_WALLTIME,
    ],
)
def test_what_the_machine_does_says_nothing_of_the_structure(aiida_localhost: orm.Computer, code: Any) -> None:
    chain = _chain()
    _job(chain, aiida_localhost, process_state="finished", exit_status=code.status)
    assert row_failure_of(chain)["machine_fault"]


@pytest.mark.parametrize(
    "code",
    [
        Codes.ERROR_G_PAR,
        Codes.ERROR_ELECTRONIC_CONVERGENCE_NOT_REACHED,
        Codes.ERROR_COMPUTING_CHOLESKY,
        Codes.ERROR_IONIC_CYCLE_BFGS_HISTORY_FAILURE,
        Codes.ERROR_CHARGE_IS_WRONG,
    ],
)
def test_what_pw_x_finds_is_an_observation(aiida_localhost: orm.Computer, code: Any) -> None:
    chain = _chain()
    _job(chain, aiida_localhost, process_state="finished", exit_status=code.status)
    assert not row_failure_of(chain)["machine_fault"]


def test_a_chain_that_excepts_or_is_killed_says_nothing_of_the_structure(aiida_localhost: orm.Computer) -> None:
    for state in ("excepted", "killed"):
        chain = _chain()
        chain.set_process_state(state)
        _job(chain, aiida_localhost, process_state="finished", exit_status=0)
        assert row_failure_of(chain)["machine_fault"]
    assert not row_failure_of(_chain(exit_status=201))["machine_fault"]


@pytest.mark.parametrize(
    ("message", "is_fault"),
    [
        ("from davcio : error # 10 error while writing from file ./out/aiida.wfc1", True),
        ("from diropn : error # 3 error opening ./out/aiida.mix1", True),
        ("from electrons : error # 1 charge is wrong", False),
        ("from cdiaghg : error # 3 problems computing cholesky", False),
    ],
)
def test_a_full_disk_is_told_from_a_bad_input(aiida_localhost: orm.Computer, message: str, is_fault: bool) -> None:
    job = _job(_chain(), aiida_localhost, process_state="finished", exit_status=305)
    _crash(job, message)
    assert is_machine_fault(job) is is_fault


def _crash(job: orm.CalcJobNode, text: str) -> None:
    """Let a job have left a file CRASH."""
    retrieved = orm.FolderData()
    retrieved.base.repository.put_object_from_bytes(text.encode(), "CRASH")
    retrieved.base.links.add_incoming(job, LinkType.CREATE, "retrieved")
    retrieved.store()


def test_without_a_failed_job_the_chain_itself_tells(aiida_localhost: orm.Computer) -> None:
    chain = _chain(exit_status=201)
    assert failure_of(chain) == {
        "reason": "Chain ended with exit code 201: an unhandled failure",
        "calculation_uuid": chain.uuid,
    }
    _job(chain, aiida_localhost, process_state="finished", exit_status=0)
    assert failure_of(chain)["reason"].startswith("Chain ended with exit code 201")
