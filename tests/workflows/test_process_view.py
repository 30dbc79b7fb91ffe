"""A work chain from outside, in each of its states."""

from __future__ import annotations

import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ProcessState

from aiida_gbml.workflows.process_view import ProcessView

pytestmark = pytest.mark.usefixtures("aiida_profile")


def chain(state: ProcessState, exit_status: int | None = None, caller: orm.WorkChainNode | None = None):
    """Return a stored work chain in a state."""
    node = orm.WorkChainNode()
    node.set_process_state(state)
    if exit_status is not None:
        node.set_exit_status(exit_status)
        node.set_exit_message("the disk is full")
    if caller is not None:
        node.base.links.add_incoming(caller, LinkType.CALL_WORK, f"child_{exit_status}")
    return node.store()


@pytest.mark.parametrize(
    ("state", "exit_status", "words"),
    [
        (ProcessState.FINISHED, 0, "finished"),
        (ProcessState.FINISHED, 410, "[410] the disk is full"),
        (ProcessState.EXCEPTED, None, "excepted"),
        (ProcessState.KILLED, None, "killed"),
        (ProcessState.RUNNING, None, "running, 0 of 0 children ended"),
    ],
)
def test_each_state_is_a_sentence(state: ProcessState, exit_status: int | None, words: str) -> None:
    assert ProcessView(chain(state, exit_status)).state == words


def test_failed_children_are_known_by_their_labels() -> None:
    parent = chain(ProcessState.WAITING)
    chain(ProcessState.FINISHED, 0, parent)
    failed = chain(ProcessState.FINISHED, 310, parent)
    view = ProcessView(parent)
    assert view.state == "waiting, 2 of 2 children ended"
    assert [(label, node.uuid) for label, node in view.failed_children()] == [("child_310", failed.uuid)]
