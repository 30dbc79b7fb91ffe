"""Descriptors of the whole cell: how much room the atoms have, compared with the elements they are made of."""

from __future__ import annotations

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.descriptors.compounds import DescriptorError
from aiida_gbml.science.compounds.elements import element_table
from aiida_gbml.science.structure_set import StructureSet

CELL_NAMES = ("volume", "log_volume", "volume_ratio", "packing", "log_volume_ratio")
"""Volume an atom (Å³), its logarithm, its ratio to that of the elements, the share of the cell that spheres with the
covalent radii fill, and the logarithm of the ratio."""

_CUBIC_ANGSTROM = 1.66053907  # of one cm³/mol
_PICOMETRE = 0.01  # Å


def cell_features(structures: StructureSet) -> Array:
    """Return the (n, 5) features named in :data:`CELL_NAMES`.

    :raises DescriptorError: for a structure that is not periodic along all three directions.
    """
    open_ones = np.flatnonzero(~structures.pbc.all(axis=1))
    if len(open_ones):
        raise DescriptorError(f"structure {open_ones[0]} is not periodic in three directions and has no volume an atom")
    table = element_table()
    volume = np.abs(np.linalg.det(structures.cells)) / structures.sizes
    first = structures.offsets[:-1]
    molar = _CUBIC_ANGSTROM * table.of(structures.numbers, ["molar_volume"])[:, 0]
    radii = _PICOMETRE * table.of(structures.numbers, ["covalent_radius"])[:, 0]
    elements = np.add.reduceat(molar, first) / structures.sizes
    spheres = np.add.reduceat(4 / 3 * np.pi * radii**3, first) / structures.sizes
    ratio = volume / elements
    return np.column_stack([volume, np.log(volume), ratio, spheres / volume, np.log(ratio)])
