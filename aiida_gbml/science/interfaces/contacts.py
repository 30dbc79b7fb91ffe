"""Distances across a boundary: which candidates start with overlapping atoms, and which atoms are removed first."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aiida_gbml.science.archive import Array

_CHUNK = 100_000  # pairs of atoms held in memory at once, times their images
_DIGITS = 4  # of a distance in Å; equal distances of symmetric atoms differ by rounding errors only
_NEIGHBOURS = 24  # so many distances tell an atom's surroundings


def _squared_in_plane(vectors: Array, cell: Array, cutoff: float) -> Array:
    """Return the (..., images) squared lengths in Å² of the periodic images of (..., 2) vectors, all up to a cutoff.

    :param cell: (2, 2) in-plane periods.
    """
    widths = abs(np.linalg.det(cell)) / np.linalg.norm(cell[::-1], axis=1)
    ranges = [np.arange(-reach, reach + 1) for reach in np.ceil(cutoff / widths).astype(int)]
    images = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 2) @ cell
    fractions = vectors @ np.linalg.inv(cell)
    nearest = (fractions - np.round(fractions)) @ cell
    squared: Array = np.sum((nearest[..., None, :] + images) ** 2, axis=-1)
    return squared


def closest_contacts(lower: Array, upper: Array, cell: Array, translations: Array, cutoff: float) -> Array:
    """Return the (n,) distances in Å of the closest pair across a boundary, at most ``cutoff``.

    :param lower: (N, 3) positions of the lower grain, z <= 0.
    :param upper: (M, 3) positions of the upper grain, z >= 0.
    :param cell: (2, 2) in-plane periods.
    :param translations: (n, 3) displacements of the upper grain.
    """
    lower, upper = lower[lower[:, 2] > -cutoff], upper[upper[:, 2] < cutoff]
    separations = (upper[None, :] - lower[:, None]).reshape(-1, 3)
    closest = np.full(len(translations), cutoff)
    size = max(1, _CHUNK // max(1, len(separations)))
    for start in range(0, len(translations) if len(separations) else 0, size):
        vectors = translations[start : start + size, None] + separations
        squared = _squared_in_plane(vectors[..., :2], cell, cutoff).min(axis=-1) + vectors[..., 2] ** 2
        found = np.sqrt(squared.min(axis=1))
        closest[start : start + size] = np.minimum(found, cutoff)
    return closest


def crowded_atoms(
    numbers: Array, positions: Array, is_upper: Array, cell: Array, *, removed: Mapping[int, int], depth: float
) -> list[int]:
    """Return the indices of the most crowded atoms at a boundary, those in the closest pairs first.

    Atoms leave one after the other. The next is the one nearest to the other grain; equal distances are decided by its
    further distances, first to the other grain and then to all atoms, so that symmetric boundaries lose equivalent
    atoms.

    :param numbers: (N,) atomic numbers.
    :param positions: (N, 3) in Å, the boundary at z = 0.
    :param is_upper: (N,) which grain an atom belongs to.
    :param cell: (2, 2) in-plane periods.
    :param removed: how many atoms of each atomic number to remove.
    :param depth: atoms farther than this (Å) from the boundary stay.
    :raises ValueError: when there are not as many atoms near the boundary.
    """
    near = np.flatnonzero(np.abs(positions[:, 2]) < depth)
    own, sites, grains = numbers[near], positions[near], is_upper[near]
    across = _distances(sites, sites, cell, depth).min(axis=-1)
    across[grains[:, None] == grains[None, :]] = np.inf
    left = np.ones(len(near), dtype=bool)
    for number in [number for number, count in sorted(removed.items()) for _ in range(count)]:
        candidates = np.flatnonzero(left & (own == number))
        if not len(candidates):
            raise ValueError(f"fewer atoms of atomic number {number} are near the boundary than are to be removed")
        nearest = across[np.ix_(candidates, left)].min(axis=1)
        ties = candidates[nearest <= nearest.min() + 10**-_DIGITS]
        if len(ties) > 1:
            ties = ties[
                _by_surroundings(sites[ties], sites[left], grains[ties][:, None] != grains[left], cell, 2 * depth)
            ]
        left[ties[0]] = False
    return [int(index) for index in near[~left]]


def _distances(first: Array, second: Array, cell: Array, cutoff: float) -> Array:
    """Return the (n, m, images) distances in Å between (n, 3) and (m, 3) positions, all those up to a cutoff."""
    vectors = second[None, :] - first[:, None]
    distances: Array = np.sqrt(_squared_in_plane(vectors[..., :2], cell, cutoff) + vectors[..., 2, None] ** 2)
    return distances


def _by_surroundings(chosen: Array, sites: Array, is_across: Array, cell: Array, cutoff: float) -> Array:
    """Return the order of (n, 3) chosen sites by their sorted distances, to the other grain and then to all sites.

    :param sites: (m, 3) where there are atoms.
    :param is_across: (n, m) whether a site belongs to the other grain.
    """
    distances = _distances(chosen, sites, cell, cutoff).clip(max=cutoff)
    shells = [np.where(is_across[..., None], distances, cutoff), distances]
    rows = [np.sort(shell.reshape(len(chosen), -1), axis=1)[:, :_NEIGHBOURS] for shell in shells]
    columns = np.concatenate(rows, axis=1).round(_DIGITS).T
    order: Array = np.lexsort(columns[::-1])
    return order
