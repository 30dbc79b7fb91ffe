"""Why a child of an evaluation failed, in one sentence, and whether the machine is to blame."""

from __future__ import annotations

import re
from typing import Any

from aiida import orm

_LONGEST_REASON = 200
_CRASH_FILE = "CRASH"

_LAST_OF_AIIDA = 199  # exit codes of the engine and the scheduler: no memory, no time, a node that failed
_FILES = range(300, 360)  # of aiida-quantumespresso: output that is missing, cut off or not readable
_OUT_OF_TIME = 400
_MACHINE_SAYS = re.compile(
    r"davcio|diropn|cannot (open|write|allocate)|error (while )?(opening|reading|writing)|no space left|out of memory",
    re.IGNORECASE,
)


def failure_of(child: orm.ProcessNode) -> dict[str, str]:
    """Return the ``reason`` why a child has no result and the ``calculation_uuid`` of its last calculation.

    The reason is that of the last job, where there is one that failed: the work chain around it only passes it on.
    """
    last, culprit = _last_and_culprit(child)
    return {"reason": _reason(culprit)[:_LONGEST_REASON], "calculation_uuid": last.uuid}


def row_failure_of(child: orm.ProcessNode) -> dict[str, Any]:
    """Return what :func:`failure_of` does, and as ``machine_fault`` whether it says nothing of the structure."""
    last, culprit = _last_and_culprit(child)
    told = {"reason": _reason(culprit)[:_LONGEST_REASON], "machine_fault": is_machine_fault(culprit)}
    return {**told, "calculation_uuid": last.uuid}


def is_machine_fault(node: orm.ProcessNode) -> bool:
    """Return whether a process failed for a reason that says nothing of its structure.

    Killed, out of time or memory, on a failing node or a full disk: nothing is known of the structure then. What the
    program itself complains of, such as an scf that does not converge, is a finding about the structure.
    """
    if not node.is_finished:
        return True
    crash = _crash_message(node)
    if crash:
        return _MACHINE_SAYS.search(crash) is not None
    status = node.exit_status or 0
    return 0 < status <= _LAST_OF_AIIDA or status in _FILES or status == _OUT_OF_TIME


def _last_and_culprit(child: orm.ProcessNode) -> tuple[orm.ProcessNode, orm.ProcessNode]:
    """Return the job that ran last, and what is to blame: that job, or the child when the job is fine."""
    jobs = [node for node in child.called_descendants if isinstance(node, orm.CalcJobNode)]
    last = max(jobs, key=lambda job: job.ctime, default=child)
    return last, child if last.is_finished_ok else last


def _reason(node: orm.ProcessNode) -> str:
    """Return what a process says about its own end, or the error message of its program."""
    if node.is_excepted:
        return f"{node.process_label} excepted: {(node.exception or 'unknown').strip().splitlines()[-1]}"
    if node.is_killed:
        return f"{node.process_label} was killed"
    crash = _crash_message(node)
    if crash:
        return f"{node.process_label} stopped: {crash}"
    if node.is_finished_ok:
        return f"{node.process_label} gave no trajectory"
    return f"{node.process_label} ended with exit code {node.exit_status}: {node.exit_message}"


def _crash_message(node: orm.ProcessNode) -> str:
    """Return the error message that a program of Quantum ESPRESSO left behind, or nothing."""
    if "retrieved" not in node.outputs:
        return ""
    repository = node.outputs.retrieved.base.repository
    if _CRASH_FILE not in repository.list_object_names():
        return ""
    text = repository.get_object_content(_CRASH_FILE, mode="rb").decode("ascii", errors="replace")
    lines = [line.strip() for line in text.splitlines()]
    return " ".join(line for line in lines if line and not line.startswith(("%", "task #")))
