"""This machine as a computer of AiiDA, and the codes on it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from timeit import repeat
from typing import Any

from aiida import orm
from aiida.common.exceptions import NotExistent
from aiida.manage.configuration import Profile, get_config

from aiida_gbml.cli.findings import Finding
from aiida_gbml.cli.programs import Program, prepend_text

LABEL = "localhost"
SLOW_SHELL = 0.1
"""Seconds a command by which a login shell may be slower before it is switched off."""

_POLL_INTERVAL = 0.5  # s; each question costs about 20 ms of CPU time


def ensure_computer(profile: Profile) -> tuple[orm.Computer, Finding]:
    """Return this machine as a computer without a scheduler, made and configured where needed."""
    try:
        computer = orm.load_computer(LABEL)
    except NotExistent:
        computer = orm.Computer(
            label=LABEL,
            hostname="localhost",
            description="This machine, made by aiida-gbml setup",
            transport_type="core.local",
            scheduler_type="core.direct",
            workdir=str(Path(get_config().dirpath) / "scratch" / profile.name),
        ).store()
        computer.set_minimum_job_poll_interval(_POLL_INTERVAL)
        computer.set_default_mpiprocs_per_machine(1)
    if computer.is_configured:
        return computer, Finding("computer", "ok", f"'{LABEL}' by {computer.transport_type}, {computer.scheduler_type}")
    computer.configure(safe_interval=0, use_login_shell=False)
    cost = login_shell_cost(computer)
    computer.configure(use_login_shell=cost < SLOW_SHELL)
    shell = "" if cost < SLOW_SHELL else f", without login shells, which cost {cost:.2f} s a command"
    return computer, Finding("computer", "made", f"'{LABEL}' by {computer.transport_type}{shell}")


def login_shell_cost(computer: orm.Computer) -> float:
    """Return the seconds by which a login shell makes a command on a configured computer slower, each timed thrice."""
    settings = transport_settings(computer)
    seconds = []
    for login in (True, False):
        transport = computer.get_transport_class()(
            machine=computer.hostname, **{**settings, "use_login_shell": login, "safe_interval": 0}
        )
        with transport:
            seconds.append(min(repeat(partial(transport.exec_command_wait, "true"), number=1, repeat=3)))
    return max(0.0, seconds[0] - seconds[1])


def transport_settings(computer: orm.Computer) -> dict[str, Any]:
    """Return how the user reaches a computer.

    :raises NotExistent: when it is not configured.
    """
    user = orm.User.collection.get_default()
    if user is None:
        raise NotExistent("the profile has no default user")
    return dict(computer.get_authinfo(user).get_auth_params())


def ensure_code(program: Program, computer: orm.Computer) -> Finding:
    """Make the code of a program that is on PATH, unless the computer has one of that label."""
    subject = f"code {program.label}"
    label = f"{program.label}@{computer.label}"
    try:
        code = orm.load_code(label)
    except NotExistent:
        executable = program.find()
        if executable is None:
            return Finding(subject, "warning", f"there is no {program.executable} on PATH", program.remedy)
        orm.InstalledCode(
            label=program.label,
            computer=computer,
            filepath_executable=str(executable),
            default_calc_job_plugin=program.plugin or None,
            prepend_text=prepend_text(executable),
            with_mpi=False,  # many small jobs at a time are quicker than one after the other on all cores
        ).store()
        return Finding(subject, "made", f"{label} runs {executable}")
    return Finding(subject, "ok", f"{label} runs {code.get_executable()}")
