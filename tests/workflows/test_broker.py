"""Tests of aiida_gbml.workflows.broker; what comes of it is tested with a real daemon in tests/faults."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
from aiida import orm
from aiida.brokers.zeromq import ZeromqBroker
from aiida.engine.daemon.client import DaemonClient, DaemonNotRunningException
from aiida.manage import get_manager

from aiida_gbml.workflows import broker
from aiida_gbml.workflows.broker import has_free_slots, is_cut_off, restart_workers


class FakeBroker(ZeromqBroker):
    """A broker of which only the status is asked."""

    def __init__(self, **status: object) -> None:
        self.status = status

    def probe_service_status(self) -> dict[str, object]:
        return self.status


@pytest.fixture
def younger() -> Iterator[int]:
    """Return the process id of a program that began after this interpreter."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.kill()


@pytest.fixture
def broker_is(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    return lambda broker: monkeypatch.setattr(type(get_manager()), "get_broker", lambda _self: broker)


def test_a_worker_is_cut_off_from_a_younger_broker_only(broker_is, younger: int) -> None:  # type: ignore[no-untyped-def]
    broker_is(FakeBroker(connected=True, pid=younger))
    assert is_cut_off()
    broker_is(FakeBroker(connected=True, pid=os.getppid()))
    assert not is_cut_off()


def test_a_broker_that_is_not_back_yet_is_waited_for(broker_is, younger: int) -> None:  # type: ignore[no-untyped-def]
    broker_is(FakeBroker(connected=False, pid=younger))
    assert not is_cut_off()
    process = psutil.Process(younger)
    process.kill()
    process.wait()
    broker_is(FakeBroker(connected=True, pid=younger))
    assert not is_cut_off()


def test_without_the_embedded_broker_nothing_is_lost(broker_is) -> None:  # type: ignore[no-untyped-def]
    broker_is(None)
    assert not is_cut_off()


def test_a_daemon_that_is_gone_is_left_alone(aiida_profile: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise DaemonNotRunningException("the daemon is not running")

    monkeypatch.setattr(DaemonClient, "call_client", refuse)
    restart_workers()


def test_workers_are_restarted_and_the_broker_is_not(aiida_profile: object, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = []
    monkeypatch.setattr(DaemonClient, "call_client", lambda _self, command, **_: commands.append(command) or {})
    restart_workers()
    (command,) = commands
    assert command["command"] == "restart"
    assert command["properties"]["name"].startswith("aiida-")
    assert not command["properties"]["waiting"]


@pytest.mark.usefixtures("aiida_profile_clean")
def test_slots_are_free_as_long_as_the_workers_have_some(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers of two slots each: the fourth process that runs or waits takes the last one."""
    monkeypatch.setattr(broker, "get_config_option", lambda name: {"daemon.worker_process_slots": 2}[name])
    monkeypatch.setattr(DaemonClient, "get_numprocesses", lambda _self: {"status": "ok", "numprocesses": 2})
    for count, state in enumerate(["running", "waiting", "created", "finished"] * 2):
        node = orm.WorkChainNode()
        node.set_process_state(state)
        node.store()
        assert has_free_slots() is (count < 5)


def test_a_daemon_that_does_not_answer_begins_nothing(aiida_profile: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(_self: DaemonClient) -> None:
        raise DaemonNotRunningException

    monkeypatch.setattr(DaemonClient, "get_numprocesses", silent)
    assert not has_free_slots()
