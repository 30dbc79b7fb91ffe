"""Each check names the fault that was made here, and its remedy."""

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from aiida import orm
from aiida.brokers.zeromq import ZeromqBroker
from aiida.engine.daemon.client import DaemonClient
from aiida.manage import get_manager
from aiida.manage.configuration import Profile
from aiida.manage.configuration.config import Config

from aiida_gbml.cli import checks
from aiida_gbml.cli.findings import Finding
from aiida_gbml.cli.programs import Program

SAY = Program("say", "bash", "core.arithmetic.add", "-c 'pwd; echo hello; exit 3'", "hello", "apt-get install bash")


@pytest.fixture
def code(aiida_profile_clean: Profile, aiida_localhost: orm.Computer) -> orm.InstalledCode:
    """Return a code of bash."""
    return orm.InstalledCode(label="say", computer=aiida_localhost, filepath_executable="/bin/bash").store()


@pytest.fixture
def zeromq(aiida_config_tmp: Config, aiida_profile_factory):  # type: ignore[no-untyped-def]
    """Return a profile with the ZeroMQ broker, of which nothing runs."""
    with aiida_profile_factory(aiida_config_tmp, broker_backend="core.zeromq") as profile:
        yield profile


def test_the_storage_opens(aiida_profile_clean: Profile) -> None:
    assert checks.check_profile(aiida_profile_clean).status == "ok"


def test_a_profile_without_broker_is_named(aiida_profile_tmp: Profile) -> None:
    finding = checks.check_broker(aiida_profile_tmp)
    assert (finding.status, "configure-broker core.zeromq" in finding.remedy) == ("warning", True)


def test_a_broker_that_waits_for_its_daemon_is_well(zeromq: Profile) -> None:
    assert checks.check_broker(zeromq).status == "ok"


class RabbitMQ:
    """A RabbitMQ of a version, or none that answers."""

    def __init__(self, version: str | None) -> None:
        self.version = version

    def get_rabbitmq_version(self) -> str:
        if self.version is None:
            raise ConnectionError("refused")
        return self.version

    def is_rabbitmq_version_supported(self) -> bool:
        return self.version == "3.8.14"


@pytest.mark.parametrize(("version", "status"), [("3.8.14", "ok"), ("3.10.8", "warning"), (None, "fault")])
def test_a_rabbitmq_that_loses_processes_is_named(
    version: str | None, status: str, aiida_profile_tmp: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    aiida_profile_tmp.set_process_controller("core.rabbitmq", {})
    monkeypatch.setattr(type(get_manager()), "get_broker", lambda _: RabbitMQ(version))
    finding = checks.check_broker(aiida_profile_tmp)
    assert finding.status == status
    assert ("configure-broker core.zeromq" in finding.remedy) == (status != "ok")


def test_a_stopped_daemon_is_a_fault_only_when_something_waits(
    zeromq: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checks.check_daemon(zeromq).status == "warning"
    monkeypatch.setattr(checks, "_CREATED", timedelta(0))
    store_process("waiting")
    finding = checks.check_daemon(zeromq)
    assert (finding.status, finding.remedy) == ("fault", "verdi daemon start")
    assert "1 processes wait" in finding.text


def test_a_dead_worker_that_the_broker_waits_for_is_named(zeromq: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DaemonClient, "is_daemon_running", True)
    monkeypatch.setattr(DaemonClient, "get_number_of_workers", lambda _, **__: 2)
    for subscribers, status in ((1, "fault"), (2, "ok"), (3, "fault")):
        known = {"connected": True, "task_subscribers": subscribers}
        monkeypatch.setattr(ZeromqBroker, "probe_service_status", lambda _, known=known: known)
        assert checks.check_daemon(zeromq).status == status
    assert checks.check_daemon(zeromq).remedy == "verdi daemon stop; verdi daemon start"
    assert "1 workers that are dead" in checks.check_daemon(zeromq).text


def test_short_timeouts_are_named(aiida_config_tmp: Config, aiida_profile_tmp: Profile) -> None:
    remedies = {finding.remedy for finding in checks.check_timeouts(aiida_profile_tmp)}
    assert remedies == {"verdi config set daemon.timeout 60", "verdi config set broker.task_timeout 60"}
    aiida_config_tmp.set_option("daemon.timeout", 60)
    aiida_config_tmp.set_option("broker.task_timeout", 60)
    assert not list(checks.check_timeouts(aiida_profile_tmp))


def store_process(state: str) -> int:
    """Store a work chain in a state and return its pk."""
    node = orm.WorkChainNode()
    node.set_process_state(state)
    return int(node.store().pk or 0)


def send_task(config: Config, profile: Profile, pk: int, place: str) -> None:
    """Write a task as the broker writes it."""
    folder = Path(config.filepaths(profile)["broker_service"]["dir"]) / "storage" / "tasks" / place
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{pk}_task.json").write_text(json.dumps({"body": {"task": "continue", "args": {"pid": pk}}}))


def test_a_process_whose_task_was_lost_is_named(
    aiida_config_tmp: Config, zeromq: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "_CREATED", timedelta(0))
    pending, running, lost = (store_process("created") for _ in range(3))
    store_process("finished")
    send_task(aiida_config_tmp, zeromq, pending, "pending")
    send_task(aiida_config_tmp, zeromq, running, "processing")
    finding = checks.check_tasks(zeromq)
    assert finding.status == "fault"
    assert f"processes {lost} were" in finding.text
    assert "verdi process repair" in finding.remedy


def test_looking_at_the_tasks_does_not_move_them(aiida_config_tmp: Config, zeromq: Profile) -> None:
    send_task(aiida_config_tmp, zeromq, 7, "processing")
    folder = Path(aiida_config_tmp.filepaths(zeromq)["broker_service"]["dir"])
    (folder / "storage" / "tasks" / "pending").mkdir(exist_ok=True)
    (folder / "storage" / "tasks" / "pending" / "9_torn.json").write_text('{"body": {"ar')
    before = sorted(folder.rglob("*"))
    assert checks.check_tasks(zeromq).text.startswith("1 tasks")
    assert sorted(folder.rglob("*")) == before


def test_a_process_without_task_that_has_started_may_run_in_the_foreground(zeromq: Profile) -> None:
    store_process("waiting")
    assert checks.check_tasks(zeromq).status == "warning"


def test_a_process_that_was_just_stored_is_not_lost_yet(zeromq: Profile) -> None:
    store_process("created")
    assert checks.check_tasks(zeromq).status == "ok"


def test_a_code_answers(code: orm.InstalledCode) -> None:
    assert checks.check_code(SAY, code).status == "ok"


def test_a_code_that_is_gone_is_named(aiida_profile_clean: Profile, aiida_localhost: orm.Computer) -> None:
    gone = orm.InstalledCode(label="say", computer=aiida_localhost, filepath_executable="/gone/bash").store()
    finding = checks.check_code(SAY, gone)
    assert finding.status == "fault"
    assert "/gone/bash" in finding.text
    assert "verdi code relabel say@localhost" in finding.remedy


def test_a_code_is_run_in_a_folder_of_its_own_that_is_removed(code: orm.InstalledCode, tmp_path: Path) -> None:
    report = tmp_path / "where"
    program = Program("say", "bash", "", f"-c 'pwd > {report}; touch CRASH; echo hello'", "hello", "")
    assert checks.check_code(program, code).status == "ok"
    assert not Path(report.read_text().strip()).exists()


def test_missing_and_hidden_codes_are_named(code: orm.InstalledCode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "PROGRAMS", (SAY,))
    assert [finding.subject for finding in checks.check_codes()] == ["code say", "computer localhost"]
    code.is_hidden = True
    (finding,) = checks.check_codes()
    assert (finding.status, finding.remedy) == ("warning", "aiida-gbml setup")
    monkeypatch.setattr(checks, "PROGRAMS", (Program("say", "no-such", "", "", "", "install it"),))
    (finding,) = checks.check_codes()
    assert finding.remedy == "install it"


def test_slow_login_shells_are_named(aiida_localhost: orm.Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "login_shell_cost", lambda _: 0.7)
    aiida_localhost.configure(use_login_shell=True)
    (finding,) = checks.check_computer(aiida_localhost)
    assert (finding.status, "--no-use-login-shell" in finding.remedy) == ("warning", True)
    aiida_localhost.configure(use_login_shell=False)
    (finding,) = checks.check_computer(aiida_localhost)
    assert finding.status == "ok"


@pytest.mark.parametrize("status", [0, 1])
def test_slurm_without_accounting_is_named(
    status: int, aiida_profile_clean: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sacct").write_text(f"#!/bin/sh\nexit {status}\n")
    (tmp_path / "sacct").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    cluster = orm.Computer("cluster", "localhost", "", "core.local", "core.slurm", str(tmp_path)).store()
    cluster.configure(use_login_shell=False, safe_interval=0)
    statuses = [finding.status for finding in checks.check_computer(cluster)]
    assert statuses == (["ok", "warning"] if status else ["ok"])


def test_a_computer_that_is_not_configured_is_named(aiida_profile_clean: Profile, tmp_path: Path) -> None:
    cluster = orm.Computer("cluster", "localhost", "", "core.local", "core.direct", str(tmp_path)).store()
    (finding,) = checks.check_computer(cluster)
    assert (finding.status, finding.remedy) == ("fault", "verdi computer configure core.local cluster")
    code = orm.InstalledCode(label="say", computer=cluster, filepath_executable="/bin/bash").store()
    assert checks.check_code(SAY, code).status == "fault"


def test_a_family_without_cutoffs_is_a_fault(aiida_profile_clean: Profile) -> None:
    from aiida_pseudo.groups.family import CutoffsPseudoPotentialFamily

    assert checks.check_family().status == "warning"
    CutoffsPseudoPotentialFamily(label="bare").store()
    finding = checks.check_family()
    assert (finding.status, "--pseudo-label bare" in finding.remedy) == ("fault", True)


def test_caching_that_is_off_is_named(aiida_config_tmp: Config, aiida_profile_tmp: Profile) -> None:
    assert checks.check_caching(aiida_profile_tmp).status == "warning"
    aiida_config_tmp.set_option("caching.default_enabled", True)
    assert checks.check_caching(aiida_profile_tmp).status == "ok"


def test_a_fault_that_passes_is_none(zeromq: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    def looks(patience: float) -> list[str]:
        monkeypatch.setattr(checks, "_PASSING", patience)
        findings = [Finding("daemon", "fault", "it starts")] * 2 + [Finding("daemon", "ok", "it runs")]
        return [checks.lasting(lambda _: findings.pop(0), zeromq).status, *(one.status for one in findings)]

    monkeypatch.setattr(DaemonClient, "is_daemon_running", True)
    assert looks(patience=60) == ["ok"]
    assert looks(patience=-1) == ["fault", "fault", "ok"]
    monkeypatch.setattr(DaemonClient, "is_daemon_running", False)
    assert looks(patience=60) == ["fault", "fault", "ok"], "it will not start by itself"


@pytest.mark.daemon
def test_a_daemon_and_its_death_are_seen(zeromq: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Right after its start, when its broker has died and no worker knows, without workers, and right after its end."""
    monkeypatch.setattr(checks, "_PASSING", 300.0)
    client = get_manager().get_daemon_client()
    client.start_daemon(timeout=60)
    try:
        assert checks.lasting(checks.check_broker, zeromq).status == "ok"
        assert checks.lasting(checks.check_daemon, zeromq).status == "ok"
        children = psutil.Process(client.get_daemon_pid()).children()
        (worker,) = (child for child in children if child.cmdline()[-2:] == ["daemon", "worker"])
        assert Path(worker.cmdline()[0]).parent == Path(sys.executable).parent
        (broker,) = (child for child in children if "broker" in child.cmdline())
        broker.kill()
        assert wait_for_fault(zeromq) == ("1 of 1 workers have lost the broker", checks._RESTART)
        while client.decrease_workers(1, timeout=60, wait=True)["status"] != "ok":
            time.sleep(0.1)  # circus refuses commands while it starts the broker again
        assert wait_for_fault(zeromq) == ("0 of 1 workers run", "verdi daemon incr 1")
    finally:
        client.stop_daemon(timeout=60)
    assert checks.lasting(checks.check_daemon, zeromq).status == "warning"


def wait_for_fault(profile: Profile) -> tuple[str, str]:
    """Return what the daemon lacks as soon as it lacks anything, and the remedy."""
    deadline = time.monotonic() + 300
    while (finding := checks.check_daemon(profile)).status == "ok" and time.monotonic() < deadline:
        time.sleep(0.1)
    return finding.text, finding.remedy
