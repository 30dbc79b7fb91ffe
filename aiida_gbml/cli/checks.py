"""What can be wrong with an installation of AiiDA: one function looks at one thing."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiida import orm
from aiida.common import timezone
from aiida.common.exceptions import AiidaException, NotExistent
from aiida.manage import get_manager
from aiida.manage.configuration import Profile, get_config

from aiida_gbml.cli.computer import SLOW_SHELL, login_shell_cost, transport_settings
from aiida_gbml.cli.findings import Finding
from aiida_gbml.cli.profile import uncached
from aiida_gbml.cli.programs import PROGRAMS, Program
from aiida_gbml.cli.pseudopotentials import families, has_default_cutoffs

_SHORTEST_TIMEOUT = 30  # s
_PATIENCE = 10  # s for an answer of the daemon
_PASSING = 30.0  # s after which a daemon does not get well by itself, on a busy machine
_RESTART = "verdi daemon stop; verdi daemon start"
_CREATED = timedelta(minutes=1)
"""A process that waits longer than this for its first step, without a task, was lost between storing and sending."""

_PROBE = 'D=$(mktemp -d) && cd "$D" && timeout 60 {command} 2>&1; cd / && rm -rf "$D"'


def lasting(check: Callable[[Profile], Finding], profile: Profile) -> Finding:
    """Return what a check finds in the end: a daemon that starts, ends or replaces a worker looks broken meanwhile."""
    client = get_manager().get_daemon_client()
    deadline = time.monotonic() + _PASSING
    while True:
        is_running = client.is_daemon_running
        finding = check(profile)
        if finding.status != "fault" or not is_running or time.monotonic() > deadline:
            return finding
        time.sleep(0.5)


def check_profile(profile: Profile) -> Finding:
    """Check that the storage opens."""
    try:
        get_manager().get_profile_storage()
    except AiidaException as exception:
        remedy = f"verdi -p {profile.name} storage migrate"
        return Finding("profile", "fault", f"the storage of '{profile.name}' does not open: {exception}", remedy)
    return Finding("profile", "ok", f"'{profile.name}' on {profile.storage_backend}")


def check_broker(profile: Profile) -> Finding:
    """Check that there is a broker that can be trusted with processes."""
    if profile.process_control_backend is None:
        remedy = f"verdi profile configure-broker core.zeromq {profile.name}"
        return Finding("broker", "warning", "there is none, so processes run in the foreground only", remedy)
    if profile.process_control_backend == "core.rabbitmq":
        return _check_rabbitmq(profile)
    broker: Any = get_manager().get_broker()
    if get_manager().get_daemon_client().is_daemon_running and not broker.check_service_reachable():
        return Finding("broker", "fault", "the daemon runs without its ZeroMQ broker", _RESTART)
    return Finding("broker", "ok", "ZeroMQ, started and watched by the daemon")


def _check_rabbitmq(profile: Profile) -> Finding:
    """Check that RabbitMQ answers and is of a version that keeps long work chains."""
    broker: Any = get_manager().get_broker()
    remedy = f"verdi daemon stop; verdi profile configure-broker core.zeromq {profile.name}; verdi daemon start"
    try:
        version = broker.get_rabbitmq_version()
    except Exception as exception:
        return Finding("broker", "fault", f"RabbitMQ does not answer: {exception}", remedy)
    if not broker.is_rabbitmq_version_supported():
        text = f"RabbitMQ {version} may submit jobs twice and crash long work chains"
        return Finding("broker", "warning", text, remedy)
    return Finding("broker", "ok", f"RabbitMQ {version}")


def check_daemon(profile: Profile) -> Finding:
    """Check that there is a daemon with the workers it should have."""
    from aiida.engine.daemon.client import DaemonException

    client = get_manager().get_daemon_client()
    if not client.is_daemon_running:
        waiting = len(_active_processes())
        text = (
            f"not running, {waiting} processes wait for it" if waiting else "not running; only --run works without it"
        )
        return Finding("daemon", "fault" if waiting else "warning", text, "verdi daemon start")
    try:
        workers = client.get_number_of_workers(timeout=_PATIENCE)
    except DaemonException as exception:
        return Finding("daemon", "fault", f"it does not answer: {exception}", _RESTART)
    wanted = get_config().get_option("daemon.default_workers", scope=profile.name)
    if workers < wanted:
        return Finding("daemon", "fault", f"{workers} of {wanted} workers run", f"verdi daemon incr {wanted - workers}")
    known = _zeromq_subscribers(profile, workers)
    if known > workers:
        text = f"the broker has given tasks to {known - workers} workers that are dead"
        return Finding("daemon", "fault", text, _RESTART)
    if known < workers:
        return Finding("daemon", "fault", f"{workers - known} of {workers} workers have lost the broker", _RESTART)
    return Finding("daemon", "ok", f"{workers} of {wanted} workers run")


def _zeromq_subscribers(profile: Profile, workers: int) -> int:
    """Return how many workers the ZeroMQ broker gives tasks to: it can miss the death of one, and they its own."""
    if profile.process_control_backend != "core.zeromq":
        return workers
    broker: Any = get_manager().get_broker()
    return int(broker.probe_service_status().get("task_subscribers", workers))


def check_timeouts(profile: Profile) -> Iterator[Finding]:
    """Check that the timeouts are long enough for a busy machine."""
    for name in ("daemon.timeout", "broker.task_timeout"):
        seconds = get_config().get_options(profile.name)[name][2]
        if seconds < _SHORTEST_TIMEOUT:
            text = f"{name} is {seconds} s; a busy machine needs longer"
            yield Finding("timeouts", "warning", text, f"verdi config set {name} 60")


def check_tasks(profile: Profile) -> Finding:
    """Check that every active process has the task by which a worker finds it."""
    tasks = _zeromq_tasks(profile) if profile.process_control_backend == "core.zeromq" else None
    if tasks is None:
        return Finding("tasks", "ok", "not looked at: only the ZeroMQ broker can be asked while the daemon runs")
    orphans = {pk: state for pk, state in _active_processes().items() if pk not in tasks}
    lost = [pk for pk, state in orphans.items() if state == "created"]
    remedy = "verdi daemon stop; verdi process repair --force; verdi daemon start"
    if lost:
        listed = " ".join(map(str, lost))
        return Finding("tasks", "fault", f"processes {listed} were stored but never sent to a worker", remedy)
    if orphans:
        listed = " ".join(map(str, orphans))
        text = f"processes {listed} have no task: they run in the foreground somewhere, or died there"
        return Finding("tasks", "warning", text, remedy)
    return Finding("tasks", "ok", f"{len(tasks)} tasks, no process without one")


def _active_processes() -> dict[int, str]:
    """Return the states of the calculations and work chains that have not ended, by pk, except the newest."""
    settled = {"or": [{"attributes.process_state": {"!==": "created"}}, {"mtime": {"<": timezone.now() - _CREATED}}]}
    active = {"attributes.process_state": {"in": ["created", "running", "waiting"]}}
    query = orm.QueryBuilder().append(
        (orm.CalcJobNode, orm.WorkChainNode),
        filters={"and": [active, settled]},
        project=["id", "attributes.process_state"],
    )
    return dict(query.all())


def _zeromq_tasks(profile: Profile) -> set[int]:
    """Return the pks of the processes that have a task.

    The files are read here because AiiDA's own queue, once opened, takes away the tasks that workers hold. Those that
    are pending are read twice, because one that a worker takes, or gives back, moves while the others are read.
    """
    folder = Path(get_config().filepaths(profile)["broker_service"]["dir"]) / "storage" / "tasks"
    files = (file for place in ("pending", "processing", "pending") for file in (folder / place).glob("*.json"))
    return {pk for file in files if (pk := _task_process(file)) is not None}


def _task_process(file: Path) -> int | None:
    """Return the pk of the process of a task, or None when the task was finished meanwhile or is no process."""
    try:
        return int(json.loads(file.read_text(encoding="utf-8"))["body"]["args"]["pid"])
    except (OSError, ValueError, KeyError):
        return None


def check_codes() -> Iterator[Finding]:
    """Check that every code of ours answers, on a computer that is quick to ask."""
    computers = {}
    for program in PROGRAMS:
        codes = _codes(program)
        if not codes:
            remedy = "aiida-gbml setup" if program.find() else program.remedy
            yield Finding(f"code {program.label}", "warning", f"there is no code for {program.executable}", remedy)
        for code in codes:
            yield check_code(program, code)
            computers[code.computer.uuid] = code.computer
    for computer in computers.values():
        yield from check_computer(computer)


def _codes(program: Program) -> list[orm.InstalledCode]:
    """Return the codes of a program that the user has not hidden."""
    mine: list[dict[str, Any]] = [{"label": program.label}]
    if program.plugin:
        mine.append({"attributes.input_plugin": program.plugin})
    query = orm.QueryBuilder().append(orm.InstalledCode, filters={"or": mine})
    return [code for code in query.all(flat=True) if not code.is_hidden]


def check_code(program: Program, code: orm.InstalledCode) -> Finding:
    """Check that a code answers when it is run."""
    subject = f"code {code.label}"
    command = f"{shlex.quote(str(code.get_executable()))} {program.arguments}"
    try:
        with code.computer.get_transport() as transport:
            _, output, _ = transport.exec_command_wait("\n".join((code.prepend_text, _PROBE.format(command=command))))
    except (AiidaException, OSError) as exception:
        remedy = f"verdi computer test {code.computer.label}"
        return Finding(subject, "fault", f"{code.full_label} cannot be reached: {exception}", remedy)
    if program.answer not in output:
        last = (output.strip().splitlines() or ["nothing"])[-1]
        remedy = f"verdi code relabel {code.full_label} {code.label}-old; aiida-gbml setup"
        return Finding(subject, "fault", f"{code.full_label} does not answer but says: {last}", remedy)
    return Finding(subject, "ok", f"{code.full_label} answers")


def check_computer(computer: orm.Computer) -> Iterator[Finding]:
    """Check that a computer is quick to ask and that its scheduler tells why a job ended."""
    subject = f"computer {computer.label}"
    try:
        cost = login_shell_cost(computer)
    except (NotExistent, OSError) as exception:
        remedy = f"verdi computer configure {computer.transport_type} {computer.label}"
        yield Finding(subject, "fault", f"it cannot be reached: {exception}", remedy)
        return
    if transport_settings(computer).get("use_login_shell", True) and cost > SLOW_SHELL:
        remedy = f"verdi computer configure {computer.transport_type} {computer.label} -n --no-use-login-shell"
        yield Finding(subject, "warning", f"login shells cost {cost:.2f} s a command", remedy)
    else:
        yield Finding(subject, "ok", "commands start quickly")
    if computer.scheduler_type == "core.slurm":
        with computer.get_transport() as transport:
            status, _, _ = transport.exec_command_wait("sacct -n -X")
        if status != 0:
            text = "sacct is refused, so jobs that run out of time or memory are not recognised"
            yield Finding(subject, "warning", text, "switch accounting on in slurm.conf: AccountingStorageType")


def check_family() -> Finding:
    """Check that a pseudopotential family recommends cutoffs."""
    found = list(families())
    ready = [family.label for family in found if has_default_cutoffs(family)]
    if ready:
        return Finding("pseudopotentials", "ok", f"cutoffs are recommended by {', '.join(ready)}")
    if found:
        remedy = f"aiida-gbml setup --pseudo-label {found[0].label} --cutoffs FILE.json"
        return Finding("pseudopotentials", "fault", f"family '{found[0].label}' has no default cutoffs", remedy)
    remedy = "aiida-gbml setup --pseudo-dir FOLDER --cutoffs FILE.json"
    return Finding("pseudopotentials", "warning", "there is no family, needed for Quantum ESPRESSO only", remedy)


def check_caching(profile: Profile) -> Finding:
    """Check that finished results are used again."""
    if missing := uncached(profile):
        return Finding("caching", "warning", f"off for {', '.join(missing)}", "aiida-gbml setup; verdi daemon restart")
    return Finding("caching", "ok", "finished results are used again")
