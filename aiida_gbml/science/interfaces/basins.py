"""Distinct basins: which of many relaxed boundaries are the same structure, told by structure and energy together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.structure_set import StructureSet

if TYPE_CHECKING:
    from ase import Atoms

FAILED = -1  # label of structures without an energy, or not looked at

_CUTOFF = 5.0  # Å
_WIDTH = 0.15  # Å, of the Gaussian that smears a distance
_STEP = 0.05  # Å, of the grid of distances


def basin_labels(
    structures: StructureSet,
    energies: Array,
    bulk: Atoms,
    *,
    n_boundaries: int = 2,
    energy_tolerance: float = 1e-3,
    structure_tolerance: float = 0.04,
    most: int | None = None,
) -> Array:
    """Return (n,) labels of basins: 0 for the most stable, rising with the energy of the best member, -1 for failures.

    In the order of their energies, structures join the first basin whose best member they agree with in energy and in
    :func:`excess_distances`, or else found a new one. Equal structures relaxed from different starts differ by less
    than 0.03 distances an Å², distinct ones of copper and iron by 0.05 to 0.7 (measured at sigma 3 and 5).

    :param structures: n relaxed structures.
    :param energies: (n,) excess energies in J/m², NaN where an evaluation failed.
    :param bulk: the perfect crystal, relaxed by the same engine.
    :param n_boundaries: boundaries in each cell.
    :param energy_tolerance: in J/m².
    :param structure_tolerance: changed distances an Å² of boundary.
    :param most: end when so many basins are found, which spares the comparison of the rows that are left: they get -1.
    """
    labels = np.full(len(structures), FAILED)
    founders: list[tuple[float, Array]] = []
    for row in np.argsort(energies, kind="stable")[: np.count_nonzero(np.isfinite(energies))]:
        if len(founders) == most:
            break
        own = excess_distances(structures.to_ase(int(row)), bulk, n_boundaries)
        for label, (energy, distances) in enumerate(founders):
            changed = np.abs(own - distances).sum() * _STEP
            if energies[row] - energy <= energy_tolerance and changed <= structure_tolerance:
                labels[row] = label
                break
        else:
            labels[row] = len(founders)
            founders.append((float(energies[row]), own))
    return labels


def excess_distances(atoms: Atoms, bulk: Atoms, n_boundaries: int) -> Array:
    """Return how many more interatomic distances than the bulk a boundary has, in 1/Å³ on a grid of distances.

    The numbers are per Å of distance and Å² of boundary, one grid for each pair of elements of the bulk. Like every
    excess quantity they depend neither on the thickness of the grains nor on where the boundary lies in the cell.
    """
    area = np.linalg.norm(np.cross(atoms.cell[0], atoms.cell[1])) * n_boundaries
    elements = sorted(set(bulk.numbers.tolist()))
    whole = _distances(atoms, elements) - len(atoms) / len(bulk) * _distances(bulk, elements)
    excess: Array = whole / area
    return excess


def _distances(atoms: Atoms, elements: list[int]) -> Array:
    """Return the smeared numbers of distances per Å, fading out at the cutoff."""
    from ase.neighborlist import neighbor_list

    first, second, lengths = neighbor_list("ijd", atoms, _CUTOFF)
    grid = np.arange(1.0, _CUTOFF, _STEP)
    fading = (0.5 + 0.5 * np.cos(np.pi * lengths / _CUTOFF)) / (_WIDTH * np.sqrt(2 * np.pi))
    smeared = np.exp(-((grid - lengths[:, None]) ** 2) / (2 * _WIDTH**2)) * fading[:, None]
    kinds = np.sort(np.stack([atoms.numbers[first], atoms.numbers[second]], axis=1), axis=1)
    pairs = [(one, two) for one in elements for two in elements if one <= two]
    return np.concatenate([smeared[np.all(kinds == pair, axis=1)].sum(axis=0) for pair in pairs])
