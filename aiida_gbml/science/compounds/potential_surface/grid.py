"""Where a mobile atom may be: a grid over the cell of its host, one point an orbit of the space group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import cKDTree

from aiida_gbml.science.archive import ArchiveError, Array, read_arrays, write_arrays
from aiida_gbml.science.learning.periodic_grid import PeriodicGridError, invariant_divisions

if TYPE_CHECKING:
    from ase import Atoms

_MOST_POINTS = 2_000_000
_SYMMETRY_TOLERANCE = 1e-3  # Å, by how much atoms may miss the places that symmetry gives them
_ON_GRID = 1e-3  # of a step, by how much an image of a grid point may miss the grid, for each division


class GridError(ValueError):
    """There is no such grid, or it holds no point at which the atom can be."""


@dataclass(frozen=True)
class GridSpec:
    """Which points are tried, as plain JSON values.

    :param spacing: largest step between points along a cell vector, Å.
    :param min_distance_ratio: closest approach to an atom of the host, as a share of the sum of covalent radii.
    :param min_distances: closest approach in Å to single elements of the host, instead of the ratio.
    :raises GridError: for values out of range.
    """

    spacing: float = 0.3
    min_distance_ratio: float = 0.7
    min_distances: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        for name in ("spacing", "min_distance_ratio"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < np.inf:
                raise GridError(f"'{name}' of the grid must be a positive number, got {value!r}")
        if not isinstance(self.min_distances or {}, Mapping):
            raise GridError(f"'min_distances' of the grid must map elements to Å, got {self.min_distances!r}")
        for element, value in (self.min_distances or {}).items():
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < np.inf:
                raise GridError(f"the smallest distance to {element} must be a number in Å, got {value!r}")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> GridSpec:
        """Return the specification of some settings, all optional.

        :raises GridError: for a setting that is not known, or out of range.
        """
        known = [one.name for one in fields(cls)]
        for name in values:
            if name not in known:
                raise GridError(f"unknown setting '{name}' of the grid, known are {', '.join(known)}")
        return cls(**values)

    def least_distance(self, mobile: str, element: str) -> float:
        """Return how close (Å) the mobile atom may come to an atom of the host."""
        from ase.data import atomic_numbers, covalent_radii

        if self.min_distances and element in self.min_distances:
            return float(self.min_distances[element])
        return float(self.min_distance_ratio * sum(covalent_radii[atomic_numbers[one]] for one in (mobile, element)))


@dataclass(frozen=True)
class SiteGrid:
    """A grid over a cell in which N points fall into n orbits that are allowed; the others are too close to an atom.

    :param cell: (3, 3) rows are the cell vectors of the host in Å.
    :param divisions: (3,) numbers of points along them.
    :param origin: (3,) fractional coordinates of the first point.
    :param orbits: (N,) number of the orbit of each point in C order, -1 where the atom is too close to the host.
    :param points: (n,) the first grid point of each orbit: the one that is evaluated.
    :param matrices: (m, 3, 3) operations of the space group on fractional columns.
    :param shifts: (m, 3) fractional translations that go with them.
    """

    cell: Array
    divisions: Array
    origin: Array
    orbits: Array
    points: Array
    matrices: Array
    shifts: Array

    @classmethod
    def of(cls, host: Atoms, mobile: str, spec: GridSpec) -> SiteGrid:
        """Return the grid of a mobile element in a host.

        :raises GridError: when the host is no crystal, the element does not exist, or no point is left.
        """
        check_host(host, mobile)
        strangers = sorted(set(spec.min_distances or {}) - set(host.symbols))
        if strangers:
            raise GridError(
                f"the grid has a smallest distance to '{strangers[0]}', which the host {host.symbols} does not hold"
            )
        matrices, shifts, origin = _space_group(host)
        try:
            divisions = np.array(
                invariant_divisions(
                    host.cell.array, matrices, shifts + matrices @ origin - origin, spec.spacing, _ON_GRID
                )
            )
        except PeriodicGridError as exception:
            raise GridError(f"the host cannot be divided: {exception}; try another spacing") from exception
        if np.prod(divisions) > _MOST_POINTS:
            raise GridError(
                f"a spacing of {spec.spacing} Å gives {np.prod(divisions)} points, at most {_MOST_POINTS} are "
                "supported; take a larger spacing or a smaller cell"
            )
        first = _first_of_orbit(divisions, *_on_steps(divisions, matrices, shifts + matrices @ origin - origin))
        allowed = _is_allowed(host, mobile, spec, (_indices(divisions) / divisions + origin) @ host.cell.array)
        # Images are as close to the host as the point is, but rounding errors decide on the edge: the first one rules.
        points, orbits = np.unique(np.where(allowed[first], first, -1), return_inverse=True)
        if points[0] == -1:
            points, orbits = points[1:], orbits - 1
        if len(points) == 0:
            raise GridError(
                f"no grid point is far enough from the host for {mobile}: lower 'min_distance_ratio' "
                f"({spec.min_distance_ratio}) or the spacing ({spec.spacing} Å)"
            )
        return cls(host.cell.array, divisions, origin, orbits.ravel(), points, matrices, shifts)

    @classmethod
    def from_bytes(cls, content: bytes) -> SiteGrid:
        """Return the grid written by :meth:`to_bytes`.

        :raises GridError: when the bytes are damaged.
        """
        try:
            arrays = read_arrays(content)
            grid = cls(**{one.name: arrays[one.name] for one in fields(cls)})
        except (ArchiveError, KeyError) as exception:
            raise GridError(f"the grid is damaged: {exception}") from exception
        _check(grid)
        return grid

    def to_bytes(self) -> bytes:
        """Return deterministic bytes that :meth:`from_bytes` reads."""
        return write_arrays({one.name: getattr(self, one.name) for one in fields(self)})

    def __len__(self) -> int:
        return len(self.points)

    @property
    def sizes(self) -> Array:
        """(n,) number of grid points of each orbit."""
        return np.bincount(self.orbits[self.orbits >= 0], minlength=len(self))

    @property
    def steps(self) -> Array:
        """(3, 3) rows are the steps between neighbouring points along the cell vectors, Å."""
        result: Array = self.cell / self.divisions[:, None]
        return result

    @property
    def operations(self) -> tuple[Array, Array]:
        """(m, 3, 3) and (m, 3) operations of the space group on whole numbers of grid steps from the origin."""
        return _on_steps(self.divisions, self.matrices, self.shifts + self.matrices @ self.origin - self.origin)

    @cached_property
    def fractional(self) -> Array:
        """(n, 3) fractional coordinates in [0, 1) of the points that are evaluated."""
        return self.fractional_of(self.points)

    def fractional_of(self, points: Sequence[int] | Array) -> Array:
        """Return the (k, 3) fractional coordinates in [0, 1) of grid points."""
        indices = np.stack(np.unravel_index(np.asarray(points), tuple(self.divisions)), axis=-1)
        result: Array = (indices / self.divisions + self.origin) % 1.0
        return result

    def on_grid(self, values: Array) -> Array:
        """Return the (..., N) values of all grid points from (..., n) values of the orbits; infinite where excluded."""
        excluded = np.full((*values.shape[:-1], 1), np.inf)
        return np.concatenate([values, excluded], axis=-1)[..., self.orbits]


def _check(grid: SiteGrid) -> None:
    """Raise unless the arrays of a grid fit each other."""
    count = len(grid.matrices) if grid.matrices.ndim else 0
    numbers = {"cell": (3, 3), "origin": (3,), "matrices": (count, 3, 3), "shifts": (count, 3)}
    wholes = {"divisions": (3,), "orbits": grid.orbits.shape[:1], "points": grid.points.shape[:1]}
    for kinds, shapes in (("f", numbers), ("iu", wholes)):
        for name, shape in shapes.items():
            array = getattr(grid, name)
            if array.shape != shape or array.dtype.kind not in kinds or not np.all(np.isfinite(array)):
                raise GridError(f"the grid is damaged: '{name}' has the shape {array.shape} and type {array.dtype}")
    total = int(np.prod(grid.divisions.clip(0, _MOST_POINTS).astype(float)))
    known = np.unique(grid.orbits)
    if len(grid.orbits) != total or not np.array_equal(known[known != -1], np.arange(len(grid))):
        raise GridError(f"the grid is damaged: {len(grid)} orbits do not fit {len(grid.orbits)} points")
    if np.any(grid.points < 0) or np.any(grid.points >= total):
        raise GridError("the grid is damaged: a point is not on it")
    if not np.array_equal(grid.orbits[grid.points], np.arange(len(grid))):
        raise GridError("the grid is damaged: a point is not in its own orbit")
    if not np.allclose(np.abs(np.linalg.det(grid.matrices)), 1.0):
        raise GridError("the grid is damaged: an operation changes the volume")


def check_host(host: Atoms, mobile: str) -> None:
    """Raise unless a host is a crystal in which an element can move.

    :raises GridError: naming what is wrong.
    """
    from ase.data import atomic_numbers

    if mobile not in atomic_numbers or mobile == "X":
        raise GridError(f"the mobile atom must be an element such as H or Li, got '{mobile}'")
    if not host.pbc.all() or abs(host.cell.volume) < 1:
        raise GridError("the host must be periodic along three vectors that span a volume")
    if len(host) == 0:
        raise GridError("the host has no atoms")


def _space_group(host: Atoms) -> tuple[Array, Array, Array]:
    """Return the (m, 3, 3) matrices, (m, 3) shifts and the (3,) origin of the space group, all fractional."""
    import spglib

    dataset = spglib.get_symmetry_dataset(
        (host.cell.array, host.get_scaled_positions(), host.numbers), symprec=_SYMMETRY_TOLERANCE
    )
    if dataset is None:
        raise GridError("the space group of the host was not found: two of its atoms may be at the same place")
    origin = -np.linalg.solve(dataset.transformation_matrix, dataset.origin_shift)
    return dataset.rotations.astype(float), dataset.translations, np.round(origin % 1.0, 9) % 1.0


def _indices(divisions: Array) -> Array:
    """Return the (N, 3) integer coordinates of all grid points in C order."""
    axes = np.meshgrid(*[np.arange(n) for n in divisions], indexing="ij")
    return np.stack(axes, axis=-1).reshape(-1, 3)


def _on_steps(divisions: Array, matrices: Array, shifts: Array) -> tuple[Array, Array]:
    """Return operations on fractional coordinates as operations on whole numbers of grid steps."""
    whole = np.rint(matrices * divisions[:, None] / divisions).astype(np.int64)
    return whole, np.rint(shifts * divisions).astype(np.int64)


def _first_of_orbit(divisions: Array, matrices: Array, shifts: Array) -> Array:
    """Return, for each of the N grid points, the lowest number of a point that symmetry takes it to."""
    indices = _indices(divisions)
    first = np.arange(len(indices))
    for matrix, shift in zip(matrices, shifts, strict=True):
        moved = (indices @ matrix.T + shift) % divisions
        np.minimum(first, np.ravel_multi_index(tuple(moved.T), tuple(divisions)), out=first)
    return first


def _is_allowed(host: Atoms, mobile: str, spec: GridSpec, positions: Array) -> Array:
    """Return (N,) whether the mobile atom at (N, 3) positions is far enough from every atom of the host."""
    inverse = np.linalg.inv(host.cell.array)
    wrapped = (positions @ inverse % 1.0) @ host.cell.array
    allowed = np.ones(len(wrapped), dtype=bool)
    for element in sorted(set(host.symbols)):
        least = spec.least_distance(mobile, element)
        # Fractions of the cell within which images can be that close: heights are 1 / |columns of the inverse|.
        reach = np.ceil(least * np.linalg.norm(inverse, axis=0)).astype(int)
        images = _indices(2 * reach + 1) - reach
        own = host.get_scaled_positions()[host.symbols == element]
        atoms = ((own[:, None] + images[None]).reshape(-1, 3)) @ host.cell.array
        distances, _ = cKDTree(atoms).query(wrapped, distance_upper_bound=least)
        allowed &= ~np.isfinite(distances)
    return allowed
