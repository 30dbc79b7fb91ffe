"""What ``lmp`` wrote, read without trust: a row counts only when its numbers confirm each other.

Every row was written as an atom table between ``begin`` and ``end``. The ``end`` line repeats, summed by LAMMPS, every
column of the table (so that the energy is there twice), and closes with the sum of its own numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.engines.lammps.frame import LammpsFrame
from aiida_gbml.science.engines.lammps.inputs import ATOM_FIELDS, BOX_FIELDS, HEADER, PRESSURE_FIELDS
from aiida_gbml.science.engines.lammps.settings import LammpsSettings, frame_of, free_coordinates
from aiida_gbml.science.structure_set import FAILED, NEW, OK, StructureSet

# LAMMPS counts pressure in bar: 1 eV/Å³ in the constants of its metal units.
_BAR = 1.6021765e6
# Sums taken in another order differ by rounding: about 1e-15 of the sum of the magnitudes.
_SUM_TOLERANCE = 1e-12
_N_TABLE_HEAD = 9
_LONGEST_REASON = 200
_ROW = re.compile(r"[0-9]{1,9}")
_FAILURE = re.compile(r"failed [0-9]+ ([0-9]+) ([0-9]+) ")
_OF_THE_MACHINE = re.compile(r"Failed to (re)?allocate|Cannot open|No space left")
_UNPRINTABLE = re.compile(r"[^ -~]+")


class LammpsOutputError(ValueError):
    """The files are not the results of one LAMMPS run."""


class LammpsSetupError(LammpsOutputError):
    """LAMMPS stopped before the first structure."""


@dataclass(frozen=True)
class _Record:
    """The numbers of one evaluated structure, in LAMMPS' orientation and the units of the result."""

    positions: Array
    forces: Array
    energies: Array
    energy: float
    box: Array
    pressure: Array
    n_steps: int


class _DamagedRecordError(ValueError):
    """The text of one row contradicts itself."""


def read_outputs(
    structures: StructureSet, settings: LammpsSettings, results: bytes, log: bytes = b"", *, is_retry: bool = False
) -> StructureSet:
    """Return the evaluated set: the rows of ``structures`` in their order, with all their columns.

    Added columns: ``energy`` (eV), ``stress`` ((n, 3, 3) eV/Å³, positive in tension), ``converged`` (every force and
    stress that was to vanish is below its tolerance), ``n_steps``, ``status`` (``ok``; ``failed``; ``new`` where the
    process ended before the row, or what it wrote of the row is damaged), ``reason`` and ``machine_fault`` (it failed
    through no fault of the structure); added atom columns: ``forces`` (eV/Å) and ``energies`` (eV).

    :param structures: what :func:`write_inputs` was given.
    :param settings: what :func:`write_inputs` was given.
    :param results: content of the results file, empty when there is none.
    :param log: content of the log file, for the message of an error.
    :param is_retry: the first structure is one that an earlier process did not complete: a kill or damage is not left
        to a further process.
    :raises LammpsSetupError: when LAMMPS did not come as far as the first structure.
    :raises LammpsOutputError: when the results are those of no run, or of more than one.
    """
    message = _error_message(log)
    finished, begun = _split(results.decode("ascii", errors="replace"), message)
    stopped = f"LAMMPS stopped: {message}"
    evaluated = _Evaluated(structures, settings, is_retry)
    for row in range(len(structures)):
        if row in finished:
            evaluated.read(row, finished[row])
        elif row == begun and message and not _OF_THE_MACHINE.search(message):
            evaluated.fail(row, stopped)
        elif row == begun == 0:
            evaluated.lose(row, stopped if message else "LAMMPS was killed twice while it evaluated this structure")
        elif row < max(finished, default=-1):
            evaluated.lose(row, "its output is missing or damaged")
    return evaluated.to_set()


class _Evaluated:
    """The evaluated set while its rows are being read."""

    def __init__(self, structures: StructureSet, settings: LammpsSettings, is_retry: bool) -> None:
        count, atoms = len(structures), len(structures.numbers)
        self.structures, self.settings, self.is_retry = structures, settings, is_retry
        self.cells, self.positions = structures.cells.copy(), structures.positions.copy()
        self.status = [NEW] * count
        self.reason = [""] * count
        self.machine_fault = np.zeros(count, dtype=bool)
        self.energy = np.full(count, np.nan)
        self.stress = np.full((count, 3, 3), np.nan)
        self.converged = np.zeros(count, dtype=bool)
        self.n_steps = np.zeros(count, dtype=np.int64)
        self.forces = np.full((atoms, 3), np.nan)
        self.energies = np.full(atoms, np.nan)

    def fail(self, row: int, reason: str) -> None:
        self.status[row], self.reason[row] = FAILED, reason

    def lose(self, row: int, reason: str) -> None:
        """Leave a row, which the machine failed, to the next process; if this is the second, the row has failed."""
        if self.is_retry:
            self.fail(row, reason)
            self.machine_fault[row] = True

    def read(self, row: int, lines: list[str]) -> None:
        """Take over one row, or fail it with the reason."""
        own = self.structures.atoms_of(row)
        if lines[1].startswith("failed "):
            self.fail(row, _failure(lines[1]))
            return
        frame = frame_of(self.structures, row)
        try:
            record = _parse(lines, own.stop - own.start)
            self._check_geometry(row, frame, record)
        except _DamagedRecordError as exception:
            self.lose(row, f"its output is damaged: {exception}")
            return
        if self.settings.mode == "relax":
            self.positions[own] = frame.structure_vectors(record.positions)
        if self.settings.relaxes_cell:
            self.cells[row] = frame.structure_cell(record.box)
        self.status[row] = OK
        self.energy[row], self.n_steps[row] = record.energy, record.n_steps
        self.stress[row] = frame.structure_stress(record.pressure, record.box)
        self.forces[own], self.energies[own] = frame.structure_vectors(record.forces), record.energies
        self.converged[row] = self._is_converged(row, record)

    def _check_geometry(self, row: int, frame: LammpsFrame, record: _Record) -> None:
        """Raise unless what was not to change did not."""
        if not self.settings.relaxes_cell and not np.allclose(record.box, frame.box, rtol=0, atol=1e-8):
            raise _DamagedRecordError("the fixed cell has changed")
        if self.settings.mode == "static":
            given = self.structures.positions[self.structures.atoms_of(row)] @ frame.rotation
            if not np.allclose(record.positions, given, rtol=0, atol=1e-8):
                raise _DamagedRecordError("the atoms of a static evaluation have moved")

    def _is_converged(self, row: int, record: _Record) -> bool:
        if self.settings.mode == "static":
            return True
        free = free_coordinates(self.structures, row, self.settings)
        pressure = {
            "fixed": 0.0,
            "normal": record.pressure[2, 2],
            "isotropic": np.trace(record.pressure) / 3,
            "free": record.pressure,
        }
        return bool(
            np.all(np.abs(record.forces[free]) <= self.settings.force_tolerance)
            and np.all(np.abs(pressure[self.settings.cell]) <= self.settings.stress_tolerance)
        )

    def to_set(self) -> StructureSet:
        """Return the set with everything that was read."""
        whole = StructureSet(
            cells=self.cells,
            pbc=self.structures.pbc,
            offsets=self.structures.offsets,
            numbers=self.structures.numbers,
            positions=self.positions,
            columns=self.structures.columns,
            atom_columns=self.structures.atom_columns,
        )
        return whole.with_columns(
            energy=self.energy,
            stress=self.stress,
            converged=self.converged,
            n_steps=self.n_steps,
            status=self.status,
            reason=self.reason,
            machine_fault=self.machine_fault,
        ).with_atom_columns(forces=self.forces, energies=self.energies)


def _split(text: str, message: str) -> tuple[dict[int, list[str]], int | None]:
    """Return the lines of each row that was finished, by its number, and the row that was begun last, but not finished.

    Blocks that begin and end with different numbers are nobody's.
    """
    if not text and message:
        raise LammpsSetupError(f"LAMMPS stopped before the first structure: {message}")
    if not text.startswith(f"{HEADER}\n"):
        raise LammpsOutputError("the results do not start with their header")
    if text.count(HEADER) > 1:
        raise LammpsOutputError("the results hold the output of more than one run, the folder was not empty")
    *blocks, last = [block.split("\n") for block in text.split("\nbegin ")]
    if last.pop() == "" and _is_finished(last):
        blocks, last = [*blocks, last], [""]
    finished: dict[int, list[str]] = {}
    for lines in filter(_is_finished, blocks):
        row = int(lines[0])
        if row in finished:
            raise LammpsOutputError(f"structure {row} stands more than once in the results")
        finished[row] = lines
    return finished, int(last[0]) if last and _ROW.fullmatch(last[0]) else None


def _is_finished(lines: list[str]) -> bool:
    """Whether a block belongs to a row that came to its end."""
    if len(lines) < 2 or not _ROW.fullmatch(lines[0]):
        return False
    return lines[-1].startswith((f"end {lines[0]} ", f"failed {lines[0]} "))


def _failure(line: str) -> str:
    """Return the reason in a line ``failed row atoms_expected atoms energy force``."""
    counts = _FAILURE.match(line)
    if counts is None:
        return "it failed, and its output is damaged"
    if counts[1] != counts[2]:
        return f"LAMMPS lost atoms: {counts[2]} of {counts[1]} are left"
    return "the energy or a force is not finite or beyond 1e12 eV: atoms are too close"


def _parse(lines: list[str], n_atoms: int) -> _Record:
    """Return the numbers of one row.

    :raises _DamagedRecordError: naming what does not fit.
    """
    if len(lines) != n_atoms + _N_TABLE_HEAD + 2 or lines[_N_TABLE_HEAD] != f"ITEM: ATOMS {ATOM_FIELDS}":
        raise _DamagedRecordError("it is not one table of its atoms")
    table = _numbers([line.split() for line in lines[_N_TABLE_HEAD + 1 : -1]], len(ATOM_FIELDS.split()))
    values = lines[-1].split()[2:]
    n_own = 1 + len(PRESSURE_FIELDS) + len(BOX_FIELDS)
    end = _numbers([values], 2 + n_own + len(ATOM_FIELDS.split()))[0]
    _check_sums(table, end, n_atoms, n_own)
    pxx, pyy, pzz, pxy, pxz, pyz = end[3:9] / _BAR
    lx, ly, lz, xy, xz, yz = end[9:15]
    return _Record(
        positions=table[:, 1:4],
        forces=table[:, 4:7],
        energies=table[:, 7],
        energy=float(end[2]),
        box=np.array([[lx, 0.0, 0.0], [xy, ly, 0.0], [xz, yz, lz]]),
        pressure=np.array([[pxx, pxy, pxz], [pxy, pyy, pyz], [pxz, pyz, pzz]]),
        n_steps=int(end[1]),
    )


def _check_sums(table: Array, end: Array, n_atoms: int, n_own: int) -> None:
    """Raise unless atoms, column sums, energy and the closing sum agree."""
    if end[0] != n_atoms or not np.array_equal(table[:, 0], np.arange(1, n_atoms + 1)):
        raise _DamagedRecordError("its atoms are not numbered from 1 to their count")
    own, totals = end[: 2 + n_own], end[2 + n_own : -1]
    columns = table[:, 1:]
    tolerances = _SUM_TOLERANCE * (1.0 + np.abs(columns).sum(axis=0))
    if np.any(np.abs(columns.sum(axis=0) - totals) > tolerances):
        raise _DamagedRecordError("the sums over its atoms do not agree")
    if abs(end[2] - totals[-1]) > tolerances[-1]:
        raise _DamagedRecordError("the energies of its atoms do not add up to the total")
    if abs(own.sum() - end[-1]) > _SUM_TOLERANCE * np.abs(own).sum():
        raise _DamagedRecordError("its closing sum does not agree")


def _numbers(words: list[list[str]], width: int) -> Array:
    """Return finite numbers of a table with ``width`` columns."""
    try:
        numbers = np.array(words, dtype=float)
    except ValueError as exception:
        raise _DamagedRecordError("a word is no number") from exception
    if numbers.shape != (len(words), width) or not np.all(np.isfinite(numbers)):
        raise _DamagedRecordError("a number is missing or not finite")
    return numbers


def _error_message(log: bytes) -> str:
    """Return LAMMPS' last error message in a log, short and printable, or an empty text."""
    found = re.findall(r"^ERROR(?: on proc \d+)?: (.*)$", log.decode("ascii", errors="replace"), re.MULTILINE)
    return _UNPRINTABLE.sub("?", found[-1])[:_LONGEST_REASON].strip() if found else ""
