"""The symmetry of a bicrystal, found from the space groups of its two grains.

Let t displace the upper grain B against the lower one A. An isometry with the in-plane part R that leaves the normal
and maps A -> A, B -> B, or that reverses the normal and exchanges A and B, turns the boundary at t into the one at an
image of t: a symmetry of E(t) (Pond & Vlachavas, Proc. R. Soc. A 386, 95 (1983)). One that reverses the normal and
keeps the grains, or keeps the normal and exchanges them, turns "A below B" into "B below A", the other boundary of a
periodic cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.interfaces.grain import Grain, Isometry
from aiida_gbml.science.interfaces.translations import TranslationGroup

_TOLERANCE = 1e-5

Relation = tuple[Array, Array]  # (R (2, 2), w (2,) Å): t -> R t + w


@dataclass(frozen=True)
class Ends:
    """Heights in Å at which the grains are cut, each in its own frame."""

    lower_bottom: float
    lower_top: float
    upper_bottom: float
    upper_top: float


def translation_group(lower: Grain, upper: Grain, lattice: Array, ends: Ends, periodic: bool) -> TranslationGroup:
    """Return the symmetry of the energy as a function of the translation.

    :param lattice: (2, 2) the sum of the plane lattices of the grains, rows in Å.
    :param periodic: whether the second boundary, upper below lower, has to share the symmetry.
    """
    relations = list(_symmetries(lower, upper, ends.lower_top, ends.upper_bottom))
    if periodic:
        other = _distinct(lattice, _symmetries(lower, upper, ends.lower_bottom, ends.upper_top))
        relations = [relation for relation in relations if holds(other, relation)]
    return _distinct(lattice, relations)


def holds(group: TranslationGroup, relation: Relation) -> bool:
    """Whether a relation t -> R t + w is an element of the group."""
    rotation, shift = relation
    same = np.all(np.abs(group.rotations - rotation) < _TOLERANCE, axis=(1, 2))
    offsets = group.fractional(group.shifts[same] - shift + _TOLERANCE) - group.fractional(np.full(2, _TOLERANCE))
    return bool(np.any(np.all(np.abs(offsets) < _TOLERANCE, axis=1)))


def equivalent_terminations(lower: Grain, upper: Grain, cuts: tuple[float, float]) -> list[tuple[float, float]]:
    """Return the pairs of cuts (Å, lower and upper) that give the same boundary as the given pair."""
    first, second = cuts
    kept = [
        (first + own.translation[2], second + theirs.translation[2])
        for own, theirs in _paired(lower.isometries_to(lower, False), upper.isometries_to(upper, False))
    ]
    exchanged = [
        (back.translation[2] - second, forth.translation[2] - first)
        for forth, back in _paired(lower.isometries_to(upper, True), upper.isometries_to(lower, True))
    ]
    return [(one % lower.spacing, two % upper.spacing) for one, two in kept + exchanged]


@dataclass(frozen=True)
class BoundaryMap:
    """An isometry that turns the second boundary of a periodic cell, upper below lower, into the first.

    It either reverses the normal and keeps the grains, or keeps the normal and swaps them.

    :param first: what it does to the lower grain.
    :param second: what it does to the upper grain.
    :param swaps: whether it swaps the grains.
    """

    first: Isometry
    second: Isometry
    swaps: bool

    def heights(self, lower_top: float, upper_bottom: float) -> tuple[float, float]:
        """Return the heights in Å, up to lattice planes, of grains whose far ends it maps on their near ends."""
        if self.swaps:
            height = self.first.translation[2] + lower_top - upper_bottom
            return height, height
        return 2 * lower_top - self.first.translation[2], self.second.translation[2] - 2 * upper_bottom

    def relation(self, ends: Ends) -> Relation | None:
        """Return how the second boundary follows from the first, E2(t) = E1(R t + w); none for ends it does not map."""
        if self.swaps:
            rise = ends.upper_bottom - ends.lower_bottom
            if abs(ends.upper_top - ends.lower_top - rise) > _TOLERANCE:
                return None
            first, second = self.first.shift_at(rise), self.second.shift_at(-rise)
            return None if first is None or second is None else (-self.first.in_plane, second - first)
        first = self.first.shift_at(ends.lower_bottom + ends.lower_top)
        second = self.second.shift_at(ends.upper_bottom + ends.upper_top)
        return None if first is None or second is None else (self.first.in_plane, first - second)


def boundary_maps(lower: Grain, upper: Grain) -> list[BoundaryMap]:
    """Return the isometries that turn "upper below lower" into "lower below upper"."""
    flips = _paired(lower.isometries_to(lower, True), upper.isometries_to(upper, True))
    swaps = _paired(lower.isometries_to(upper, False), upper.isometries_to(lower, False))
    return [BoundaryMap(*pair, False) for pair in flips] + [BoundaryMap(*pair, True) for pair in swaps]


def _symmetries(lower: Grain, upper: Grain, lower_cut: float, upper_cut: float) -> Iterator[Relation]:
    """Yield the relations t -> R t + w that leave the boundary between two cuts."""
    for own, theirs in _paired(lower.isometries_to(lower, False), upper.isometries_to(upper, False)):
        first, second = own.shift_at(0.0), theirs.shift_at(0.0)
        if first is not None and second is not None:
            yield own.in_plane, first - second
    for forth, back in _paired(lower.isometries_to(upper, True), upper.isometries_to(lower, True)):
        first, second = forth.shift_at(lower_cut + upper_cut), back.shift_at(lower_cut + upper_cut)
        if first is not None and second is not None:
            yield -forth.in_plane, second - first


def _paired(first: Iterable[Isometry], second: Iterable[Isometry]) -> Iterator[tuple[Isometry, Isometry]]:
    """Yield the pairs with equal rotations."""
    others = list(second)
    for one in first:
        for other in others:
            if np.allclose(one.rotation, other.rotation, atol=_TOLERANCE):
                yield one, other


def _distinct(lattice: Array, relations: Iterable[Relation]) -> TranslationGroup:
    """Return the group of some relations, each once, identity first, shifts inside the cell."""
    group = TranslationGroup.of_lattice(lattice)
    for rotation, shift in relations:
        if not holds(group, (rotation, shift)):
            inside = group.fractional(shift) @ lattice
            group = TranslationGroup(
                lattice, np.concatenate([group.rotations, rotation[None]]), np.concatenate([group.shifts, inside[None]])
            )
    return group
