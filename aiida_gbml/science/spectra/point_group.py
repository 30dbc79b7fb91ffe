"""Rotations that leave a molecule as it is, and the Schoenflies name of any group of rotations about a point."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np

from aiida_gbml.science.archive import Array

_SAME = 1e-2  # largest difference between elements of two rotations that count as one
_ORDERS = range(1, 13)


def molecule_operations(positions: Array, types: Array, tolerance: float) -> tuple[Array, Array]:
    """Return the (k, 3, 3) Cartesian rotations of a molecule about its centre and where each takes the atoms.

    Two atoms that do not lie on one line with the centre have images which fix the rotation; every pair of atoms of
    the same types and distances is tried. Of the infinite groups of lines and points enough rotations are given to
    know every tensor: D4h along the line, Oh for a point.

    :param positions: (N, 3) in Å.
    :param types: (N,) integers, equal for atoms that may be exchanged.
    :param tolerance: in Å, how far an atom may lie from the image of another.
    :returns: rotations, and (k, N) the index of the atom on which each atom falls.
    """
    centred = positions - positions.mean(axis=0)
    rotations: list[Array] = []
    images: list[Array] = []
    for candidate in _candidates(centred, types, tolerance):
        image = _images(centred @ candidate.T, centred, types, tolerance)
        if image is not None and not any(np.allclose(candidate, other, atol=_SAME) for other in rotations):
            rotations.append(candidate)
            images.append(image)
    return np.array(rotations), np.array(images)


def orthogonal(matrices: Array) -> Array:
    """Return the nearest orthogonal matrices to (..., 3, 3) almost orthogonal ones."""
    left, _, right = np.linalg.svd(matrices)
    nearest: Array = left @ right
    return nearest


def schoenflies(rotations: Array) -> str:
    """Return the name of a point group, e.g. ``'Td'``.

    :param rotations: (k, 3, 3) orthogonal, all elements of the group.
    """
    is_proper = np.linalg.det(rotations) > 0
    proper, improper = rotations[is_proper], rotations[~is_proper]
    orders = [_order(rotation) for rotation in proper]
    count, order = len(proper), max(orders)
    mirrors = [one for one in improper if np.isclose(np.trace(one), 1, atol=_SAME)]
    has_inversion = any(np.allclose(one, -np.eye(3), atol=_SAME) for one in improper)
    if count == 1:
        return "Ci" if has_inversion else "Cs" if mirrors else "C1"
    for name, size, highest in (("T", 12, 3), ("O", 24, 4), ("I", 60, 5)):
        if (count, order) == (size, highest):
            return name + ("h" if has_inversion else "d" if mirrors else "")
    main = [_axis(one) for one, own in zip(proper, orders, strict=True) if own == order]
    is_horizontal = any(abs(_axis(-mirror) @ axis) > 1 - _SAME for mirror in mirrors for axis in main)
    if count == 2 * order:
        return f"D{order}" + ("h" if is_horizontal else "d" if len(improper) else "")
    if len(improper) and not mirrors:
        return f"S{2 * order}"
    return f"C{order}" + ("h" if is_horizontal else "v" if mirrors else "")


def _order(rotation: Array) -> int:
    """Return after how many turns a proper rotation comes back."""
    power = np.eye(3)
    for order in _ORDERS:
        power = power @ rotation
        if np.allclose(power, np.eye(3), atol=_SAME * order):
            return order
    return 0


def _axis(rotation: Array) -> Array:
    """Return the unit vector that a proper rotation leaves as it is."""
    values, vectors = np.linalg.eig(rotation)
    axis = np.real(vectors[:, np.argmin(np.abs(values - 1))])
    unit: Array = axis / np.linalg.norm(axis)
    return unit


def _candidates(centred: Array, types: Array, tolerance: float) -> Array:
    """Return (k, 3, 3) rotations among which are all those of the molecule."""
    radii = np.linalg.norm(centred, axis=1)
    rarity = np.array([np.sum((types == types[i]) & (np.abs(radii - radii[i]) < tolerance)) for i in range(len(types))])
    off_centre = np.flatnonzero(radii > 10 * tolerance)
    if not len(off_centre):
        return _signed_permutations()
    first = off_centre[np.argmin(rarity[off_centre])]
    heights = np.linalg.norm(np.cross(centred[first], centred), axis=1) / radii[first]
    off_line = np.flatnonzero(heights > 10 * tolerance)
    if not len(off_line):
        return _about_line(centred[first] / radii[first])
    second = off_line[np.lexsort([-heights[off_line], rarity[off_line]])[0]]
    inverse = np.linalg.inv(_frame(centred[first], centred[second], 1))
    cosine = centred[first] @ centred[second]
    found = []
    for p, q in product(*(np.flatnonzero(_alike(types, radii, one, tolerance)) for one in (first, second))):
        if abs(centred[p] @ centred[q] - cosine) < 2 * tolerance * (radii[p] + radii[q]):
            found += [_frame(centred[p], centred[q], sign) @ inverse for sign in (1, -1)]
    return orthogonal(np.array(found))


def _alike(types: Array, radii: Array, index: int, tolerance: float) -> Array:
    """Return the (N,) mask of the atoms of the type and distance from the centre that one atom has."""
    alike: Array = (types == types[index]) & (np.abs(radii - radii[index]) < 2 * tolerance)
    return alike


def _frame(first: Array, second: Array, sign: int) -> Array:
    """Return two vectors and their vector product, or its opposite, as columns."""
    return np.column_stack([first, second, sign * np.cross(first, second)])


def _images(moved: Array, positions: Array, types: Array, tolerance: float) -> Array | None:
    """Return the index of the atom on which each moved atom falls, or nothing when one falls beside them."""
    distances = np.linalg.norm(moved[:, None] - positions, axis=-1)
    distances[types[:, None] != types] = np.inf
    image: Array = distances.argmin(axis=1)
    hits = distances[np.arange(len(image)), image] < 2 * tolerance
    return image if hits.all() and len(set(image.tolist())) == len(image) else None


def _signed_permutations() -> Array:
    """Return the (48, 3, 3) operations of the cube, Oh."""
    identity = np.eye(3)
    return np.array(
        [
            identity[list(order)] * np.array(signs)[:, None]
            for order in permutations(range(3))
            for signs in product((1, -1), repeat=3)
        ]
    )


def _about_line(axis: Array) -> Array:
    """Return the (16, 3, 3) operations of D4h about an axis."""
    other = np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))])
    other /= np.linalg.norm(other)
    frame = np.array([other, np.cross(axis, other), axis])
    square = [one for one in _signed_permutations() if abs(one[2, 2]) == 1]
    return np.array([frame.T @ one @ frame for one in square])
