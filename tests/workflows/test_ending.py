"""Tests of aiida_gbml.workflows.ending."""

from __future__ import annotations

import pytest
from aiida import orm
from aiida.engine import ProcessState

from aiida_gbml.workflows.ending import ending_of, reason_of

pytestmark = pytest.mark.usefixtures("aiida_profile")


def ended(state: ProcessState, message: str | None = None, exception: str | None = None) -> orm.CalcJobNode:
    node = orm.CalcJobNode()
    node.set_process_state(state)
    if message:
        node.set_exit_status(320)
        node.set_exit_message(message)
    if exception:
        node.set_exception(exception)
    return node.store()


def test_every_end_has_a_sentence() -> None:
    assert reason_of(ended(ProcessState.FINISHED, "it was refused")) == "it was refused"
    killed = ended(ProcessState.KILLED)
    assert reason_of(killed) == f"process {killed.pk} was killed"
    excepted = ended(ProcessState.EXCEPTED, exception="Traceback:\n  line\nOSError: the disk is full\n")
    assert reason_of(excepted) == f"process {excepted.pk} excepted: OSError: the disk is full"


def test_every_failure_is_called_what_it_was() -> None:
    assert ending_of(ended(ProcessState.FINISHED, "it was refused")) == "[320] it was refused"
    assert ending_of(ended(ProcessState.KILLED)) == "being killed"
    excepted = ended(ProcessState.EXCEPTED, exception="Traceback:\n  line\nOSError: the disk is full\n")
    assert ending_of(excepted) == "an exception: OSError: the disk is full"
