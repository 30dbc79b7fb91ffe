"""Spectra of other programs in HDF5 with the NeXus definition NXxas.

Our own databases are such files already, see :mod:`aiida_gbml.science.spectra.dataset`. Of others both definitions of
that name are read: the contributed one (element, edge, energy, one intensity or a stack) and the older one of a raw
scan in transmission (monochromator, incoming and absorbed beam).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.spectra.formats.foreign_hdf5 import read_foreign
from aiida_gbml.science.spectra.formats.spectrum import (
    FormatError,
    MeasuredSpectrum,
    known_edge,
    spectrum_of_points,
    spectrum_of_row,
)
from aiida_gbml.science.spectra.table import SpectraError, SpectraTable

_UNITS = {"ev": 1.0, "kev": 1e3}


def read_nxxas(path: Path) -> tuple[MeasuredSpectrum, ...]:
    """Return the spectra of a file, failed rows of our own databases left out.

    :raises FormatError: when it holds none, or is damaged.
    :raises OSError: when it cannot be read.
    """
    try:
        return tuple(_spectra(read_foreign(path, "nxxas")))
    except SpectraError as exception:
        raise FormatError(str(exception)) from exception


def _spectra(arrays: dict[str, Array]) -> Iterator[MeasuredSpectrum]:
    """Yield the spectra of all entries of a file."""
    for entry in dict.fromkeys(name.partition(".")[0] for name in arrays):
        own = {name.removeprefix(f"{entry}."): array for name, array in arrays.items() if name.startswith(f"{entry}.")}
        texts = {name: str(own[name][0]) for name in ("element", "edge", "title", "sample", "unit")}
        energy, intensity = own["energy"], own["intensity"]
        scale = _UNITS.get(texts.pop("unit").lower())
        if scale is None or energy.ndim != 1 or intensity.shape[-1:] != energy.shape:
            raise FormatError(f"the entry of '{texts['title']}' has no axis in eV that fits its intensities")
        known = known_edge(texts["element"], texts["edge"])
        stack = intensity.reshape(-1, len(energy))
        columns = {name.removeprefix("columns."): own[name] for name in own if name.startswith("columns.")}
        if columns:
            table = SpectraTable(str(known.get("element")), str(known.get("edge")), energy * scale, stack, columns)
            yield from (spectrum_of_row(table, row) for row in np.flatnonzero(~table.failed).tolist())
        else:
            told = {"energy_axis": "absolute", "title": texts["title"], "sample": texts["sample"], **known}
            yield from (spectrum_of_points(energy * scale, one, told) for one in stack)
