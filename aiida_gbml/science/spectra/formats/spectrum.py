"""One spectrum, as every file format holds it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from ase.data import chemical_symbols

from aiida_gbml import __version__
from aiida_gbml.science.archive import Array
from aiida_gbml.science.spectra.table import EDGES, SpectraError, SpectraTable, tables_from_rows

Metadata = Mapping[str, "str | float"]

LARGEST_TEXT = 10**8
MOST_POINTS = 10**7


class FormatError(SpectraError):
    """The file is not what its format wants."""


@dataclass(frozen=True)
class MeasuredSpectrum:
    """One spectrum with what is known about it.

    Well-known metadata: ``element``, ``edge`` (as in :class:`SpectraTable`), ``title``, ``energy_axis`` ('absolute' or
    'relative'), ``signal`` (what the intensity is, such as 'transmission', 'fluorescence', 'energy loss',
    'calculated'), ``intensity_unit``, ``program``, ``beam_energy`` (keV), ``convergence_angle`` and
    ``collection_angle`` (mrad, semi-angles), ``sample``, ``licence``, ``structure_uuid``, ``calculation_uuid``. What
    else a file says is kept under the file's own names in lower case.

    :param energy: (m,) eV, rising.
    :param intensity: (m,) in the unit that the metadata name.
    :param metadata: texts and numbers by name.
    :raises FormatError: when the two do not fit each other or are not finite.
    """

    energy: Array
    intensity: Array
    metadata: Metadata = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.energy.ndim != 1 or self.energy.shape != self.intensity.shape or len(self.energy) < 2:
            raise FormatError(f"a spectrum needs two points or more, got {self.energy.shape} {self.intensity.shape}")
        if not (np.all(np.isfinite(self.energy)) and np.all(np.isfinite(self.intensity))):
            raise FormatError("the energies and intensities of a spectrum must be finite numbers")
        if np.any(np.diff(self.energy) <= 0):
            raise FormatError("the energies of a spectrum must rise")


def spectrum_of_points(energy: Array, intensity: Array, metadata: Metadata) -> MeasuredSpectrum:
    """Return a spectrum of the points of a file: sorted, the first of equal energies, those without value left out.

    :param energy: (k,) eV, in any order.
    :param intensity: (k,), NaN where there is none.
    :raises FormatError: when fewer than two points remain.
    """
    kept = np.isfinite(energy) & np.isfinite(intensity)
    values, first = np.unique(energy[kept], return_index=True)
    return MeasuredSpectrum(values, intensity[kept][first], {k: v for k, v in metadata.items() if v != ""})


def spectrum_of_row(table: SpectraTable, row: int) -> MeasuredSpectrum:
    """Return one row of a table; its columns become metadata.

    :raises FormatError: for a failed row.
    """
    columns = {name: column[row].item() for name, column in table.columns.items()}
    if table.failed[row]:
        raise FormatError(f"row {row} of {table.key} failed: {columns.get('reason') or 'no reason is kept'}")
    axis = "absolute" if table.take([row]).is_absolute else "relative"
    own = {"element": table.element, "edge": table.edge, "energy_axis": axis}
    own |= {"signal": "calculated", "intensity_unit": "arb", "program": f"aiida-gbml {__version__}"}
    told = {name: value for name, value in columns.items() if isinstance(value, str) or np.isfinite(value)}
    return spectrum_of_points(table.energy, table.intensity[row].astype(float), {**told, **own})


def tables_of_spectra(spectra: Iterable[MeasuredSpectrum], step: float) -> tuple[SpectraTable, ...]:
    """Return one table for each element and edge of some spectra; their metadata become columns.

    :param step: of the grid in eV, onto which the spectra are interpolated.
    :raises FormatError: for a spectrum that does not say its element and edge.
    """
    rows = []
    for spectrum in spectra:
        if not {"element", "edge"} <= set(spectrum.metadata):
            raise FormatError("a spectrum does not say its element and edge, by which it is filed")
        columns = {re.sub(r"[^a-z0-9_]", "_", name.lower()): value for name, value in spectrum.metadata.items()}
        rows.append({**columns, "energy": spectrum.energy, "intensity": spectrum.intensity})
    return tables_from_rows(rows, step)


def read_text(path: Path) -> str:
    """Return the text of a file, in UTF-8 or else in Latin-1.

    :raises FormatError: for a file that is too large to be one spectrum.
    """
    if path.stat().st_size > LARGEST_TEXT:
        raise FormatError(f"{path.stat().st_size} bytes are no text file of one spectrum")
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def numbers(words: Sequence[str], where: str) -> Array:
    """Return (k,) numbers of as many words.

    :raises FormatError: naming what is none.
    """
    if len(words) > MOST_POINTS:
        raise FormatError(f"{where}: {len(words)} numbers are too many for one spectrum")
    try:
        return np.array([float(word) for word in words])
    except ValueError as exception:
        raise FormatError(f"{where}: {exception}") from exception


def number(text: str, where: str) -> float:
    """Return one finite number.

    :raises FormatError: naming what is none.
    """
    value = float(numbers([text.strip()], where)[0])
    if not np.isfinite(value):
        raise FormatError(f"{where}: '{text.strip()}' is no finite number")
    return value


def one_line(value: str | float) -> str:
    """Return a value as it fits into one line of a header."""
    return " ".join(str(value).split())


def known_edge(element: str, edge: str) -> dict[str, str | float]:
    """Return element and edge as our tables call them, as far as a file's own words say."""
    names = {"L": "L23", "L2,3": "L23", "L23": "L23", "LII": "L2", "LIII": "L3", "LI": "L1"}
    known: dict[str, str | float] = {}
    symbol, line = element.strip().capitalize(), edge.strip().upper()
    if symbol in chemical_symbols[1:]:
        known["element"] = symbol
    if names.get(line, line) in EDGES:
        known["edge"] = names.get(line, line)
    return known
