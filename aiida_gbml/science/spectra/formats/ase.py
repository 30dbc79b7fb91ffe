"""Spectra on the atoms of ASE, and so in extended XYZ and ASE's databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.spectra.formats.spectrum import FormatError
from aiida_gbml.science.spectra.table import SpectraTable

if TYPE_CHECKING:
    from ase import Atoms


def with_spectra(atoms: Atoms, table: SpectraTable) -> Atoms:
    """Return a copy of a structure with its spectra.

    ``info['energy_C_K']`` is the axis in eV, ``arrays['spectrum_C_K_full']`` the ((n, m)) spectra of the treatment
    'full', NaN for atoms that have none.

    :param table: rows of this structure only, with the columns ``site`` and ``treatment``.
    :raises FormatError: when a site is no atom of the element.
    """
    copy = atoms.copy()
    copy.info[f"energy_{table.key}"] = np.asarray(table.energy)
    ok = table.take(np.flatnonzero(~table.failed))
    for row, (site, treatment) in enumerate(zip(ok.columns["site"], ok.columns["treatment"], strict=True)):
        if not 0 <= site < len(atoms) or atoms.symbols[int(site)] != table.element:
            raise FormatError(f"site {site} is no {table.element} atom of {atoms.get_chemical_formula()}")
        name = f"spectrum_{table.key}_{treatment}"
        if name not in copy.arrays:
            copy.new_array(name, np.full((len(atoms), len(table.energy)), np.nan))
        copy.arrays[name][int(site)] = ok.intensity[row]
    return copy


def table_of_atoms(atoms: Atoms, element: str, edge: str) -> SpectraTable:
    """Return the spectra that :func:`with_spectra` put on a structure.

    :raises FormatError: when there are none of this element and edge.
    """
    key = f"{element}_{edge}"
    names = [name for name in sorted(atoms.arrays) if name.startswith(f"spectrum_{key}_")]
    if f"energy_{key}" not in atoms.info or not names:
        raise FormatError(f"{atoms.get_chemical_formula()} carries no spectra of {key}")
    found = [(name, np.flatnonzero(~np.all(np.isnan(atoms.arrays[name]), axis=1))) for name in names]
    intensity = np.concatenate([atoms.arrays[name][sites] for name, sites in found])
    treatments = [name.removeprefix(f"spectrum_{key}_") for name, sites in found for _ in sites]
    columns = {"site": np.concatenate([sites for _, sites in found]), "treatment": np.array(treatments, dtype=str)}
    return SpectraTable(element, edge, np.asarray(atoms.info[f"energy_{key}"], dtype=float), intensity, columns)
