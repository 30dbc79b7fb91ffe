"""Why a child of an evaluation failed, in one sentence."""

from __future__ import annotations

from aiida import orm

_LONGEST_REASON = 200
_CRASH_FILE = "CRASH"


def failure_of(child: orm.ProcessNode) -> dict[str, str]:
    """Return the ``reason`` why a child has no result and the ``calculation_uuid`` of its last calculation.

    The reason is that of the last job, where there is one that failed: the work chain around it only passes it on.
    """
    jobs = [node for node in child.called_descendants if isinstance(node, orm.CalcJobNode)]
    last = max(jobs, key=lambda job: job.ctime, default=child)
    culprit = child if last.is_finished_ok else last
    return {"reason": _reason(culprit)[:_LONGEST_REASON], "calculation_uuid": last.uuid}


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
