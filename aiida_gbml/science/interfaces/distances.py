"""How far each atom of a structure with boundaries is from the nearest of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.interfaces.verification import most_stable_basins
from aiida_gbml.science.structure_set import StructureSet, concatenate


def distances_from_boundary(structures: StructureSet) -> Array:
    """Return the (N,) distances in Å of the atoms of all structures from the nearest boundary plane.

    The plane of the first boundary is the column ``boundary_height`` (Å along z, as built); a periodic cell has another
    at z = 0.
    """
    distances = np.empty(len(structures.numbers))
    for row, height in enumerate(structures.columns["boundary_height"]):
        own = structures.atoms_of(row)
        planes = [height, 0.0] if structures.pbc[row, 2] else [height]
        away = structures.positions[own, 2, None] - planes
        if structures.pbc[row, 2]:
            away -= structures.cells[row, 2, 2] * np.round(away / structures.cells[row, 2, 2])
        distances[own] = np.abs(away).min(axis=1)
    return distances


def most_stable_boundaries(evaluated: StructureSet, reference: StructureSet, most: int) -> StructureSet:
    """Return the most stable distinct structures of a search, and its crystal as the last row.

    Columns: ``structure_label``, ``excess_energy`` (J/m²; NaN for the crystal) and ``is_bulk_reference``; atom column:
    ``distance_from_boundary`` (Å; NaN for the crystal).

    :param evaluated: with excess energies in J/m².
    :param reference: the crystal by the same engine.
    :param most: how many structures of the boundary.
    """
    boundaries = most_stable_basins(evaluated, reference, reference, most)
    count = len(boundaries)
    found = replace(
        boundaries,
        columns={
            "structure_label": np.array([f"boundary {number + 1}" for number in range(count)]),
            "excess_energy": boundaries.columns["screening_energy"],
            "is_bulk_reference": np.zeros(count, dtype=bool),
        },
        atom_columns={"distance_from_boundary": distances_from_boundary(boundaries)},
    )
    bulk = {"structure_label": np.array(["bulk"]), "excess_energy": np.array([np.nan])}
    crystal = replace(
        reference,
        columns={**bulk, "is_bulk_reference": np.array([True])},
        atom_columns={"distance_from_boundary": np.full(len(reference.numbers), np.nan)},
    )
    return concatenate([found, crystal])
