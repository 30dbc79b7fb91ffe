"""The cell in which a structure is computed: a supercell of what is periodic, the box of a molecule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aiida_gbml.science.spectra.supercell import Supercell, SupercellError, molecule_box, site_supercell

if TYPE_CHECKING:
    from ase import Atoms

MIN_DISTANCE = 9.0
"""Least distance of periodic images in Å, unless another one is asked for."""

MIN_BOX = 8.0
"""Shortest edge of the box of a molecule in Å, unless another one is asked for."""


def absorption_cell(atoms: Atoms, site: int, settings: Mapping[str, Any]) -> Supercell:
    """Return the cell around a site; but for its absorber it is the same for all sites of a structure.

    :param settings: ``min_distance`` (Å) or ``matrix`` (integers) of a supercell, ``min_box`` (Å) of a molecule.
    :raises ValueError: when there is no such cell, see :func:`site_supercell` and :func:`molecule_box`.
    """
    if np.any(atoms.pbc):
        if np.linalg.matrix_rank(atoms.cell.array) < 3:
            raise SupercellError(
                f"{atoms.symbols} has no cell vector where it is not periodic: give it one with about 15 Å of vacuum"
            )
        return site_supercell(atoms, site, settings.get("min_distance", MIN_DISTANCE), settings.get("matrix"))
    return molecule_box(atoms, site, settings.get("min_box", MIN_BOX))
