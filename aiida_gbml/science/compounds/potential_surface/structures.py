"""The structures that are evaluated: a host with the mobile atom at a point of the grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.potential_surface.grid import GridError, SiteGrid
from aiida_gbml.science.structure_set import NEW, StructureSet

if TYPE_CHECKING:
    from ase import Atoms

_DIMENSIONS = 3


def build(
    host: Atoms, mobile: str, grid: SiteGrid, rows: Sequence[int] | Array, *, supercell: Sequence[int] = (1, 1, 1)
) -> StructureSet:
    """Return the host with the mobile atom, the last one, at some of the n points of a grid.

    Columns: ``candidate`` (the row) and ``status``. Atom column ``fixed``, for a relaxation of the host around the
    atom: the atom itself, and the atom of the host farthest from it, which keeps the host from drifting away.

    :param rows: (b,) points.
    :param supercell: cells of the host along its vectors, so that the mobile atom is far enough from its images.
    """
    from ase import Atoms

    larger = host.repeat(check_supercell(supercell))
    chosen = np.asarray(rows, dtype=np.int64)
    atoms = [
        larger + Atoms(mobile, positions=[position], cell=larger.cell, pbc=True)
        for position in grid.fractional[chosen] @ grid.cell
    ]
    fixed = np.zeros((len(chosen), len(larger) + 1, _DIMENSIONS), dtype=bool)
    fixed[:, -1] = True
    for flags, one in zip(fixed, atoms, strict=True):
        flags[np.argmax(one.get_distances(-1, np.arange(len(larger)), mic=True))] = True
    structures = StructureSet.from_ase(atoms, candidate=chosen, status=np.full(len(chosen), NEW))
    return structures.with_atom_columns(fixed=fixed.reshape(-1, _DIMENSIONS))


def check_supercell(supercell: Sequence[int]) -> tuple[int, int, int]:
    """Return three numbers of cells.

    :raises GridError: for anything else.
    """
    whole = [one for one in supercell if isinstance(one, int) and not isinstance(one, bool) and one > 0]
    if len(whole) != _DIMENSIONS or len(supercell) != _DIMENSIONS:
        raise GridError(f"the supercell must be three positive whole numbers, got {list(supercell)}")
    return whole[0], whole[1], whole[2]
