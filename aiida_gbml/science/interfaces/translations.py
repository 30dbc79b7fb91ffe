"""Which in-plane translations of one grain against the other give the same boundary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from aiida_gbml.science.archive import Array
from aiida_gbml.science.learning.periodic_grid import PeriodicGridError, invariant_divisions

_TOLERANCE = 1e-5  # of a cell vector; group elements are exact to rounding errors


class TranslationError(ValueError):
    """The arrays are no symmetry of the translations."""


@dataclass(frozen=True)
class TranslationGroup:
    """The symmetry of E(t), the boundary energy as a function of the translation t at a fixed number of atoms.

    ``t`` is equivalent to ``rotations[k] @ t + shifts[k]`` plus any vector of the lattice, whose primitive cell is the
    *cell of non-identical displacements* (Pond & Vlachavas, Proc. R. Soc. A 386, 95 (1983)). The first element is the
    identity; the lattice contains the centring, so ``len`` counts what comes on top of it.

    :param lattice: (2, 2) rows are primitive vectors in Å.
    :param rotations: (m, 2, 2) Cartesian, proper or improper.
    :param shifts: (m, 2) in Å.
    :raises TranslationError: when shapes disagree or the cell has no area.
    """

    lattice: Array
    rotations: Array
    shifts: Array

    def __post_init__(self) -> None:
        count = len(self.rotations)
        shapes = (self.lattice.shape, self.rotations.shape, self.shifts.shape)
        if shapes != ((2, 2), (count, 2, 2), (count, 2)) or count == 0:
            raise TranslationError(f"expected the shapes (2, 2), (m, 2, 2) and (m, 2), got {shapes}")
        if not self.area > _TOLERANCE:
            raise TranslationError(f"the cell of non-identical displacements has the area {self.area} Å²")

    @classmethod
    def of_lattice(cls, lattice: Array) -> TranslationGroup:
        """Return the group of the pure translations of a (2, 2) lattice in Å."""
        return cls(np.asarray(lattice, dtype=float), np.eye(2)[None], np.zeros((1, 2)))

    def __len__(self) -> int:
        return len(self.rotations)

    @property
    def area(self) -> float:
        """Area of the cell of non-identical displacements in Å²."""
        return float(abs(np.linalg.det(self.lattice)))

    def fractional(self, translations: Array) -> Array:
        """Return the (..., 2) fractional coordinates in [0, 1) of (..., 2) translations in Å."""
        reduced: Array = (np.asarray(translations) @ np.linalg.inv(self.lattice)) % 1.0
        return np.where(reduced > 1.0 - _TOLERANCE, 0.0, reduced)

    def images(self, translations: Array) -> Array:
        """Return the (m, n, 2) equivalents in Å of (n, 2) translations, inside the cell."""
        images = np.einsum("kij,nj->kni", self.rotations, translations) + self.shifts[:, None, :]
        wrapped: Array = self.fractional(images) @ self.lattice
        return wrapped

    def orbits(self, translations: Array) -> Array:
        """Return (n,) labels 0, 1, ... of the orbits of (n, 2) translations in Å; equivalent ones share a label."""
        count = len(translations)
        tree = cKDTree(self.fractional(translations), boxsize=np.ones(2))
        distance, nearest = (np.asarray(found) for found in tree.query(self.fractional(self.images(translations))))
        image, source = np.nonzero(distance < _TOLERANCE)
        graph = coo_array((np.ones(len(source)), (source, nearest[image, source])), shape=(count, count))
        labels: Array = connected_components(graph, directed=False)[1]
        return labels

    def divisions(self, spacing: float) -> tuple[int, int]:
        """Return the numbers of grid points along the two lattice vectors.

        The grid is the coarsest one with steps of at most ``spacing`` (Å) that the group maps onto itself.

        :raises TranslationError: when the spacing is not positive, or no such grid is near.
        """
        inverse = np.linalg.inv(self.lattice)
        matrices = np.einsum("ji,kjl,ml->kim", inverse, self.rotations, self.lattice)  # acting on fractional columns
        try:
            divisions = invariant_divisions(self.lattice, matrices, self.shifts @ inverse, spacing, _TOLERANCE)
        except PeriodicGridError as exception:
            raise TranslationError(f"the translations cannot be divided: {exception}") from exception
        return divisions[0], divisions[1]

    def grid(self, spacing: float) -> Array:
        """Return the (n, 2) translations in Å of the whole cell on the grid of :meth:`divisions`."""
        first, second = self.divisions(spacing)
        fractions = np.stack(np.meshgrid(np.arange(first) / first, np.arange(second) / second, indexing="ij"), axis=-1)
        points: Array = fractions.reshape(-1, 2) @ self.lattice
        return points

    def representatives(self, spacing: float) -> tuple[Array, Array]:
        """Return one translation an orbit of :meth:`grid`, (n, 2) in Å, and the (n,) sizes of the orbits."""
        grid = self.grid(spacing)
        _, first, sizes = np.unique(self.orbits(grid), return_index=True, return_counts=True)
        return grid[first], sizes
