"""How a process ended, in one sentence."""

from __future__ import annotations

from aiida import orm


def reason_of(child: orm.ProcessNode) -> str:
    """Return why a child has no result."""
    if child.is_excepted:
        return f"process {child.pk} excepted: {(child.exception or 'unknown').strip().splitlines()[-1]}"
    return str(child.exit_message or f"process {child.pk} was killed")


def ending_of(node: orm.ProcessNode) -> str:
    """Return with what a failed process ended: its exit code and message, an exception, or being killed."""
    if node.exit_status is not None:
        return f"[{node.exit_status}] {node.exit_message}"
    if node.is_excepted:
        return f"an exception: {(node.exception or 'unknown').strip().splitlines()[-1]}"
    return "being killed"
