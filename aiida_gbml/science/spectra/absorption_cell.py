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

MIN_VACUUM = 5.0
"""Narrowest gap in Å between a slab or a wire and its images; through less ``pw.x`` computes another crystal."""

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
        gap = _vacuum(atoms)
        if gap < MIN_VACUUM:
            raise SupercellError(
                f"the vacuum of {atoms.symbols} is {gap:.1f} Å wide, so that its images touch: widen it to about 15 Å, "
                "or make the structure periodic there"
            )
        return site_supercell(atoms, site, settings.get("min_distance", MIN_DISTANCE), settings.get("matrix"))
    return molecule_box(atoms, site, settings.get("min_box", MIN_BOX))


def _vacuum(atoms: Atoms) -> float:
    """Return the narrowest of the widest layers without atoms in Å, one along each axis that is not periodic.

    The cell repeats along all axes, as ``pw.x`` sees it; a crystal has an infinite gap.
    """
    heights = 1 / np.linalg.norm(np.linalg.inv(atoms.cell.array), axis=0)
    places = np.sort(atoms.get_scaled_positions(wrap=False) % 1.0, axis=0)
    widest = np.diff(np.vstack([places, places[:1] + 1.0]), axis=0).max(axis=0)
    return float(np.min((widest * heights)[~atoms.pbc], initial=np.inf))
