"""`aiida-gbml setup` on a machine that never saw AiiDA."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("aiida-gbml")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Return what the command did in an AiiDA folder of its own."""
    environment = os.environ | {"AIIDA_PATH": str(folder), "HOME": str(folder)}
    command = [COMMAND, *arguments]
    return subprocess.run(command, check=False, env=environment, capture_output=True, text=True)


def states(output: str) -> dict[str, str]:
    """Return the status of each subject in a printed table."""
    rows = (line.split(maxsplit=1) for line in output.splitlines() if line[:1].isalpha())
    return {rest[:16].strip(): status for status, rest in rows if status in {"ok", "made", "warning", "fault"}}


def test_a_fresh_machine_is_set_up_once(tmp_path: Path, pw_x: Path, lmp: Path) -> None:
    first = run(tmp_path, "setup")
    assert first.returncode == 0, first.stderr
    made = states(first.stdout)
    for subject in ("profile", "settings", "computer", "code pw", "code lmp", "code worker"):
        assert made[subject] == "made", first.stdout
    (profile,) = json.loads((tmp_path / ".aiida" / "config.json").read_text())["profiles"].values()
    assert profile["storage"]["backend"] == "core.sqlite_dos"
    assert profile["process_control"]["backend"] == "core.zeromq"

    again = states(run(tmp_path, "setup").stdout)
    assert "made" not in again.values()
    assert set(again) == set(made)

    doctor = run(tmp_path, "doctor")
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    assert states(doctor.stdout)["code lmp"] == "ok"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--cutoff-wfc", "30"), "go together"),
        (("--pseudo-dir", "."), "no pseudopotential family"),
        (("--pseudo-label", "none"), "'none'"),
        (("--workers", "0"), "--workers"),
        (("--cutoff-wfc", "-1"), "--cutoff-wfc"),
    ],
)
def test_wrong_options_end_in_one_sentence(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    done = run(tmp_path, "setup", *arguments)
    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_profile_the_doctor_says_how_to_make_one(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor")
    assert done.returncode == 1
    assert "aiida-gbml setup" in done.stderr
