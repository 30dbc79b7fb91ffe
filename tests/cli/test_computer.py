"""This machine as a computer, and its codes."""

import sys
from pathlib import Path

import pytest
from aiida import orm
from aiida.manage.configuration import Profile

from aiida_gbml.cli import computer
from aiida_gbml.cli.programs import Program

PYTHON = Program("python", Path(sys.executable).name, "core.arithmetic.add", "", "", "apt-get install python3")


def test_this_machine_is_made_once(aiida_profile_clean: Profile) -> None:
    made, finding = computer.ensure_computer(aiida_profile_clean)
    assert finding.status == "made"
    assert made.get_minimum_job_poll_interval() <= 1
    with made.get_transport() as transport:
        assert transport.exec_command_wait("echo here")[1] == "here\n"
    again, finding = computer.ensure_computer(aiida_profile_clean)
    assert (again.pk, finding.status) == (made.pk, "ok")


@pytest.mark.parametrize(("cost", "login"), [(0.5, False), (0.01, True)])
def test_slow_login_shells_are_switched_off(
    cost: float, login: bool, aiida_profile_clean: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computer, "login_shell_cost", lambda _: cost)
    made, _ = computer.ensure_computer(aiida_profile_clean)
    assert computer.transport_settings(made)["use_login_shell"] is login


def test_the_cost_of_a_login_shell_is_measured(
    aiida_localhost: orm.Computer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".bash_profile").write_text("sleep 0.5\n")
    assert 0.3 < computer.login_shell_cost(aiida_localhost) < 5
    (tmp_path / ".bash_profile").write_text("test -e ~/seen || { touch ~/seen; sleep 5; }\n")
    assert computer.login_shell_cost(aiida_localhost) < 4, "one that was slow by chance does not count"


@pytest.mark.usefixtures("aiida_profile_clean")
def test_a_code_is_made_once(aiida_localhost: orm.Computer) -> None:
    assert computer.ensure_code(PYTHON, aiida_localhost).status == "made"
    assert computer.ensure_code(PYTHON, aiida_localhost).status == "ok"
    code = orm.load_code("python@localhost")
    assert code.default_calc_job_plugin == "core.arithmetic.add"
    assert "OMP_NUM_THREADS=1" in code.prepend_text


@pytest.mark.usefixtures("aiida_profile_clean")
def test_a_missing_program_is_named_with_its_remedy(aiida_localhost: orm.Computer) -> None:
    finding = computer.ensure_code(Program("none", "no-such-program", "", "", "", "install it"), aiida_localhost)
    assert (finding.status, finding.remedy) == ("warning", "install it")
    assert "no-such-program" in finding.text
    assert orm.QueryBuilder().append(orm.InstalledCode).count() == 0
