"""Terminations: at which atomic planes two grains meet, and where they end away from the boundary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.interfaces.crystal import Crystal
from aiida_gbml.science.interfaces.grain import PLANE_TOLERANCE, Grain
from aiida_gbml.science.interfaces.symmetry import (
    Ends,
    boundary_maps,
    equivalent_terminations,
    holds,
    translation_group,
)
from aiida_gbml.science.interfaces.translations import TranslationGroup

_MORE_PLANES = 12  # grains grow by at most so many lattice planes to make both boundaries of a cell equivalent
_TOLERANCE = 1e-6
_DIPOLE_TOLERANCE = 1e-3  # e Å


@dataclass(frozen=True)
class Termination:
    """The atomic planes at which the two grains end at the boundary.

    :param lower: formula of the last atomic plane of the lower grain.
    :param upper: formula of the first atomic plane of the upper grain.
    :param stoichiometric: whether the cell holds whole formula units.
    :param polar: whether a grain is cut with a dipole along the normal; none when the crystal has no charges.
    :param boundaries_equivalent: whether both boundaries of a periodic cell are the same for every translation; if
        not, the energy of the cell gives the mean of the two.
    """

    lower: str
    upper: str
    stoichiometric: bool
    polar: bool | None
    boundaries_equivalent: bool

    @property
    def plainness(self) -> tuple[bool, bool, bool]:
        """Key that sorts stoichiometric, unpolar terminations with equivalent boundaries first."""
        return not self.stoichiometric, bool(self.polar), not self.boundaries_equivalent


@dataclass(frozen=True, eq=False)
class Slab:
    """The atoms of one grain, standing on z = 0.

    :param numbers: (N,) atomic numbers.
    :param positions: (N, 3) in Å.
    :param height: thickness in Å.
    """

    numbers: Array
    positions: Array
    height: float

    @classmethod
    def cut(cls, grain: Grain, cell: Array, bottom: float, top: float) -> Slab:
        """Return the part of a grain between two heights (Å) in an in-plane cell."""
        numbers, positions = grain.layers(cell, bottom, top)
        return cls(numbers, positions - [0.0, 0.0, bottom], top - bottom)

    def surface(self, height: float) -> str:
        """Return the formula of the atomic plane nearest to a height in Å."""
        from ase.formula import Formula
        from ase.symbols import Symbols

        distances = np.abs(self.positions[:, 2] - height)
        plane = Symbols(self.numbers[distances < distances.min() + PLANE_TOLERANCE])
        return str(Formula(str(plane)).reduce()[0].format("metal"))


@dataclass(frozen=True, eq=False)
class Stack:
    """The two slabs of one termination and the symmetry of the energy of a cell made of them."""

    termination: Termination
    lower: Slab
    upper: Slab
    group: TranslationGroup


@dataclass(frozen=True, eq=False)
class Stacker:
    """Finds the distinct terminations of two grains.

    :param lower: the grain below the boundary.
    :param upper: the grain above it.
    :param cell: (2, 2) in-plane periods in Å.
    :param shifts: (2, 2) the lattice of translations that change nothing, in Å.
    :param thickness: least thickness of a grain in Å.
    :param periodic: whether there is a second boundary.
    """

    lower: Grain
    upper: Grain
    cell: Array
    shifts: Array
    thickness: float
    periodic: bool

    def stacks(self) -> list[Stack]:
        """Return one stack a distinct termination, the plainest first."""
        seen: list[tuple[float, float]] = []
        found = []
        for cuts in product(self.lower.cuts, self.upper.cuts):
            if not any(self._same(cuts, other) for other in seen):
                seen += [cuts, *equivalent_terminations(self.lower, self.upper, cuts)]
                found.append(self._best(*cuts))
        return sorted(found, key=_plain)

    def _best(self, top: float, upper_cut: float) -> Stack:
        """Return the stack of two cuts with equivalent boundaries, and among those a stoichiometric one, if any is."""
        stacks = []
        for ends, equivalent in self._ends(top, upper_cut):
            stacks.append(self._stack(ends, equivalent))
            if equivalent and stacks[-1].termination.stoichiometric:
                break
        return min(stacks, key=lambda stack: (not stack.termination.boundaries_equivalent, _plain(stack)))

    def _same(self, first: tuple[float, float], second: tuple[float, float]) -> bool:
        """Whether two pairs of cuts agree up to lattice planes."""
        periods = (self.lower.spacing, self.upper.spacing)
        steps = [(one - two) / period for one, two, period in zip(first, second, periods, strict=True)]
        return all(abs(step - round(step)) < _TOLERANCE for step in steps)

    def _ends(self, top: float, upper_cut: float) -> Iterator[tuple[Ends, bool]]:
        """Yield ways to end the grains away from the boundary, and whether the second boundary equals the first.

        An isometry that maps the second boundary onto the first maps the far end of a grain onto a near one.
        """
        bottom = upper_cut - self.upper.spacing
        low, high = (self._height(grain, 0.0) for grain in (self.lower, self.upper))
        plain = Ends(top - low, top, bottom, bottom + high)
        yield plain, not self.periodic
        group = translation_group(self.lower, self.upper, self.shifts, plain, periodic=False)
        for one in boundary_maps(self.lower, self.upper) if self.periodic else []:
            remainders = zip((self.lower, self.upper), one.heights(top, bottom), strict=True)
            low, high = (self._height(grain, remainder) for grain, remainder in remainders)
            for more, most in sorted(product(range(_MORE_PLANES + 1), repeat=2), key=sum):
                far = (top - low - more * self.lower.spacing, bottom + high + most * self.upper.spacing)
                ends = Ends(far[0], top, bottom, far[1])
                relation = one.relation(ends)
                if relation is not None and holds(group, relation):
                    yield ends, True
                    break

    def _height(self, grain: Grain, remainder: float) -> float:
        """Return the least sufficient height that is ``remainder`` plus whole lattice planes."""
        rest = remainder % grain.spacing
        return float(rest + np.ceil((self.thickness - rest) / grain.spacing - _TOLERANCE) * grain.spacing)

    def _stack(self, ends: Ends, equivalent: bool) -> Stack:
        lower = Slab.cut(self.lower, self.cell, ends.lower_bottom, ends.lower_top)
        upper = Slab.cut(self.upper, self.cell, ends.upper_bottom, ends.upper_top)
        termination = Termination(
            lower=lower.surface(lower.height),
            upper=upper.surface(0.0),
            stoichiometric=is_stoichiometric(np.concatenate([lower.numbers, upper.numbers]), self.lower.crystal),
            polar=self._is_polar(ends),
            boundaries_equivalent=equivalent,
        )
        group = translation_group(self.lower, self.upper, self.shifts, ends, self.periodic)
        return Stack(termination, lower, upper, group)

    def _is_polar(self, ends: Ends) -> bool | None:
        if not self.lower.crystal.charges:
            return None
        dipoles = self.lower.dipole(ends.lower_top), self.upper.dipole(ends.upper_bottom)
        return max(abs(dipole) for dipole in dipoles) > _DIPOLE_TOLERANCE


def is_stoichiometric(numbers: Array, crystal: Crystal) -> bool:
    """Whether atoms, given by their (N,) atomic numbers, are whole formula units of a crystal."""
    from ase.data import chemical_symbols

    counts = Counter(chemical_symbols[number] for number in numbers)
    units = {divmod(counts[symbol], count) for symbol, count in crystal.formula.items()}
    return set(counts) <= set(crystal.formula) and len(units) == 1 and units.pop()[1] == 0


def _plain(stack: Stack) -> tuple[bool, bool, bool]:
    return stack.termination.plainness
