"""XDI files (XAS Data Interchange, version 1), which beamlines and spectrum libraries write.

A header of lines ``# Namespace.tag: value`` names the columns (``# Column.1: energy eV``); ``# ///`` begins free
comments, ``# ---`` ends the header. Columns are taken by their names. Source: Ravel et al., J. Phys.: Conf. Ser. 712,
012148 (2016), and the dictionary of XDI 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from ase import units

from aiida_gbml.science.archive import Array
from aiida_gbml.science.spectra.formats.spectrum import (
    FormatError,
    MeasuredSpectrum,
    Metadata,
    known_edge,
    number,
    numbers,
    one_line,
    spectrum_of_points,
)

_FIELD = re.compile(r"#\s*([A-Za-z][A-Za-z0-9_]*\.[A-Za-z0-9_-]+)\s*:\s*(.*)")
_COLUMN = re.compile(r"column\.(\d{1,3})")
_MOST_COLUMNS = 1000
_MOST_LOST_ROWS = 0.1
_PHOTON = 2 * np.pi * units._hbar * units._c / units._e * 1e10  # h c in eV Å
_LISTED = {"mutrans": "transmission", "mufluor": "fluorescence", "mu": "mu", "xmu": "mu", "normtrans": "normalised"}
_ALIASES = {"i0": ("i0", "io"), "itrans": ("itrans", "it", "i1"), "ifluor": ("ifluor", "if", "iff")}
_CANONICAL = {"sample.name": "sample", "sample.formula": "formula", "scan.start_time": "date"}


def from_xdi(text: str) -> MeasuredSpectrum:
    """Return the absorption of an XDI text: a listed mu, else ln(I0/It), else If/I0.

    :raises FormatError: when it is none, or no such columns are named.
    """
    lines = text.splitlines()
    if not lines or not re.match(r"#\s*XDI/\d", lines[0]):
        raise FormatError("the file does not begin with '# XDI/1.0'")
    fields, label, data = _parts(lines[1:])
    columns = _columns(fields, label)
    width = max(columns.values()) + 1 if columns else 0
    rows = [words for words in (line.split() for line in data) if len(words) >= width]
    if len(rows) < (1 - _MOST_LOST_ROWS) * len(data):
        raise FormatError(f"{len(data) - len(rows)} of {len(data)} rows lack columns that the header names")
    values = {name: numbers([row[at] for row in rows], f"column '{name}'") for name, at in columns.items()}
    energy = _energy(values, fields)
    intensity, signal = _absorption(values)
    return spectrum_of_points(energy, intensity, {"signal": signal, "intensity_unit": "mu", **_metadata(fields)})


def to_xdi(spectrum: MeasuredSpectrum) -> str:
    """Return an XDI text with the columns ``energy`` and ``mutrans``; other metadata are fields ``Gbml.<name>``.

    A calculated spectrum has no monochromator: ``Mono.d_spacing`` is written only if the metadata hold it.
    """
    told = dict(spectrum.metadata)
    edge = str(told.get("edge", "unknown"))
    fields: dict[str, str | float] = {
        "Column.1": "energy eV",
        "Column.2": "mutrans",
        "Element.symbol": told.get("element", "unknown"),
        "Element.edge": "L" if edge == "L23" else edge,
    }
    for name in sorted(set(told) - {"element", "edge"}):
        fields[_field_name(name)] = told[name]
    lines = [f"# {name}: {one_line(value)}" for name, value in fields.items()]
    points = zip(spectrum.energy.tolist(), spectrum.intensity.tolist(), strict=True)
    rows = [f"  {x!r}  {y!r}" for x, y in points]
    return "\n".join(["# XDI/1.0 aiida-gbml", *lines, "#---", "# energy mutrans", *rows, ""])


def _parts(lines: Sequence[str]) -> tuple[dict[str, str], list[str], list[str]]:
    """Return the fields by their names in lower case, the labels above the data, and the rows."""
    fields: dict[str, str] = {}
    label: list[str] = []
    in_fields = True
    for count, line in enumerate(map(str.strip, lines)):
        match = _FIELD.match(line) if in_fields else None
        if line and not line.startswith("#"):
            return fields, label, [one for one in lines[count:] if one.strip() and not one.lstrip().startswith("#")]
        if match is not None:
            fields[match[1].lower()] = match[2].partition("||")[0].strip()
        elif re.match(r"#\s*(///|---)", line):
            in_fields = False
        elif line:
            label = line.lstrip("#").split()
    raise FormatError("the file ends before its data")


def _columns(fields: Mapping[str, str], label: Sequence[str]) -> dict[str, int]:
    """Return the columns that are used, by our names: as listed in the header, else by the labels above the data."""
    listed = {int(match[1]): value for key, value in fields.items() if (match := _COLUMN.fullmatch(key))}
    names = {at - 1: value.split()[0].lower() for at, value in listed.items() if value and 0 < at <= _MOST_COLUMNS}
    names = names or {at: word.lower() for at, word in enumerate(label)}
    places = {name: at for at, name in sorted(names.items(), reverse=True)}
    wanted = {"energy": ("energy",), "angle": ("angle",), **_ALIASES, **{name: (name,) for name in _LISTED}}
    found = {name: [places[alias] for alias in aliases if alias in places] for name, aliases in wanted.items()}
    columns = {name: at[0] for name, at in found.items() if at}
    useful = {"i0", "itrans"} <= set(columns) or {"i0", "ifluor"} <= set(columns) or set(columns) & set(_LISTED)
    if not useful or not {"energy", "angle"} & set(columns):
        named = ", ".join(names[at] for at in sorted(names)) or "not named"
        needed = "energy and one of mutrans, i0 and itrans, i0 and ifluor"
        raise FormatError(f"the columns are {named}; needed are {needed}")
    return columns


def _energy(values: Mapping[str, Array], fields: Mapping[str, str]) -> Array:
    """Return energies in eV, from the angle of the monochromator where the file has no energy."""
    if "energy" in values:
        unit = next((v for k, v in fields.items() if _COLUMN.fullmatch(k) and v.lower().startswith("energy ")), "")
        return values["energy"] * (1e3 if unit.lower().split()[1:2] == ["kev"] else 1.0)
    spacing = number(fields.get("mono.d_spacing", "missing"), "Mono.d_spacing")
    with np.errstate(all="ignore"):
        return np.asarray(_PHOTON / (2 * spacing * np.sin(np.radians(values["angle"]))))


def _absorption(values: Mapping[str, Array]) -> tuple[Array, str]:
    """Return the absorption and what it was measured by."""
    for name, signal in _LISTED.items():
        if name in values:
            return values[name], signal
    with np.errstate(all="ignore"):
        if "itrans" in values:
            return np.log(values["i0"] / values["itrans"]), "transmission"
        return np.asarray(values["ifluor"] / values["i0"]), "fluorescence"


def _metadata(fields: Mapping[str, str]) -> Metadata:
    told: dict[str, str | float] = {"energy_axis": "absolute"}
    for name, value in fields.items():
        if not _COLUMN.fullmatch(name) and not name.startswith("element."):
            told[_CANONICAL.get(name, name.removeprefix("gbml."))] = value
    return {**told, **known_edge(fields.get("element.symbol", ""), fields.get("element.edge", ""))}


def _field_name(name: str) -> str:
    """Return the name of a field for a name of our metadata."""
    standard = {ours: theirs for theirs, ours in _CANONICAL.items()}
    theirs = standard.get(name, name if "." in name else f"gbml.{name}")
    space, _, tag = re.sub(r"[^A-Za-z0-9_.-]", "_", theirs).partition(".")
    return f"{space.capitalize()}.{tag}"
