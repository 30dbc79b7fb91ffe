"""Bicrystals: two grains of a crystal that meet in a coincidence boundary, as periodic cells or as slabs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.interfaces.boundary import Boundary
from aiida_gbml.science.interfaces.contacts import closest_contacts, crowded_atoms
from aiida_gbml.science.interfaces.crystal import Crystal
from aiida_gbml.science.interfaces.grain import Grain
from aiida_gbml.science.interfaces.lattice import (
    Matrix,
    apply,
    basis_along,
    cross,
    intersection,
    lattice_sum,
    reduce_plane,
    split_by_plane,
)
from aiida_gbml.science.interfaces.symmetry import holds
from aiida_gbml.science.interfaces.terminations import Stack, Stacker, Termination
from aiida_gbml.science.interfaces.translations import TranslationGroup

if TYPE_CHECKING:
    from ase import Atoms

Geometry = Literal["periodic", "slab"]
LOWER, UPPER = 1, 2  # ASE tags of the atoms of the two grains

_LEAST_VACUUM = 15.0  # Å
_MOST_ATOMS = 100_000
_TOLERANCE = 1e-6
_REMOVAL_DEPTH = 2.0  # bond lengths; atoms farther from the boundary are never removed


class BicrystalError(ValueError):
    """A bicrystal that cannot be built."""


class Bicrystal:
    """A boundary between two grains in the smallest exact cell, ready to build candidates from.

    The cell vector c is parallel to the boundary normal z. For tilt boundaries y is the rotation axis; for twist
    boundaries x is the shortest period of the boundary. Grains grow beyond ``thickness`` by as little as makes both
    boundaries of a periodic cell equivalent, where the symmetry of the crystal allows it.

    >>> from aiida_gbml.science.interfaces.crystal import Crystal
    >>> copper = Crystal.prototype("fcc", "Cu", 3.615)
    >>> bicrystal = Bicrystal(copper, Boundary.from_sigma(5, (0, 0, 1), (2, 1, 0)))
    >>> len(bicrystal.group), bicrystal.boundaries_equivalent
    (4, True)

    :param crystal: what both grains are made of.
    :param boundary: how they meet.
    :param thickness: least thickness of a grain in Å.
    :param n_planes: least number of lattice planes of a grain; takes the place of ``thickness``.
    :param geometry: 'periodic' (two boundaries a cell) or 'slab' (one boundary, vacuum above and below).
    :param vacuum: total thickness of the vacuum of a slab in Å, at least 15.
    :param repeat: in-plane repetitions of the smallest cell.
    :raises BicrystalError: for a geometry, thickness, vacuum or repetition that makes no sense.
    """

    def __init__(
        self,
        crystal: Crystal,
        boundary: Boundary,
        *,
        thickness: float = 10.0,
        n_planes: int | None = None,
        geometry: Geometry = "periodic",
        vacuum: float = _LEAST_VACUUM,
        repeat: Sequence[int] = (1, 1),
    ) -> None:
        if geometry not in ("periodic", "slab"):
            raise BicrystalError(f"unknown geometry '{geometry}', expected 'periodic' or 'slab'")
        if geometry == "slab" and not vacuum >= _LEAST_VACUUM:
            raise BicrystalError(f"a slab needs a vacuum of at least {_LEAST_VACUUM} Å, got {vacuum} Å")
        self.crystal = crystal
        self.boundary = boundary
        self.geometry = geometry
        self.vacuum = vacuum
        coincidence, shifts = _plane_lattices(crystal, boundary)
        along_x = cross(boundary.axis, boundary.plane) if boundary.is_tilt else coincidence[0]
        self.lower, self.upper = _grains(crystal, boundary, along_x)
        self.cell = _plane_cell(self.lower.to_frame(basis_along(along_x, coincidence))[:, :2], repeat)
        self._shifts = self.lower.to_frame(shifts)[:, :2]
        self.thickness = self._least_thickness(thickness, n_planes)

    def _least_thickness(self, thickness: float, n_planes: int | None) -> float:
        """Return the least thickness of a grain in Å."""
        if n_planes is not None:
            thickness = n_planes * max(self.lower.spacing, self.upper.spacing)
        if not thickness >= self.crystal.bond_length:
            raise BicrystalError(
                f"grains of {thickness:.2f} Å are thinner than one bond ({self.crystal.bond_length:.2f} Å); "
                "give a larger thickness or number of planes"
            )
        n_atoms = 2 * thickness * self.area / self.crystal.volume_per_atom
        if n_atoms > _MOST_ATOMS:
            raise BicrystalError(f"the cell would hold about {n_atoms:.0f} atoms, more than {_MOST_ATOMS}")
        return thickness

    @property
    def area(self) -> float:
        """Area of one boundary in the cell in Å²."""
        return float(np.linalg.det(self.cell))

    @property
    def n_boundaries(self) -> int:
        """Number of boundaries in the cell."""
        return 2 if self.geometry == "periodic" else 1

    @property
    def bulk_atoms(self) -> Atoms:
        """The perfect crystal, whose energy the same engine has to give."""
        return self.crystal.to_ase()

    @cached_property
    def _stacks(self) -> list[Stack]:
        periodic = self.geometry == "periodic"
        return Stacker(self.lower, self.upper, self.cell, self._shifts, self.thickness, periodic).stacks()

    @property
    def terminations(self) -> tuple[Termination, ...]:
        """The distinct pairs of atomic planes that can meet, stoichiometric and unpolar ones first."""
        return tuple(stack.termination for stack in self._stacks)

    @property
    def boundaries_equivalent(self) -> bool:
        """Whether, for every termination, both boundaries of the cell are the same; a slab has only one."""
        return all(one.boundaries_equivalent for one in self.terminations)

    @property
    def group(self) -> TranslationGroup:
        """The symmetry of the energy as a function of the translation, at a fixed number of atoms."""
        return self.group_of(range(len(self._stacks)))

    def group_of(self, terminations: Sequence[int]) -> TranslationGroup:
        """Return the symmetry that some terminations share."""
        first, *others = (self._stack(index).group for index in terminations)
        common = [
            all(holds(group, relation) for group in others)
            for relation in zip(first.rotations, first.shifts, strict=True)
        ]
        return TranslationGroup(first.lattice, first.rotations[common], first.shifts[common])

    def build(
        self, translation: Sequence[float] | Array, gap: float = 0.0, termination: int = 0, n_removed: int = 0
    ) -> Atoms:
        """Return one candidate as ASE atoms, whose tags tell the lower (1) from the upper grain (2).

        :param translation: (2,) displacement of the upper grain in Å.
        :param gap: extra expansion in Å at each boundary.
        :param termination: index into :attr:`terminations`.
        :param n_removed: atoms (compounds: formula units) to remove at each boundary, closest pairs first.
        :raises BicrystalError: for a termination that does not exist, a negative gap or too many removed atoms.
        """
        from ase import Atoms

        stack = self._stack(termination)
        lower, upper = stack.lower, stack.upper
        if not gap >= 0:
            raise BicrystalError(f"the gap must not be negative, got {gap} Å")
        margin = gap / 2 if self.geometry == "periodic" else self.vacuum / 2
        height = lower.height + upper.height + gap + 2 * margin
        shift = np.array([*translation, lower.height + gap])
        atoms = Atoms(
            numbers=np.concatenate([lower.numbers, upper.numbers]),
            positions=np.concatenate([lower.positions, upper.positions + shift]),
            cell=[[*self.cell[0], 0.0], [*self.cell[1], 0.0], [0.0, 0.0, height]],
            pbc=[True, True, self.geometry == "periodic"],
            tags=np.repeat([LOWER, UPPER], [len(lower.numbers), len(upper.numbers)]),
        )
        atoms.positions[:, 2] += margin
        if n_removed:
            del atoms[self._crowded(atoms, self.boundary_heights(gap, termination), n_removed)]
        return atoms

    def boundary_heights(self, gap: float = 0.0, termination: int = 0) -> Array:
        """Return the (n_boundaries,) heights z of the boundary planes in Å, as built.

        The first has the lower grain below; the second, at z = 0, has the upper grain below.
        """
        low = self._stack(termination).lower.height
        return np.array([low + gap, 0.0]) if self.geometry == "periodic" else np.array([low + (gap + self.vacuum) / 2])

    def contacts(self, translations: Array, gaps: Array, termination: int = 0) -> Array:
        """Return the (n,) distances in Å of the closest pair across a boundary, at most the bond length of the bulk.

        :param translations: (n, 2) in Å.
        :param gaps: (n,) in Å.
        """
        stack = self._stack(termination)
        lower, upper = stack.lower, stack.upper
        displaced = np.column_stack([translations, gaps])
        bond = self.crystal.bond_length
        closest = closest_contacts(lower.positions - [0, 0, lower.height], upper.positions, self.cell, displaced, bond)
        if self.geometry == "periodic" and not stack.termination.boundaries_equivalent:
            back = displaced * [-1, -1, 1]
            second = closest_contacts(upper.positions - [0, 0, upper.height], lower.positions, self.cell, back, bond)
            closest = np.minimum(closest, second)
        return closest

    def contact_of(self, atoms: Atoms, gap: float, termination: int = 0) -> float:
        """Return the distance in Å of the closest pair across a boundary of a built candidate, at most the bond."""
        bond, still = self.crystal.bond_length, np.zeros((1, 3))
        return min(
            float(closest_contacts(positions[~above], positions[above], self.cell, still, bond)[0])
            for positions, above in self._seen_from_boundaries(atoms, self.boundary_heights(gap, termination))
        )

    def _stack(self, termination: int) -> Stack:
        if not 0 <= termination < len(self._stacks):
            raise BicrystalError(
                f"there is no termination {termination}; this boundary has {len(self._stacks)}, numbered from 0"
            )
        return self._stacks[termination]

    def _crowded(self, atoms: Atoms, heights: Array, n_removed: int) -> list[int]:
        """Return the indices of the atoms that leave the boundaries at some heights."""
        from ase.data import atomic_numbers

        leaving = {atomic_numbers[symbol]: n_removed * count for symbol, count in self.crystal.formula.items()}
        depth = _REMOVAL_DEPTH * self.crystal.bond_length
        try:
            return [
                index
                for positions, above in self._seen_from_boundaries(atoms, heights)
                for index in crowded_atoms(atoms.numbers, positions, above, self.cell, removed=leaving, depth=depth)
            ]
        except ValueError as exception:
            raise BicrystalError(f"cannot remove {n_removed} at a boundary: {exception}") from exception

    def _seen_from_boundaries(self, atoms: Atoms, heights: Array) -> Iterator[tuple[Array, Array]]:
        """Yield, for each boundary, the (N, 3) positions around it and which atoms lie in the grain above it."""
        period = atoms.cell[2, 2]
        for height, above in zip(heights, (UPPER, LOWER), strict=False):
            positions = atoms.positions - [0.0, 0.0, height]
            if self.geometry == "periodic":
                positions[:, 2] -= period * np.round(positions[:, 2] / period)
            yield positions, atoms.get_tags() == above


def _plane_lattices(crystal: Crystal, boundary: Boundary) -> tuple[Matrix, Matrix]:
    """Return the common periods of both grains in the boundary plane and the lattice of translations without effect.

    Both are exact, in the axes of the lower grain: the intersection and the sum of the two plane lattices.
    """
    lower, _ = split_by_plane(crystal.lattice, boundary.plane)
    own, _ = split_by_plane(crystal.lattice, boundary.upper_plane)
    upper = tuple(apply(boundary.rotation, vector) for vector in own)
    return reduce_plane(intersection(lower, upper)), reduce_plane(lattice_sum(lower, upper))


def _grains(crystal: Crystal, boundary: Boundary, along_x: Sequence[int | Fraction]) -> tuple[Grain, Grain]:
    """Return the lower and the upper grain in the frame of the boundary, whose x is given in the lower grain's axes."""
    z = np.array(boundary.plane, dtype=float)
    x = np.array(along_x, dtype=float)
    frame = np.array([x, np.cross(z, x), z])
    orientation = frame / np.linalg.norm(frame, axis=1, keepdims=True)
    rotation = np.array(boundary.rotation, dtype=float)
    return Grain(crystal, boundary.plane, orientation), Grain(crystal, boundary.upper_plane, orientation @ rotation)


def _plane_cell(vectors: Array, repeat: Sequence[int]) -> Array:
    """Return the (2, 2) in-plane cell in Å: repeated, right-handed, its second vector as short as can be."""
    if len(repeat) != 2 or any(times != int(times) or times < 1 for times in repeat):
        raise BicrystalError(f"'repeat' takes two positive integers, got {tuple(repeat)}")
    cell: Array = vectors * np.array(repeat, dtype=float)[:, None]
    cell[1] *= np.sign(np.linalg.det(cell))
    cell[1] -= cell[0] * np.round(cell[1, 0] / cell[0, 0] - _TOLERANCE)
    cell[np.abs(cell) < _TOLERANCE] = 0.0
    return cell
