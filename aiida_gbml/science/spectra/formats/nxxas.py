"""Spectra of other programs in HDF5 with the NeXus definition NXxas.

Our own databases are such files already, see :mod:`aiida_gbml.science.spectra.dataset`. Of others both definitions of
that name are read: the contributed one (element, edge, energy, one intensity or a stack) and the older one of a raw
scan in transmission (monochromator, incoming and absorbed beam).
"""

from __future__ import annotations

from pathlib import Path

from aiida_gbml.science.archive import Array
from aiida_gbml.science.spectra.dataset import SpectraFile
from aiida_gbml.science.spectra.formats.foreign_hdf5 import read_foreign
from aiida_gbml.science.spectra.formats.spectrum import (
    FormatError,
    MeasuredSpectrum,
    known_edge,
    spectrum_of_points,
    spectrum_of_row,
)
from aiida_gbml.science.spectra.table import SpectraError

_UNITS = {"ev": 1.0, "kev": 1e3}


def read_nxxas(path: Path) -> tuple[MeasuredSpectrum, ...]:
    """Return the spectra of a file, failed rows of our own databases left out.

    :raises FormatError: when it holds none, or is damaged.
    :raises OSError: when it cannot be read.
    """
    try:
        with SpectraFile(path) as own:
            tables = own.tables()
    except SpectraError:
        return _foreign(read_foreign(path, "nxxas"))
    return tuple(spectrum_of_row(table, row) for table in tables for row in range(len(table)) if not table.failed[row])


def _foreign(arrays: dict[str, Array]) -> tuple[MeasuredSpectrum, ...]:
    """Return the spectra of all entries of a file."""
    spectra: list[MeasuredSpectrum] = []
    for entry in dict.fromkeys(name.partition(".")[0] for name in arrays):
        own = {name: arrays[f"{entry}.{name}"] for name in ("energy", "intensity")}
        texts = {name: str(arrays[f"{entry}.{name}"][0]) for name in ("element", "edge", "title", "sample", "unit")}
        scale = _UNITS.get(texts.pop("unit").lower())
        if scale is None or own["energy"].ndim != 1 or own["intensity"].shape[-1:] != own["energy"].shape:
            raise FormatError(f"the entry of '{texts['title']}' has no axis in eV that fits its intensities")
        told: dict[str, str | float] = {"energy_axis": "absolute", "title": texts["title"], "sample": texts["sample"]}
        told |= known_edge(texts["element"], texts["edge"])
        stack = own["intensity"].reshape(-1, len(own["energy"]))
        spectra += [spectrum_of_points(own["energy"] * scale, intensity, told) for intensity in stack]
    return tuple(spectra)
