"""What ``ld1.x`` of Quantum ESPRESSO says about the dataset that it made."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from aiida_gbml.science.archive import Array

PREFIX = "ld1"
"""Prefix of the files beside the dataset."""
ALL_ELECTRON_DERIVATIVES = f"{PREFIX}.dlog"
PSEUDO_DERIVATIVES = f"{PREFIX}ps.dlog"

_NUMBER = r"([-+]?\d+\.\d+(?:[EeDd][-+]?\d+)?)"
_VERSION = re.compile(r"Program LD1 v\.?\s*(\S+)")
_ALL_ELECTRON = re.compile(rf"^ *Etot\s*=\s*{_NUMBER} Ry", re.MULTILINE)
_PSEUDO = re.compile(rf"^ *Etotps\s*=\s*{_NUMBER} Ry", re.MULTILINE)
_LEVEL = re.compile(rf"^ *(\d) +(\d) +(\d[SPDF]) +\d\( *{_NUMBER}\) +{_NUMBER} +{_NUMBER} +{_NUMBER} *$", re.MULTILINE)
_ERROR = re.compile(r"Error in routine\s+(\S+)\s*\(\s*-?\d+\s*\):\s*\n\s*([^\n]+)")
_TEST = "Testing the pseudopotential"
_END = "End of pseudopotential test"
_LARGEST_OUTPUT = 20_000_000  # characters


class Ld1OutputError(ValueError):
    """A file of ``ld1.x`` cannot be read."""


@dataclass(frozen=True)
class Level:
    """A valence level of the atom.

    :param label: such as 2P.
    :param n: number of the level among those of the pseudo atom.
    :param l: angular momentum.
    :param occupation: electrons in it.
    :param ae_ry: energy in the all-electron atom, Ry.
    :param ps_ry: energy in the pseudo atom, Ry.
    """

    label: str
    n: int
    l: int  # noqa: E741
    occupation: float
    ae_ry: float
    ps_ry: float


@dataclass(frozen=True)
class Ld1Result:
    """What the output says.

    :param version: of the program, empty when it does not say.
    :param all_electron_energy_ry: total energy of the atom in Ry, None when there is none.
    :param pseudo_energy_ry: total energy of the pseudo atom in Ry, None when there is none.
    :param levels: the valence levels of the last test.
    :param failure: what went wrong, None when all is well.
    """

    version: str
    all_electron_energy_ry: float | None
    pseudo_energy_ry: float | None
    levels: tuple[Level, ...]
    failure: str | None


def parse_ld1(stdout: str) -> Ld1Result:
    """Return what the output of a run says; total energies are printed after each stage, the last ones count."""
    stdout = stdout[-_LARGEST_OUTPUT:]
    version = _VERSION.search(stdout)
    tested = stdout.rpartition(_TEST)[2] if _TEST in stdout else ""
    levels = tuple(
        Level(label, int(n), int(momentum), _real(occupation), _real(ae), _real(ps))
        for n, momentum, label, occupation, ae, ps, _ in _LEVEL.findall(tested)
    )
    result = Ld1Result(
        version=version[1] if version else "",
        all_electron_energy_ry=_last(_ALL_ELECTRON, stdout),
        pseudo_energy_ry=_last(_PSEUDO, stdout),
        levels=levels,
        failure=None,
    )
    return Ld1Result(**{**vars(result), "failure": _failure(result, stdout)})


def parse_log_derivatives(text: str) -> tuple[Array, Array]:
    """Return the logarithmic derivatives of a ``.dlog`` file.

    :returns: (k,) energies in Ry, and (k, n) derivatives in 1/bohr for l = 0, 1, ...
    :raises Ld1OutputError: when the file is no table of finite numbers with growing energies.
    """
    try:
        table = np.array([[_real(word) for word in line.split()] for line in text.splitlines() if line.strip()])
    except ValueError as exception:
        raise Ld1OutputError(f"the logarithmic derivatives are no table of numbers ({exception})") from exception
    if table.ndim != 2 or table.shape[0] < 2 or table.shape[1] < 2 or not np.all(np.isfinite(table)):
        raise Ld1OutputError("the logarithmic derivatives are no table of finite numbers")
    if np.any(np.diff(table[:, 0]) <= 0):
        raise Ld1OutputError("the energies of the logarithmic derivatives do not grow")
    return table[:, 0], table[:, 1:]


def _failure(result: Ld1Result, stdout: str) -> str | None:
    """Return what went wrong in a run."""
    error = _ERROR.search(stdout)
    if error:
        return f"{error[1]}: {error[2].strip()[:200]}"
    if not result.version:
        return "the output is not one of ld1.x"
    if _END not in stdout or result.pseudo_energy_ry is None or result.all_electron_energy_ry is None:
        return "the output ends before the test of the dataset"
    if not result.levels:
        return "the output has no valence levels"
    return None


def _last(pattern: re.Pattern[str], text: str) -> float | None:
    """Return the number of the last match."""
    found = pattern.findall(text)
    return _real(found[-1]) if found else None


def _real(text: str) -> float:
    """Return a Fortran number."""
    return float(text.replace("D", "E").replace("d", "e"))
