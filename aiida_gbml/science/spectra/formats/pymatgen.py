"""Spectra as the XAS objects of pymatgen and the Materials Project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.spectra.formats.spectrum import MeasuredSpectrum, known_edge, spectrum_of_row
from aiida_gbml.science.spectra.table import SpectraTable

if TYPE_CHECKING:
    from pymatgen.analysis.xas.spectrum import XAS
    from pymatgen.core import Structure


def to_xas(table: SpectraTable, row: int, structure: Structure) -> XAS:
    """Return one row of a table as a XANES spectrum of a structure; negative intensities are kept as they are.

    :param structure: to which the column ``site`` refers.
    :raises FormatError: for a failed row.
    """
    from pymatgen.analysis.xas.spectrum import XAS

    spectrum = spectrum_of_row(table, row)
    edge = "L2,3" if table.edge == "L23" else table.edge
    site = int(table.columns["site"][row]) if "site" in table.columns else None
    return XAS(spectrum.energy, spectrum.intensity, structure, table.element, edge, absorbing_index=site)


def from_xas(xas: XAS) -> MeasuredSpectrum:
    """Return the spectrum of an XAS object."""
    told = {"energy_axis": "absolute", "formula": xas.structure.composition.reduced_formula}
    told |= {"spectrum_type": str(xas.spectrum_type)} | known_edge(str(xas.absorbing_element), str(xas.edge))
    if xas.absorbing_index is not None:
        told |= {"site": float(xas.absorbing_index)}
    return MeasuredSpectrum(np.array(xas.x, dtype=float), np.array(xas.y, dtype=float), told)
