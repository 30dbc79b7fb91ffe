"""Coincidence-site-lattice boundaries of cubic crystals: rotation axis, angle, sigma and boundary plane."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations, product
from math import atan2, degrees, gcd, sqrt
from typing import Literal

from aiida_gbml.science.interfaces.lattice import LatticeError, Matrix, apply, cross, dot, primitive, transpose

Miller = tuple[int, int, int]
Kind = Literal["symmetric tilt", "asymmetric tilt", "twist"]

_ANGLE_TOLERANCE = 0.05  # degrees; angles are usually quoted with one or two decimals
_LARGEST_SIGMA = 999
_LARGEST_SIGMA_OF_ANGLE = 199  # beyond it, some coincidence is near any angle
_COMMON_AXES: tuple[Miller, ...] = ((0, 0, 1), (1, 1, 0), (1, 1, 1))


class BoundaryError(ValueError):
    """There is no such coincidence boundary."""


@dataclass(frozen=True, order=True)
class Boundary:
    """A boundary between two grains of a cubic crystal.

    The upper grain is the lower one turned by ``angle`` about ``axis``. Both planes are the same physical plane, in the
    axes of either grain, with the normal pointing from the lower to the upper grain.

    :param sigma: inverse density of coincidence sites.
    :param axis: rotation axis [uvw].
    :param plane: Miller indices of the boundary in the lower grain.
    :param upper_plane: Miller indices of the boundary in the upper grain.
    :param angle: in degrees, within (-180, 180].
    :param kind: 'symmetric tilt', 'asymmetric tilt' or 'twist'.
    :param rotation: the exact matrix of the rotation.
    """

    sigma: int
    kind: Kind
    axis: Miller
    plane: Miller
    upper_plane: Miller
    angle: float
    rotation: Matrix

    @classmethod
    def from_sigma(cls, sigma: int, axis: Sequence[int], plane: Sequence[int]) -> Boundary:
        """Return the boundary of a given sigma.

        If several angles give this sigma, one that makes the boundary symmetric is taken, then the smallest positive.

        :raises BoundaryError: when the sigma does not exist for the axis, or the plane neither holds the axis nor is
            normal to it.
        """
        direction, normal = _checked(axis, plane)
        if not 1 < sigma <= _LARGEST_SIGMA:
            raise BoundaryError(f"sigma is an odd number from 3 to {_LARGEST_SIGMA}, got {sigma}")
        found = [turn for turn in _rotations(direction, sigma) if turn[0] == sigma]
        if not found:
            raise BoundaryError(_no_such_sigma(sigma, direction))
        return min((_boundary(turn, direction, normal) for turn in found), key=_preference)

    @classmethod
    def from_angle(cls, angle: float, axis: Sequence[int], plane: Sequence[int]) -> Boundary:
        """Return the boundary whose coincidence angle (degrees) is within 0.05 of the given one, of lowest sigma.

        :raises BoundaryError: when no coincidence is that near, or the plane does not fit the axis.
        """
        direction, normal = _checked(axis, plane)
        turns = [turn for turn in _rotations(direction, _LARGEST_SIGMA_OF_ANGLE) if turn[0] > 1]
        near = [turn for turn in turns if abs(turn[1] - angle) <= _ANGLE_TOLERANCE]
        if not near:
            nearest = sorted(turns, key=lambda turn: (abs(turn[1] - angle), turn[0]))[:3]
            names = ", ".join(f"{turn[1]:.2f}° (sigma {turn[0]})" for turn in nearest)
            raise BoundaryError(
                f"there is no coincidence boundary of sigma up to {_LARGEST_SIGMA_OF_ANGLE} at {angle}° about "
                f"{_brackets(direction)}; the nearest are {names}"
            )
        return _boundary(min(near, key=lambda turn: turn[0]), direction, normal)

    @property
    def is_tilt(self) -> bool:
        """Whether the boundary plane holds the rotation axis."""
        return self.kind != "twist"

    def __str__(self) -> str:
        return f"sigma {self.sigma} {_brackets(self.plane, '()')} {_brackets(self.axis)} {self.kind}, {self.angle:.2f}°"


def list_boundaries(max_sigma: int, axes: Iterable[Sequence[int]] = _COMMON_AXES) -> list[Boundary]:
    """Return the symmetric tilt and the twist boundaries with sigma up to ``max_sigma``, each physical one once.

    A symmetric tilt boundary is the half-turn about its normal and so fixed by the form {hkl}; a twist boundary is
    fixed by its axis and the smallest equivalent angle. Asymmetric ones are endless and are made one by one.
    """
    found: dict[tuple[object, ...], list[Boundary]] = {}
    for axis in axes:
        direction = primitive(axis)
        for turn in _rotations(direction, max_sigma):
            sigma, _, rotation = turn
            if sigma == 1:
                continue
            for plane in _symmetric_planes(rotation, direction):
                tilt = Boundary.from_sigma(sigma, direction, plane)
                found.setdefault(("tilt", sigma, _form(plane)), []).append(tilt)
            twist = _boundary(turn, direction, direction)
            found.setdefault(("twist", sigma, _form(direction), _disorientation(rotation)), []).append(twist)
    of_first_axis = ([one for one in same if one.axis == same[0].axis] for same in found.values())
    return sorted(min(same, key=_prettiness) for same in of_first_axis)


def _boundary(turn: tuple[int, float, Matrix], axis: Miller, plane: Miller) -> Boundary:
    """Return the boundary of a rotation (sigma, angle, matrix)."""
    sigma, angle, rotation = turn
    upper = primitive(apply(transpose(rotation), plane))
    kind: Kind = "twist" if not any(cross(axis, plane)) else "asymmetric tilt"
    if kind != "twist" and _is_symmetric(rotation, plane):
        kind = "symmetric tilt"
    return Boundary(sigma, kind, axis, plane, upper, angle, rotation)


def _preference(boundary: Boundary) -> tuple[bool, bool, float]:
    return boundary.kind == "asymmetric tilt", boundary.angle < 0, abs(boundary.angle)


def _prettiness(boundary: Boundary) -> tuple[object, ...]:
    """Order equivalent boundaries: few minus signs and (2 1 0) rather than (1 2 0)."""
    minus = sum(index < 0 for index in boundary.plane)
    return minus, tuple(-index for index in boundary.plane), _preference(boundary)


def _checked(axis: Sequence[int], plane: Sequence[int]) -> tuple[Miller, Miller]:
    """Return axis and plane as coprime integers; raise when they do not belong together."""
    try:
        direction, normal = (primitive([_integer(x) for x in indices]) for indices in (axis, plane))
    except (LatticeError, ValueError) as exception:
        raise BoundaryError(
            f"axis and plane are three integers each, not all zero; got {tuple(axis)} and {tuple(plane)}"
        ) from exception
    if dot(direction, normal) != 0 and any(cross(direction, normal)):
        raise BoundaryError(
            f"the plane {_brackets(normal, '()')} neither holds the axis {_brackets(direction)} (tilt) nor is normal "
            "to it (twist); boundaries of mixed character are not supported"
        )
    return direction, normal


def _integer(value: float) -> int:
    if value != int(value):
        raise ValueError(f"{value} is no integer")
    return int(value)


def _rotations(axis: Miller, max_sigma: int) -> list[tuple[int, float, Matrix]]:
    """Return (sigma, angle, matrix) of all coincidence rotations about an axis, in both senses.

    The quaternion (m, n u, n v, n w) with coprime m, n turns by 2 atan(n sqrt(S) / m), S = u² + v² + w²; sigma is its
    norm m² + n² S freed from factors of two (Ranganathan, Acta Cryst. 21, 197 (1966)).
    """
    square = sum(x * x for x in axis)
    turns = []
    for n, m in product(range(1, int(sqrt(4 * max_sigma / square)) + 1), range(int(sqrt(4 * max_sigma)) + 1)):
        norm = m * m + n * n * square
        sigma = norm
        while sigma % 2 == 0:
            sigma //= 2
        if gcd(m, n) != 1 or sigma > max_sigma:
            continue
        angle = degrees(2 * atan2(n * sqrt(square), m))
        senses = (1, -1) if m else (1,)
        turns += [(sigma, sense * angle, _matrix(m, [sense * n * x for x in axis])) for sense in senses]
    return turns


def _matrix(scalar: int, vector: Sequence[int]) -> Matrix:
    """Return the exact rotation matrix of an integer quaternion."""
    a, (b, c, d) = scalar, vector
    norm = a * a + b * b + c * c + d * d
    rows = (
        (a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)),
        (2 * (b * c + a * d), a * a - b * b + c * c - d * d, 2 * (c * d - a * b)),
        (2 * (b * d - a * c), 2 * (c * d + a * b), a * a - b * b - c * c + d * d),
    )
    return tuple(tuple(Fraction(x, norm) for x in row) for row in rows)


def _is_symmetric(rotation: Matrix, plane: Miller) -> bool:
    """Whether the rotation is, up to a symmetry of the cube, the half-turn about the plane normal."""
    length = sum(x * x for x in plane)
    half_turn = tuple(
        tuple(Fraction(2 * x * y, length) - (i == j) for j, y in enumerate(plane)) for i, x in enumerate(plane)
    )
    remainder = (apply(transpose(rotation), column) for column in transpose(half_turn))
    return all(x.denominator == 1 for column in remainder for x in column)


def _symmetric_planes(rotation: Matrix, axis: Miller) -> set[Miller]:
    """Return the planes that hold the axis and make the boundary of a rotation symmetric."""
    planes = set()
    for turned in _equivalents(rotation):
        if sum(turned[i][i] for i in range(3)) != -1:  # a half-turn H has the trace -1, and H + 1 projects on its axis
            continue
        columns = transpose(tuple(tuple(x + (i == j) for j, x in enumerate(row)) for i, row in enumerate(turned)))
        normal = primitive(next(column for column in columns if any(column)))
        if dot(normal, axis) == 0:
            planes.add(max(normal, (-normal[0], -normal[1], -normal[2])))
    return planes


def _equivalents(rotation: Matrix) -> Iterable[Matrix]:
    """Yield the rotation times each of the 24 proper symmetries of the cube."""
    for order, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
        parity = 1 if order in ((0, 1, 2), (1, 2, 0), (2, 0, 1)) else -1
        if parity * signs[0] * signs[1] * signs[2] == 1:
            yield tuple(tuple(sign * row[k] for k, sign in zip(order, signs, strict=True)) for row in rotation)


def _disorientation(rotation: Matrix) -> Fraction:
    """Return the trace of the equivalent rotation of smallest angle."""
    return max(sum((turned[i][i] for i in range(3)), Fraction(0)) for turned in _equivalents(rotation))


def _form(indices: Miller) -> tuple[int, ...]:
    """Return what all symmetry-equivalent directions of a cube have in common."""
    return tuple(sorted(abs(x) for x in indices))


def _no_such_sigma(sigma: int, axis: Miller) -> str:
    """Return a sentence that names the nearest existing sigmas."""
    existing = sorted({turn[0] for turn in _rotations(axis, max(2 * sigma, 50))} - {1})
    nearest = sorted(sorted(existing, key=lambda one: abs(one - sigma))[:4])
    names = ", ".join(str(one) for one in nearest)
    return f"there is no sigma {sigma} boundary about {_brackets(axis)}; the nearest sigmas are {names}"


def _brackets(indices: Sequence[int], kind: str = "[]") -> str:
    return kind[0] + " ".join(str(x) for x in indices) + kind[1]
