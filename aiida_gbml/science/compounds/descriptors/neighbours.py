"""Pairs of neighbouring atoms of many periodic structures, in flat arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix

from aiida_gbml.science.archive import Array
from aiida_gbml.science.structure_set import StructureSet

_COINCIDENT = 1e-3  # Å; atoms nearer than this are the same site


@dataclass(frozen=True)
class Neighbours:
    """Every ordered pair of atoms nearer than a cutoff, images included, sorted by the central atom.

    :param centre: (p,) row of the central atom among all atoms of the set.
    :param other: (p,) row of its neighbour.
    :param vectors: (p, 3) from the centre to the neighbour, in Å.
    :param distances: (p,) in Å.
    :param n_atoms: number of atoms of the set.
    """

    centre: Array
    other: Array
    vectors: Array
    distances: Array
    n_atoms: int

    @cached_property
    def _sums(self) -> csr_matrix:
        """(n_atoms, p) matrix of ones whose product with values of the pairs sums them by central atom."""
        bounds = np.searchsorted(self.centre, np.arange(self.n_atoms + 1))
        pairs = np.arange(len(self.centre))
        return csr_matrix((np.ones(len(pairs)), pairs, bounds), shape=(self.n_atoms, len(pairs)))

    def within(self, cutoff: float) -> Neighbours:
        """Return the pairs that are nearer than a smaller cutoff, in Å."""
        near = self.distances < cutoff
        return Neighbours(self.centre[near], self.other[near], self.vectors[near], self.distances[near], self.n_atoms)

    def sum(self, values: Array) -> Array:
        """Return the (n_atoms, ...) sums over the pairs of each central atom; zero where it has no neighbour.

        :param values: (p, ...) one value a pair.
        """
        width = int(np.prod(values.shape[1:]))
        result: Array = self._sums @ values.reshape(len(self.centre), width)
        return result.reshape(self.n_atoms, *values.shape[1:])

    def minimum(self, values: Array) -> Array:
        """Return the (n_atoms,) least value among the pairs of each central atom; infinite where it has none."""
        result = np.full(self.n_atoms, np.inf)
        if len(self.centre):
            first = np.flatnonzero(np.diff(self.centre, prepend=-1))
            result[self.centre[first]] = np.minimum.reduceat(values, first)
        return result


def find_neighbours(structures: StructureSet, cutoff: float) -> Neighbours:
    """Return all pairs of atoms nearer than a cutoff.

    :param structures: the set; directions without periodicity have no images.
    :param cutoff: in Å.
    """
    parts = [_of_one(structures, row, cutoff) for row in range(len(structures))]
    nothing = np.zeros(0, dtype=np.int64)
    centre = np.concatenate([nothing, *(part[0] for part in parts)])
    other = np.concatenate([nothing, *(part[1] for part in parts)])
    vectors = np.concatenate([np.zeros((0, 3)), *(part[2] for part in parts)])
    return Neighbours(centre, other, vectors, np.linalg.norm(vectors, axis=1), len(structures.numbers))


def _of_one(structures: StructureSet, row: int, cutoff: float) -> tuple[Array, Array, Array]:
    """Return centre, neighbour and vector of each pair of one structure."""
    from pymatgen.optimization.neighbors import find_points_in_spheres

    own = structures.atoms_of(row)
    positions = np.ascontiguousarray(structures.positions[own], dtype=float)
    cell = _complete(np.array(structures.cells[row], dtype=float), structures.pbc[row])
    centre, other, images, distances = find_points_in_spheres(
        positions,
        positions,
        r=float(cutoff),
        pbc=np.ascontiguousarray(structures.pbc[row], dtype=np.int64),
        lattice=np.ascontiguousarray(cell),
        tol=1e-8,
    )
    kept = np.flatnonzero(distances > _COINCIDENT)
    kept = kept[np.lexsort((*images[kept].T, other[kept], centre[kept]))]
    vectors = positions[other[kept]] + images[kept] @ cell - positions[centre[kept]]
    return centre[kept] + own.start, other[kept] + own.start, vectors


def _complete(cell: Array, pbc: Array) -> Array:
    """Return a cell whose vectors along directions without periodicity are replaced where they are zero."""
    for axis in np.flatnonzero(~pbc.astype(bool)):
        if np.linalg.norm(cell[axis]) == 0:
            others = np.linalg.svd(np.delete(cell, axis, axis=0))[2]
            cell[axis] = others[-1]
    return cell
