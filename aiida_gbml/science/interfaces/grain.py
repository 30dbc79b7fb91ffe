"""One grain of a bicrystal: a crystal turned so that the boundary normal is z, and cut between lattice planes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.interfaces.boundary import Miller
from aiida_gbml.science.interfaces.crystal import Crystal
from aiida_gbml.science.interfaces.lattice import Matrix, Vector, split_by_plane

PLANE_TOLERANCE = 0.1  # Å; atoms closer along the normal belong to one atomic plane
_TOLERANCE = 1e-6  # of exact quantities that went through floats


@dataclass(frozen=True)
class Isometry:
    """x -> rotation @ x + translation from one grain's frame to another's, which maps the crystals on each other.

    The translation may be changed by lattice vectors of the target, in particular by ``step``, which leads to the next
    lattice plane.

    :param rotation: (3, 3), keeps or reverses z.
    :param translation: (3,) in Å.
    :param step: (3,) in Å.
    """

    rotation: Array
    translation: Array
    step: Array

    @property
    def in_plane(self) -> Array:
        """(2, 2) what the rotation does to x and y."""
        plane: Array = self.rotation[:2, :2]
        return plane

    def shift_at(self, height: float) -> Array | None:
        """Return the (2,) in-plane translation of the variant that moves by ``height`` (Å) along z, if there is one."""
        steps = (height - self.translation[2]) / self.step[2]
        if abs(steps - round(steps)) > _TOLERANCE * (1 + abs(steps)):
            return None
        shift: Array = (self.translation + round(steps) * self.step)[:2]
        return shift


@dataclass(frozen=True, eq=False)
class Grain:
    """A crystal in the frame of the boundary: z is the normal; a lattice point lies in the origin.

    :param crystal: what the grain is made of.
    :param plane: the boundary plane in the axes of this crystal.
    :param orientation: (3, 3) orthogonal, from the axes of the crystal to x, y, z.
    """

    crystal: Crystal
    plane: Miller
    orientation: Array

    def to_frame(self, vectors: Matrix | Array) -> Array:
        """Return (n, 3) vectors in fractions of the cubic cell in Å along x, y and z."""
        turned: Array = self.crystal.lattice_parameter * np.array(vectors, dtype=float) @ self.orientation.T
        return turned

    @cached_property
    def _split(self) -> tuple[Matrix, Vector]:
        return split_by_plane(self.crystal.lattice, self.plane)

    @property
    def plane_lattice(self) -> Matrix:
        """Two exact primitive vectors in the boundary plane, in fractions of the cubic cell."""
        return self._split[0]

    @cached_property
    def step(self) -> Array:
        """(3,) lattice vector in Å to the next lattice plane."""
        step: Array = self.to_frame((self._split[1],))[0]
        return step

    @property
    def spacing(self) -> float:
        """Distance of lattice planes along the normal in Å."""
        return float(self.step[2])

    @cached_property
    def _motif_heights(self) -> Array:
        """(M,) heights of the atoms of a primitive cell in Å, within [0, spacing)."""
        heights = self.to_frame(self.crystal.motif[1])[:, 2] / self.spacing % 1.0
        return np.where(heights > 1 - _TOLERANCE, 0.0, heights) * self.spacing

    @cached_property
    def cuts(self) -> Array:
        """(c,) heights in Å within (0, spacing] at which the grain can be cut, half-way between atomic planes."""
        heights = np.sort(self._motif_heights)
        gaps = np.diff(np.append(heights, heights[0] + self.spacing))
        chosen = gaps > min(PLANE_TOLERANCE, gaps.max() - _TOLERANCE)
        middles = (heights + gaps / 2)[chosen] % self.spacing
        return np.sort(np.where(middles < _TOLERANCE, self.spacing, middles))

    def layers(self, cell: Array, bottom: float, top: float) -> tuple[Array, Array]:
        """Return the atomic numbers and (N, 3) positions in Å of the atoms between two heights.

        :param cell: (2, 2) in-plane vectors of the cell, a superlattice of the grain's own.
        """
        from ase.data import atomic_numbers

        symbols, motif = self.crystal.motif
        own = self.to_frame(self.plane_lattice)[:, :2]
        points = _points_of_cell(own, cell)
        positions, numbers = [], []
        for symbol, site, height in zip(symbols, self.to_frame(motif), self._motif_heights, strict=True):
            first = int(np.ceil((bottom - height) / self.spacing))
            last = int(np.floor((top - height) / self.spacing))
            lowest = round((height - site[2]) / self.spacing)
            stacked = site + np.arange(first + lowest, last + lowest + 1)[:, None] * self.step
            positions.append((stacked[:, None, :] + np.pad(points, ((0, 0), (0, 1)))).reshape(-1, 3))
            numbers.append(np.full(len(positions[-1]), atomic_numbers[symbol]))
        found = np.concatenate(positions)
        found[:, :2] = _wrapped(found[:, :2], cell)
        order = np.lexsort((found[:, 0].round(6), found[:, 1].round(6), found[:, 2].round(6)))
        return np.concatenate(numbers)[order], found[order]

    def isometries_to(self, other: Grain, flip: bool) -> Iterator[Isometry]:
        """Yield the isometries that map this crystal on the other one and keep (or flip) the normal."""
        sign = -1.0 if flip else 1.0
        for operation in self.crystal.point_operations:
            rotation = other.orientation @ np.array(operation.rotation, dtype=float) @ self.orientation.T
            if abs(rotation[2, 2] - sign) < _TOLERANCE:
                yield Isometry(rotation, other.to_frame((operation.translation,))[0], other.step)

    def dipole(self, cut: float) -> float:
        """Return the dipole in e Å along z of one lattice plane's atoms, cut at a height in Å.

        A cut through an ionic crystal with a dipole is polar (type III of Tasker, J. Phys. C 12, 4977 (1979)).
        """
        charges = np.array([self.crystal.charges[symbol] for symbol in self.crystal.motif[0]])
        return float(charges @ ((self._motif_heights - cut) % self.spacing))


def _points_of_cell(lattice: Array, cell: Array) -> Array:
    """Return the (n, 2) points of a plane lattice in one cell of a superlattice."""
    multiples = np.round(cell @ np.linalg.inv(lattice)).astype(int)
    corners = np.array([[0, 0], multiples[0], multiples[1], multiples[0] + multiples[1]])
    ranges = [np.arange(low, high + 1) for low, high in zip(corners.min(axis=0), corners.max(axis=0), strict=True)]
    grid = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 2)
    fractions = grid @ np.linalg.inv(multiples)
    inside = np.all((fractions > -_TOLERANCE) & (fractions < 1 - _TOLERANCE), axis=1)
    points: Array = grid[inside] @ lattice
    return points


def _wrapped(points: Array, cell: Array) -> Array:
    """Return (n, 2) points moved into a cell."""
    fractions = points @ np.linalg.inv(cell) % 1.0
    wrapped: Array = np.where(fractions > 1 - _TOLERANCE, 0.0, fractions) @ cell
    return wrapped
