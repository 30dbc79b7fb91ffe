"""What ``xspectra.x`` has written: spectrum, standard output, and the head of the file of Lanczos coefficients.

The formats of Quantum ESPRESSO 6.7 and 7.x. The program returns 0 also when it has stopped or found nothing, so that a
result counts only when every part confirms the others.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from aiida_gbml.science.archive import Array

_NUMBER = r"([-+]?\d+\.\d*(?:[EeDd][-+]?\d+)?)"
_CELL = re.compile(r" *-?\d+\.\d{8}")
_COLUMN = 14  # characters: the program writes with the format 2f14.8, or 4f14.8 with spin
_GRID_TOLERANCE = 2e-5  # eV: the program converts to Ry and back
_SUM_TOLERANCE = 3e-8
_LARGEST = 1e5
_STOPS = (
    "does not exist or is not located in the right folder",
    "ERROR reading the core wavefunction file",
    "Fortran runtime error",
    "not implemented",
    "Please choose the one you want",
    "Wrong value of xm_r",
    "Segmentation fault",
    "MPI_ABORT",
)


class XspectraOutputError(ValueError):
    """The text is not what ``xspectra.x`` writes, or its numbers cannot be right."""


@dataclass(frozen=True)
class Spectrum:
    """Cross section of one direction of polarisation.

    :param energy: (m,) in eV relative to the energy zero.
    :param sigma: (m,) both spins, in the program's own unit.
    :param by_spin: (2, m) spin up and down, or none for a spinless calculation.
    """

    energy: Array
    sigma: Array
    by_spin: Array | None


@dataclass(frozen=True)
class Report:
    """What standard output says; energies in eV on the scale of the bands, None when it does not say.

    :param fermi: the program's own zero: the highest level of the bands that the electrons would fill, also in a metal.

    :param is_complete: the spectrum was written and the job ended.
    :param is_interrupted: the time limit was reached before all k-points were done.
    :param is_saved: the Lanczos coefficients were written, or read as they are.
    :param is_resumed: coefficients of an earlier run were used.
    :param chains: number of Lanczos chains that were computed in this run.
    :param unconverged: how many of them ended before the wanted accuracy.
    :param is_saturated: the chains ended because they span all plane waves: nothing more can be gained.
    """

    version: str
    is_complete: bool
    is_interrupted: bool
    is_saved: bool
    is_resumed: bool
    energy_zero: float | None
    homo: float | None
    lumo: float | None
    fermi: float | None
    core_level: float | None
    chains: int
    unconverged: int
    is_saturated: bool
    cpu_seconds: float | None
    wall_seconds: float | None
    failure: str | None


@dataclass(frozen=True)
class SaveHead:
    """Head of a file of Lanczos coefficients.

    :param is_finished: no k-point is left.
    :param spins: 1 or 2.
    :param kpoints: number of k-points, spins counted.
    :param fermi: Fermi energy or highest occupied level in eV.
    :param polarisation: (3,) Cartesian unit vector.
    """

    is_finished: bool
    spins: int
    kpoints: int
    fermi: float
    polarisation: Array


def parse_spectrum(text: str, minimum: float, maximum: float, points: int) -> Spectrum:
    """Return the spectrum of a file whose energies must be those that were asked for.

    :param minimum: first energy in eV.
    :param maximum: last energy in eV.
    :param points: number of energies.
    :raises XspectraOutputError: when the table is cut off, damaged, or holds something else.
    """
    lines = text.split("\n")
    rows = [line.rstrip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if lines[-1].strip() or len(rows) != points:
        raise XspectraOutputError(f"it has {len(rows)} whole rows, expected {points}")
    width = len(rows[0])
    cells = [[row[at : at + _COLUMN] for at in range(0, width, _COLUMN)] for row in rows if len(row) == width]
    if (
        width not in (2 * _COLUMN, 4 * _COLUMN)
        or len(cells) != points
        or not all(_CELL.fullmatch(cell) for row in cells for cell in row)
    ):
        raise XspectraOutputError("its rows are not all of two or four numbers")
    table = np.array(cells).astype(float).T
    if np.max(np.abs(table[0] - np.linspace(minimum, maximum, points))) > _GRID_TOLERANCE:
        raise XspectraOutputError(f"its energies are not {points} from {minimum:g} to {maximum:g} eV")
    _check_intensities(table[1:])
    return Spectrum(table[0], table[1], table[2:] if len(table) == 4 else None)


def parse_stdout(text: str) -> Report:
    """Return what standard output says; never raises, whatever it holds."""
    times = re.findall(r"^ *xanes *: *(\S.{0,30}?) *CPU *(\S.{0,30}?) *WALL", text, re.MULTILINE)
    cpu, wall = (_seconds(part) for part in times[-1]) if times else (None, None)
    fermi = _energy(r"(?:\bef +|Fermi level )\[eV\]: *", text)
    unconverged = len(re.findall(r"!\s+XANES not converged after", text))
    is_interrupted = "Calculation not finished" in text
    return Report(
        version=_word(r"Program XSpectra v\.?([\w.+-]+)", text),
        is_complete="Cross-section successfully written in" in text and "END JOB XSpectra" in text,
        is_interrupted=is_interrupted,
        is_saved="successfully written in x_save_file" in text or "only the spectrum plot" in text,
        is_resumed="final-state angular momentum (xm_r)" in text,
        energy_zero=_energy_zero(text, fermi),
        homo=_energy(r"ehomo \[eV\]: *", text),
        lumo=_energy(r"elumo \[eV\]: *", text),
        fermi=fermi,
        core_level=_energy(r"Core level energy \[eV\]: *", text),
        chains=len(re.findall(r"!\s+=> CONVERGED at iter", text)) + unconverged,
        unconverged=unconverged,
        is_saturated="Hilbert space is saturated" in text,
        cpu_seconds=cpu,
        wall_seconds=wall,
        failure=_failure(text),
    )


def parse_save_head(text: str) -> SaveHead:
    """Return the head of a file of Lanczos coefficients of version 2.

    :raises XspectraOutputError: when it is something else.
    """
    lines = text[:4000].split("\n")
    if len(lines) < 12 or not re.match(r"# save_file_version= +2\b", lines[0]):
        raise XspectraOutputError("it is no file of Lanczos coefficients of version 2")
    try:
        spins, kpoints = int(lines[6].split()[1]), int(lines[7].split()[1])
        fermi = float(lines[9].split()[1])
        polarisation = np.array(lines[11].split(), dtype=float)
    except (IndexError, ValueError):
        raise XspectraOutputError("the head of its Lanczos coefficients is damaged") from None
    if (
        spins not in (1, 2)
        or kpoints < 1
        or polarisation.shape != (3,)
        or not np.isfinite([fermi, *polarisation]).all()
    ):
        raise XspectraOutputError("the head of its Lanczos coefficients is damaged")
    return SaveHead("unfinished" not in lines[1], spins, kpoints, fermi, polarisation)


def _check_intensities(intensities: Array) -> None:
    """Raise unless intensities can be those of an absorption, and their spins add up."""
    if not np.all(np.abs(intensities) < _LARGEST):
        raise XspectraOutputError("it holds intensities beyond any spectrum")
    if np.max(intensities[0]) <= 0 or -np.min(intensities[0]) > 0.05 * np.max(intensities[0]):
        raise XspectraOutputError("its intensities are not those of an absorption: they vanish or are negative")
    if len(intensities) == 3 and np.max(np.abs(intensities[0] - intensities[1] - intensities[2])) > _SUM_TOLERANCE:
        raise XspectraOutputError("its two spins do not add up to the total")


def _energy(pattern: str, text: str) -> float | None:
    """Return the last number after a pattern, None when there is none that can be an energy."""
    found = re.findall(pattern + _NUMBER + r"(?=\s|$)", text)
    value = float(re.sub("[Dd]", "e", found[-1])) if found else math.nan
    return value if abs(value) < _LARGEST else None


def _energy_zero(text: str, fermi: float | None) -> float | None:
    """Return the energy zero if it is named twice, and both times the same: that of the input, or the program's own."""
    given = _energy(r"xe0 \[eV\]: *(?=\S+ \(energy zero read)", text)
    first = fermi if given is None else given
    last = _energy(r"(?:energy-zero of the spectrum|xe0) \[eV\]: *", text)
    return first if first is not None and last is not None and abs(first - last) < 1e-3 else None


def _word(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1][:40] if found else ""


def _seconds(text: str) -> float | None:
    """Return the seconds of a time such as ``1h12m`` or ``3m25.31s``."""
    found = re.fullmatch(r"(?:(\d{1,6})d)?\s*(?:(\d{1,6})h)?\s*(?:(\d{1,6})m)?\s*(?:(\d{1,9}(?:\.\d{1,6})?)s)?", text)
    if not found or not any(found.groups()):
        return None
    days, hours, minutes, seconds = (float(group or 0) for group in found.groups())
    return 86400 * days + 3600 * hours + 60 * minutes + seconds


def _failure(text: str) -> str | None:
    """Return why the program stopped, in its own words on one line."""
    boxed = re.search(r"Error in routine ([^\n]{1,80})\n([^\n]{0,200})", text)
    stopped = (line for line in text.split("\n") if any(stop in line for stop in _STOPS))
    words = f"{boxed[1]} {boxed[2]}" if boxed else next(stopped, None)
    if words is None:
        return None
    return "".join(letter for letter in " ".join(words.split())[:280] if letter.isprintable())
