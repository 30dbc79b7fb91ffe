"""Spectra as comma-separated text, which every spreadsheet reads."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from aiida_gbml.science.spectra.formats.spectrum import (
    FormatError,
    MeasuredSpectrum,
    known_edge,
    numbers,
    one_line,
    spectrum_of_points,
)
from aiida_gbml.science.spectra.table import SpectraTable

_PAIR = re.compile(r"#\s*([A-Za-z][A-Za-z0-9_.]*)\s*[:=]\s*(.*)")


def from_csv(text: str) -> MeasuredSpectrum:
    """Return the spectrum of the first two columns, energy in eV and intensity.

    Columns are separated by commas, semicolons, tabs or blanks; lines with ``#`` are comments, of which those of the
    form ``# name: value`` are kept; one line of titles may stand above the numbers.

    :raises FormatError: when there are no two columns of numbers.
    """
    told: dict[str, str | float] = {"energy_axis": "absolute"}
    rows: list[list[str]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("#"):
            match = _PAIR.match(line)
            told |= {match[1].lower(): match[2].strip()} if match else {}
        else:
            rows.append([word.strip().strip('"') for word in re.split(r"[,;\t]|\s+", line) if word.strip()][:2])
    if rows and not _is_number(rows[0]):
        rows = rows[1:]
    if not rows or any(len(row) < 2 for row in rows):
        raise FormatError("two columns of numbers are needed, energy in eV and intensity")
    energy, intensity = (numbers([row[at] for row in rows], f"column {at + 1}") for at in (0, 1))
    known = known_edge(str(told.get("element", "")), str(told.get("edge", "")))
    return spectrum_of_points(energy, intensity, {**told, **known})


def to_csv(spectrum: MeasuredSpectrum) -> str:
    """Return a text of two columns with the metadata in comments above."""
    lines = [f"# {name}: {one_line(value)}" for name, value in sorted(spectrum.metadata.items())]
    points = zip(spectrum.energy.tolist(), spectrum.intensity.tolist(), strict=True)
    return "\n".join([*lines, "energy_eV,intensity", *(f"{x!r},{y!r}" for x, y in points), ""])


def table_to_csv(table: SpectraTable) -> str:
    """Return all spectra of a table side by side: a column a row of the table, its own columns as lines above.

    What a site was not computed for is an empty field.
    """
    lines = [f"# element: {table.element}", f"# edge: {table.edge}"]
    lines += [f"# {name},{_joined(column.tolist())}" for name, column in sorted(table.columns.items())]
    lines.append(_joined(["energy_eV", *(f"spectrum_{row}" for row in range(len(table)))]))
    rounded = np.round(table.energy, 9)
    lines += [_joined([x, *values]) for x, values in zip(rounded.tolist(), table.intensity.T.tolist(), strict=True)]
    return "\n".join([*lines, ""])


def _is_number(words: Iterable[str]) -> bool:
    try:
        return bool([float(word) for word in words])
    except ValueError:
        return False


def _joined(values: Iterable[object]) -> str:
    """Return one line; NaN is an empty field, text loses its commas."""
    texts = [str(value) if isinstance(value, str) else repr(value) for value in values]
    return ",".join("" if text == "nan" else one_line(text).replace(",", ";") for text in texts)
