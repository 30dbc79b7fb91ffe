"""Running a search here, or handing it to the daemon."""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from aiida import orm
from aiida.brokers.zeromq import ZeromqBroker
from aiida.common.links import LinkType
from aiida.engine import ProcessState, ToContext, WorkChain
from aiida.engine.daemon.client import DaemonClient
from aiida.manage import get_manager
from tqdm import tqdm

from aiida_gbml.calculations.worker import WorkerCalculation
from aiida_gbml.cli import foreground
from aiida_gbml.workflows.ending import ending_of
from aiida_gbml.workflows.fan_out import FanOut
from aiida_gbml.workflows.interfaces.search import GrainBoundarySearchWorkChain


def test_a_search_runs_here_and_shows_how_far_it_is(
    aiida_profile: Any, emt_search: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal; elsewhere the bar would be nothing but clutter."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    node = foreground.run(emt_search(budget=4, verification={}))
    assert node.is_finished_ok, node.exit_message
    shown = capsys.readouterr().err
    assert f"search {node.pk}" in shown
    assert "4/4" in shown
    assert f"best {node.outputs.observations.base.attributes.get('best'):.4f} J/m²" in shown
    assert "verifying 3 basins" in shown


def test_what_excepted_here_is_returned_as_it_ended(
    aiida_profile: Any, emt_search: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(GrainBoundarySearchWorkChain, "call_once", break_down)
    node = foreground.run(emt_search(budget=4))
    assert ending_of(node) == "an exception: OSError: the disk is full"
    assert "Traceback" not in capsys.readouterr().out


def test_what_was_interrupted_here_is_killed_when_all_is_stored(
    aiida_profile: Any, emt_search: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of a function of a step, too, where the handlers of AiiDA break the session of the database."""
    before = signal.getsignal(signal.SIGINT), signal.signal
    original = FanOut.call_once

    def interrupted(self: Any, label: str, function: Any, **inputs: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return original(self, label, function, **inputs)

    monkeypatch.setattr(FanOut, "call_once", interrupted)
    node = foreground.run(emt_search(budget=4))
    assert ending_of(node) == "being killed"
    assert all(child.is_finished_ok for child in node.called if isinstance(child, orm.CalcFunctionNode))
    assert (signal.getsignal(signal.SIGINT), signal.signal) == before


def test_nothing_is_drawn_without_a_terminal() -> None:
    with tqdm(disable=True) as bar:
        foreground._update(bar, SimpleNamespace(ctx={"progress": [3, 10]}))


def test_a_process_that_says_how_far_it_is_is_shown() -> None:
    bar = SimpleNamespace(n=0, total=None, bar_format=None, disable=False, refresh=lambda: None)
    foreground._update(bar, SimpleNamespace(ctx={"progress": [3, 10]}))
    assert (bar.n, bar.total) == (3, 10)


def test_the_step_that_runs_is_shown_where_there_is_nothing_to_count(aiida_profile: Any) -> None:
    node = orm.WorkChainNode().store()
    for label, state in (("fit", ProcessState.FINISHED), ("evaluation", ProcessState.WAITING)):
        child = orm.WorkChainNode()
        child.base.links.add_incoming(node, LinkType.CALL_WORK, label)
        child.set_process_state(state)
        child.store()
    screen = io.StringIO()
    with tqdm(unit="shard", desc="recommendation 7", file=screen) as bar:
        for context in ({}, {"progress": [1, 3]}, {"progress": [3, 3]}):
            foreground._update(bar, SimpleNamespace(ctx=context, node=node))
    shown = [line.strip() for line in screen.getvalue().split("\r")]
    assert "recommendation 7, evaluation [00:00]" in shown
    assert any(line.startswith("recommendation 7:") and "1/3" in line for line in shown)
    assert shown[-1] == "recommendation 7, evaluation [00:00]"


def test_without_a_broker_there_is_no_daemon_to_submit_to(aiida_profile_tmp: Any) -> None:
    with pytest.raises(ValueError, match="no broker to reach a daemon; look at `aiida-gbml doctor`, or use --run"):
        foreground.require_daemon()


def test_a_daemon_that_does_not_run_is_named(aiida_config_tmp: Any, aiida_profile_factory: Any) -> None:
    with (
        aiida_profile_factory(aiida_config_tmp, broker_backend="core.zeromq"),
        pytest.raises(ValueError, match="the daemon does not run; start it with `verdi daemon start`, or use --run"),
    ):
        foreground.require_daemon()


def test_the_broker_of_a_daemon_that_has_just_been_started_is_waited_for(
    aiida_config_tmp: Any, aiida_profile_factory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_there = iter([False, False, True])
    monkeypatch.setattr(DaemonClient, "get_daemon_pid", lambda _: os.getpid())
    monkeypatch.setattr(ZeromqBroker, "check_service_reachable", lambda _: next(is_there, False))
    with aiida_profile_factory(aiida_config_tmp, broker_backend="core.zeromq"):
        foreground.require_daemon()
        assert not [*is_there]
        monkeypatch.setattr(foreground, "_BROKER_STARTS", 0.0)
        with pytest.raises(ValueError, match="the daemon runs without its broker; look at `aiida-gbml doctor`"):
            foreground.require_daemon()


def test_what_cannot_be_submitted_says_how_to_go_on(aiida_profile: Any, emt_search: Any) -> None:
    """Without a broker, even if nobody has asked for one before."""
    before = orm.QueryBuilder().append(orm.WorkChainNode).count()
    with pytest.raises(ValueError, match="start the daemon with `verdi daemon start`, or use --run"):
        foreground.submit(emt_search())
    assert orm.QueryBuilder().append(orm.WorkChainNode).count() == before
    assert get_manager().get_profile() is not None


def test_a_single_job_runs_here(serial_code) -> None:  # type: ignore[no-untyped-def]
    code = serial_code("gbml.worker", sys.executable)
    options = {"task": "aiida_gbml.science.environment", "output_types": {"environment": "core.dict"}}
    inputs = {"code": code, "metadata": {"options": options}}
    node = foreground.run_job(WorkerCalculation, inputs, poll=0.1)
    assert node.is_finished_ok, node.exit_message
    assert "python" in node.outputs.results.environment.get_dict()


def test_a_job_that_was_interrupted_is_killed_without_a_traceback(  # type: ignore[no-untyped-def]
    serial_code, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    original = WorkerCalculation.prepare_for_submission

    def interrupted(self: Any, folder: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return original(self, folder)

    monkeypatch.setattr(WorkerCalculation, "prepare_for_submission", interrupted)
    code = serial_code("gbml.worker", sys.executable)
    options = {"task": "aiida_gbml.science.environment", "output_types": {"environment": "core.dict"}}
    node = foreground.run_job(WorkerCalculation, {"code": code, "metadata": {"options": options}}, poll=0.1)
    gc.collect()
    assert ending_of(node) == "being killed"
    assert "never retrieved" not in caplog.text


class Calling(WorkChain):
    """A work chain that waits for a job, or for another one that does."""

    @classmethod
    def define(cls, spec: Any) -> None:
        super().define(spec)
        spec.expose_inputs(WorkerCalculation, namespace="job")
        spec.input("depth", valid_type=orm.Int)
        spec.outline(cls.call, cls.end)  # a work chain does not wait after its last step

    def call(self) -> Any:
        job, depth = self.exposed_inputs(WorkerCalculation, "job"), self.inputs.depth.value
        if depth == 0:
            return ToContext(called=self.submit(WorkerCalculation, **job))
        return ToContext(called=self.submit(Calling, job=job, depth=orm.Int(depth - 1)))

    def end(self) -> None:
        pass


def test_what_the_interrupted_one_waits_for_is_killed_with_it(serial_code, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """Without a broker AiiDA itself would kill the outermost only, and its job would run on for nobody."""
    program, number = tmp_path / "program", tmp_path / "number"
    program.write_text(f"#!/bin/sh\necho $$ > {number}\nkill -INT {os.getpid()}\nexec sleep 1000\n")
    program.chmod(0o755)
    options = {"task": "aiida_gbml.science.environment", "output_types": {"environment": "core.dict"}}
    job = {"code": serial_code("gbml.worker", program), "metadata": {"options": options}}
    node = foreground.run_job(Calling, {"job": job, "depth": orm.Int(1)}, poll=0.1)
    called = [node, *node.called_descendants]
    assert [one.process_label for one in called] == ["Calling", "Calling", "WorkerCalculation"]
    assert all(one.is_killed for one in called)
    deadline = time.monotonic() + 60
    while runs(int(number.read_text())) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not runs(int(number.read_text()))


def runs(pid: int) -> bool:
    """Return whether a process is alive; what nobody has taken leave of has no command line."""
    return any(one.pid == pid and one.info["cmdline"] for one in psutil.process_iter(["cmdline"]))
