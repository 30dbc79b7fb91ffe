"""Tests of the fan-out with real processes, in the foreground and under a real daemon that gets killed."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiida import orm
from aiida.calculations.arithmetic.add import ArithmeticAddCalculation
from aiida.engine import ProcessState, WorkChain, calcfunction, run_get_node, submit, while_
from aiida.engine.daemon.client import get_daemon_client
from aiida.manage import get_manager
from faults.test_kills import follow
from plumpy.persistence import LoadSaveContext

from aiida_gbml.cli.foreground import require_daemon
from aiida_gbml.workflows import fan_out
from aiida_gbml.workflows.fan_out import FanOut, Launch


class DieError(BaseException):
    """Ends the interpreter's part of a process as a kill would, past every ``except Exception``."""


class Adder(WorkChain):
    """A child that needs no engine."""

    @classmethod
    def define(cls, spec: Any) -> None:
        super().define(spec)
        spec.input("term", valid_type=orm.Int)
        spec.output("term", valid_type=orm.Int)
        spec.outline(cls.add)
        spec.exit_code(400, "ERROR_NEGATIVE", message="the term is negative")

    def add(self) -> Any:
        self.out("term", self.inputs.term)
        return self.exit_codes.ERROR_NEGATIVE if self.inputs.term.value < 0 else None


class Fan(FanOut):
    """One child a term, in a rolling window."""

    RESEND_AFTER = 1.0

    @classmethod
    def define(cls, spec: Any) -> None:
        super().define(spec)
        spec.input("terms", valid_type=orm.List)
        spec.input("max_concurrent", valid_type=orm.Int, default=lambda: orm.Int(2))
        spec.input("flag", valid_type=orm.Str, required=False)
        spec.outline(while_(cls.has_unfinished)(cls.launch))

    @property
    def labels(self) -> list[str]:
        return [f"term_{index}" for index in range(len(self.inputs.terms))]

    def has_unfinished(self) -> bool:
        return bool(self.unfinished(self.labels))

    def launch(self) -> None:
        self.fan_out(self.labels, self.build_child, self.inputs.max_concurrent.value)

    def build_child(self, label: str) -> Launch:
        return Adder, {"term": orm.Int(self.inputs.terms[int(label.rpartition("_")[2])])}


class JobFan(Fan):
    """One bash job a term, of which the first ends only when the last one has run, or after five minutes."""

    @classmethod
    def define(cls, spec: Any) -> None:
        super().define(spec)
        spec.input("code", valid_type=orm.AbstractCode)

    def build_child(self, label: str) -> Launch:
        done, number = self.inputs.flag.value, int(label.rpartition("_")[2])
        wait = f"for _ in $(seq 3000); do test -e '{done}' && break; sleep 0.1; done"
        before = {0: wait, len(self.inputs.terms) - 1: f"touch '{done}'"}.get(number, "")
        inputs = {"code": self.inputs.code, "x": orm.Int(1), "y": orm.Int(1)}
        return ArithmeticAddCalculation, {**inputs, "metadata": {"options": {"prepend_text": before}}}


class CrashOnce(Fan):
    """Its worker is killed once, between the storing of the second child and the sending of its task."""

    def launch(self) -> None:
        controller, flag = self.runner.controller, Path(self.inputs.flag.value)
        send = controller.continue_process
        sent: list[int] = []

        def send_or_die(pid: int, **kwargs: Any) -> Any:
            if len(sent) == 1 and not flag.exists():
                flag.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            sent.append(pid)
            return send(pid, **kwargs)

        controller.continue_process = send_or_die
        try:
            super().launch()
        finally:
            controller.continue_process = send


@calcfunction
def double(term: orm.Int) -> dict[str, orm.Int]:
    return {"doubled": orm.Int(2 * term.value)}


class Repeated(FanOut):
    """Does in two steps what a step that died and ran again would do twice."""

    @classmethod
    def define(cls, spec: Any) -> None:
        super().define(spec)
        spec.input("term", valid_type=orm.Int)
        spec.outline(cls.work, cls.work)
        spec.output("doubled", required=False)

    def work(self) -> Any:
        self.out("doubled", self.call_once("double", double, term=self.inputs.term)["doubled"])
        builder = Adder.get_builder()
        builder.term = self.inputs.term
        builder.metadata.call_link_label = "from_builder"
        self.to_context(one=self.submit(builder))
        metadata = {"call_link_label": "from_inputs"}
        self.to_context(two=self.submit(Adder, term=self.inputs.term, metadata=metadata))


def _called(node: orm.ProcessNode) -> dict[str, orm.ProcessNode]:
    return {link.link_label: link.node for link in node.base.links.get_outgoing(node_class=orm.ProcessNode).all()}


@pytest.mark.usefixtures("aiida_profile_clean")
class TestForeground:
    """No daemon, no broker: everything runs in this interpreter."""

    def test_every_child_runs_once_under_its_label(self) -> None:
        _, node = run_get_node(Fan, terms=orm.List([3, -1, 4]))
        children = _called(node)
        assert node.is_finished_ok
        assert sorted(children) == ["term_0", "term_1", "term_2"]
        assert [children[label].exit_status for label in sorted(children)] == [0, 400, 0]
        assert len(node.called) == 3

    def test_a_slow_child_does_not_hold_the_window(self, aiida_code_installed: Any, tmp_path: Path) -> None:
        code = aiida_code_installed("core.arithmetic.add", filepath_executable="/bin/bash")
        code.computer.set_minimum_job_poll_interval(0.1)
        flag = orm.Str(str(tmp_path / "done"))
        _, node = run_get_node(JobFan, code=code, terms=orm.List([1, 2, 3, 4]), flag=flag)
        jobs = _called(node)
        assert node.is_finished_ok
        slow_end = max(link.node.ctime for link in jobs["term_0"].base.links.get_outgoing(node_class=orm.FolderData))
        assert jobs["term_2"].ctime < slow_end
        assert jobs["term_3"].ctime < slow_end

    def test_a_repeated_step_adopts_what_it_has_called(self) -> None:
        outputs, node = run_get_node(Repeated, term=orm.Int(21))
        assert node.is_finished_ok
        assert outputs["doubled"] == 42
        assert sorted(_called(node)) == ["double", "from_builder", "from_inputs"]
        assert len(node.called) == 3

    def test_never_more_than_max_concurrent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        active: list[int] = []
        launch = Fan._launch

        def count_and_launch(self: Fan, *args: Any) -> int:
            pk = launch(self, *args)
            active.append(sum(not child.is_terminated for child in self.node.called))
            return pk

        monkeypatch.setattr(Fan, "_launch", count_and_launch)
        _, node = run_get_node(Fan, terms=orm.List(list(range(7))), max_concurrent=orm.Int(3))
        assert len(node.called) == 7
        assert max(active) == 3

    def test_a_window_without_room_is_refused(self) -> None:
        with pytest.raises(ValueError, match="max_concurrent must be at least 1, got 0"):
            run_get_node(Fan, terms=orm.List([1]), max_concurrent=orm.Int(0))

    def test_a_task_is_not_sent_twice_while_all_workers_are_busy(self, monkeypatch: pytest.MonkeyPatch) -> None:
        runner = get_manager().create_runner(loop=asyncio.new_event_loop())
        parent = runner.instantiate_process(Fan, terms=orm.List([1]))
        child = runner.instantiate_process(Adder, term=orm.Int(1)).node
        sent: list[int] = []
        planned: list[tuple[float, Any]] = []
        runner._controller = SimpleNamespace(continue_process=lambda pk, **_: sent.append(pk))
        runner._broker_submit = True
        parent._loop = SimpleNamespace(call_later=lambda wait, _, *args: planned.append((wait, args)))
        monkeypatch.setattr(fan_out, "has_free_slots", lambda: False)
        for waited in (1.0, 2.0, 512.0):
            parent._resend_lost_task(child.pk, waited)
        assert planned == [(wait, (child.pk, wait)) for wait in (2.0, 4.0, 600.0)]
        assert not sent
        monkeypatch.setattr(fan_out, "has_free_slots", lambda: True)
        for _ in range(2):
            parent._resend_lost_task(child.pk, 600.0)
        assert sent == [child.pk]

    def test_the_context_stays_empty(self, monkeypatch: pytest.MonkeyPatch) -> None:
        contexts: list[dict[str, Any]] = []
        save = Fan.save_instance_state

        def save_and_look(self: Fan, out_state: Any, save_context: Any) -> None:
            save(self, out_state, save_context)
            contexts.append(dict(self.ctx))

        monkeypatch.setattr(Fan, "save_instance_state", save_and_look)
        run_get_node(Fan, terms=orm.List([1, 2, 3]))
        assert contexts
        assert not any(contexts)

    def test_a_step_that_died_half_way_is_continued_from_its_checkpoint(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The interpreter dies after two of three submissions; another one takes the work chain up again."""
        launch, launched = Fan._launch, []

        def launch_twice(self: Fan, label: str, *args: Any) -> int:
            if len(launched) == 2:
                raise DieError
            launched.append(label)
            return launch(self, label, *args)

        inputs = {"terms": orm.List([1, 2, 3]), "max_concurrent": orm.Int(3)}
        process = get_manager().create_runner(loop=asyncio.new_event_loop()).instantiate_process(Fan, **inputs)
        monkeypatch.setattr(Fan, "_launch", launch_twice)
        with pytest.raises(DieError):
            process.execute()
        monkeypatch.undo()
        assert [child.process_state for child in process.node.called] == [ProcessState.CREATED] * 2

        runner = get_manager().create_runner(loop=asyncio.new_event_loop())
        again = runner.persister.load_checkpoint(process.pid).unbundle(LoadSaveContext(runner=runner))
        again.execute()
        assert again.node.is_finished_ok
        assert len(again.node.called) == 3
        assert all(child.is_finished_ok for child in again.node.called)


@pytest.mark.daemon
@pytest.mark.timeout(2400)
def test_a_killed_worker_neither_doubles_nor_loses_a_child(
    tmp_path: Path, aiida_config_tmp: Any, aiida_profile_factory: Any
) -> None:
    with aiida_profile_factory(aiida_config_tmp, broker_backend="core.zeromq") as profile:
        aiida_config_tmp.set_option("daemon.timeout", 60, scope=profile.name)
        aiida_config_tmp.set_option("runner.poll.interval", 1, scope=profile.name)
        aiida_config_tmp.store()
        client = get_daemon_client()
        client.start_daemon()
        try:
            require_daemon()  # waits for its broker
            flag = tmp_path / "crashed"
            node = submit(CrashOnce, terms=orm.List([1, 2, 3]), max_concurrent=orm.Int(2), flag=orm.Str(str(flag)))
            follow(node, client)
            assert flag.exists()
            assert node.is_finished_ok, node.process_state
            assert sorted(_called(node)) == ["term_0", "term_1", "term_2"]
            assert len(node.called) == 3
            assert all(child.is_finished_ok for child in node.called)
        finally:
            client.stop_daemon(wait=True)
