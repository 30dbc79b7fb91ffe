"""Regular grids over a periodic cell that a symmetry group maps onto themselves."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np

from aiida_gbml.science.archive import Array

_FINER = 25  # a grid that respects the symmetry is found within this many divisions above the coarsest allowed


class PeriodicGridError(ValueError):
    """No grid of the wanted spacing respects the symmetry."""


def invariant_divisions(
    lattice: Array, matrices: Array, shifts: Array, spacing: float, tolerance: float = 1e-5
) -> tuple[int, ...]:
    """Return the numbers of points along each vector of the coarsest grid that a group maps onto itself.

    Operation k takes the fractional coordinates f to ``matrices[k] @ f + shifts[k]``.

    :param lattice: (d, d) rows are the primitive vectors, Å.
    :param matrices: (m, d, d) operations on fractional coordinates; whole numbers.
    :param shifts: (m, d) in fractions of the vectors.
    :param spacing: largest step along a vector, Å.
    :param tolerance: by how much of a step a point may miss the grid, for each division.
    :raises PeriodicGridError: when the spacing is not positive, or no such grid is near.
    """
    if not spacing > 0:
        raise PeriodicGridError(f"the grid spacing must be positive, got {spacing} Å")
    least = np.ceil(np.linalg.norm(lattice, axis=1) / spacing - tolerance).astype(int).clip(min=1)
    # Vectors that the group takes into each other need as many points: the other divisions are left out at once.
    mixed = np.any(np.abs(matrices) > tolerance, axis=0)
    ranges = [range(n, 2 * n + _FINER) for n in least]
    for divisions in sorted(_alike(ranges, mixed), key=lambda one: (prod(one), one)):
        n = np.array(divisions)
        moved = np.concatenate([(matrices * n[:, None] / n).ravel(), (shifts * n).ravel()])
        if np.all(np.abs(moved - np.round(moved)) < tolerance * n.max()):
            return divisions
    raise PeriodicGridError(f"no grid of about {spacing} Å respects the symmetry")


def _alike(ranges: list[range], mixed: Array) -> list[tuple[int, ...]]:
    """Return the divisions of which those of vectors that a group mixes both ways divide each other."""
    found: list[tuple[int, ...]] = [()]
    for axis, choices in enumerate(ranges):
        found = [
            (*head, n)
            for head, n in product(found, choices)
            if all(
                not (mixed[axis, other] and mixed[other, axis]) or n % m == 0 or m % n == 0
                for other, m in enumerate(head)
            )
        ]
    return found
