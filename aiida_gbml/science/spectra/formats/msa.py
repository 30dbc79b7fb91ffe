"""EMSA/MAS files (ISO 22029), which programs of electron microscopes write for energy-loss spectra.

A keyword a line, ``#KEY : value``, then the data after ``#SPECTRUM`` until ``#ENDOFDATA``: intensities on a uniform
axis (``#DATATYPE : Y``) or pairs (``XY``). What has no keyword of its own is kept as ``#COMMENT : name = value``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

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

FORMAT = "EMSA/MAS Spectral Data File"

_PAIR = re.compile(r"([a-z][a-z0-9_.]*) = (.*)")
_NUMBERS = {"BEAMKV": "beam_energy", "CONVANGLE": "convergence_angle", "COLLANGLE": "collection_angle"}
_WITH_UNIT = {"BEAMKV": "BEAMKV   -kV", "CONVANGLE": "CONVANGLE-mR", "COLLANGLE": "COLLANGLE-mR"}
_TEXTS = {"TITLE": "title", "OWNER": "owner", "DATE": "date", "TIME": "time", "YUNITS": "intensity_unit"}
_SIGNALS = {"ELS": "energy loss", "XAS": "absorption"}
_UNIFORM = 1e-6


def from_msa(text: str) -> MeasuredSpectrum:
    """Return the spectrum of an EMSA/MAS text.

    :raises FormatError: when it is none, is cut short, or its axis is no energy.
    """
    header, words = _parts(text)
    scale = _scale(header)
    values = numbers(words, "#SPECTRUM")
    energy: Array
    if header.get("DATATYPE", "Y").upper() == "XY":
        if len(values) % 2:
            raise FormatError(f"#DATATYPE XY wants pairs, the file has {len(values)} numbers")
        energy, intensity = values[::2] * scale, values[1::2]
    else:
        step, offset = (number(header.get(key, "missing"), f"#{key}") * scale for key in ("XPERCHAN", "OFFSET"))
        energy, intensity = offset + step * np.arange(len(values)), values
    promised = int(number(header.get("NPOINTS", str(len(energy))), "#NPOINTS"))
    if len(energy) < promised:
        raise FormatError(f"the file ends after {len(energy)} of the {promised} points that #NPOINTS promises")
    return spectrum_of_points(energy[:promised], intensity[:promised], _metadata(header))


def to_msa(spectrum: MeasuredSpectrum) -> str:
    """Return an EMSA/MAS text; what its header does not know is kept in comments."""
    told = dict(spectrum.metadata)
    uniform = _is_uniform(spectrum.energy)
    step = (spectrum.energy[-1] - spectrum.energy[0]) / (len(spectrum.energy) - 1) if uniform else 1.0
    signals = {name: key for key, name in _SIGNALS.items()}
    values: dict[str, str | float] = {
        "FORMAT": FORMAT,
        "VERSION": "1.0",
        "TITLE": _take(told, "title") or _title(told),
        "DATE": _take(told, "date") or "01-JAN-1970",
        "TIME": _take(told, "time") or "00:00",
        "OWNER": _take(told, "owner") or "unknown",
        "NPOINTS": f"{len(spectrum.energy)}.",
        "NCOLUMNS": "1.",
        "XUNITS": "eV",
        "YUNITS": _take(told, "intensity_unit") or "arb",
        "DATATYPE": "Y" if uniform else "XY",
        "XPERCHAN": repr(float(step)),
        "OFFSET": repr(float(spectrum.energy[0])),
        "SIGNALTYPE": signals.get(str(told.get("signal")), "ELS"),
        **{key: float(told.pop(name)) for key, name in _NUMBERS.items() if name in told},
    }
    lines = [f"#{_WITH_UNIT.get(key, key):<12}: {one_line(value)}" for key, value in values.items()]
    lines += [f"#COMMENT     : {name} = {one_line(told[name])}" for name in sorted(told)]
    points = zip(spectrum.energy.tolist(), spectrum.intensity.tolist(), strict=True)
    data = [repr(y) if uniform else f"{x!r}, {y!r}" for x, y in points]
    return "\n".join([*lines, "#SPECTRUM    : Spectral Data Starts Here", *data, "#ENDOFDATA   : End Of Data", ""])


def _parts(text: str) -> tuple[Mapping[str, str], Sequence[str]]:
    """Return the header by keyword, comments joined by line breaks, and the words of the data."""
    lines, header = iter(text.splitlines()), defaultdict[str, list[str]](list)
    for line in filter(None, map(str.strip, lines)):
        name, colon, value = line.partition(":")
        if not (line.startswith("#") and colon):
            raise FormatError(f"'{line[:60]}' is no line of an EMSA/MAS header, '#KEY : value'")
        key = name.strip("# ").partition("-")[0].strip().upper()
        if key == "SPECTRUM":
            break
        header[key].append(value.strip())
    if not any("EMSA" in value.upper() for value in header["FORMAT"]):
        raise FormatError(f"the file does not say '#FORMAT : {FORMAT}'")
    data: list[str] = []
    for line in lines:
        if line.lstrip().startswith("#"):
            if line.upper().replace(" ", "").startswith("#ENDOFDATA"):
                return {key: "\n".join(values) for key, values in header.items()}, data
            raise FormatError(f"'{line.strip()[:60]}' stands among the data")
        data += line.replace(",", " ").replace(";", " ").split()
    raise FormatError("the file ends before #ENDOFDATA")


def _scale(header: Mapping[str, str]) -> float:
    """Return how many eV the unit of the axis is."""
    unit = header.get("XUNITS", "eV") or "eV"
    match = re.search(r"\b([km]?)ev\b", unit.lower())
    if match is None:
        raise FormatError(f"#XUNITS : '{unit[:40]}' is no energy; eV and keV are read")
    return {"": 1.0, "k": 1e3, "m": 1e-3}[match[1]]


def _metadata(header: Mapping[str, str]) -> Metadata:
    told: dict[str, str | float] = {"energy_axis": "absolute"}
    told |= {name: header[key] for key, name in _TEXTS.items() if key in header}
    told |= {name: number(header[key].split()[0], f"#{key}") for key, name in _NUMBERS.items() if header.get(key)}
    signal = header.get("SIGNALTYPE", "ELS")
    told["signal"] = _SIGNALS.get(signal.upper(), signal)
    pairs = [_PAIR.fullmatch(line) for line in header.get("COMMENT", "").splitlines()]
    told |= {pair[1]: pair[2] for pair in pairs if pair is not None}
    return {**told, **known_edge(str(told.get("element", "")), str(told.get("edge", "")))}


def _take(told: dict[str, str | float], name: str) -> str:
    return str(told.pop(name, ""))


def _title(told: Metadata) -> str:
    return " ".join(str(told[name]) for name in ("formula", "element", "edge") if name in told) or "spectrum"


def _is_uniform(energy: Array) -> bool:
    steps = np.diff(energy)
    return bool(np.ptp(steps) <= _UNIFORM * steps.mean())
