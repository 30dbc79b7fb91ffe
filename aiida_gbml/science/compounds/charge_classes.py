r"""Classes of candidates: cations by their sets of charges, anions by their charge, and the neutral ratios of each.

All combinations of coefficients of the cations are looked at together, on a grid. The set of total charges that the
cations can have there is one 64-bit number, in which a total of c is the bit 63 - c: one more cation, whose atoms can
have the charges t together, joins by :math:`T \leftarrow \bigvee_t (T \gg t)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import chain, combinations, combinations_with_replacement, groupby, zip_longest
from math import comb, prod
from operator import or_

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.ions import IonTable, cation_totals
from aiida_gbml.science.compounds.roles import MOST_CHARGE, NOTHING_LEFT, CoefficientLimits

_MOST_PLACES = 1 << 18
_TOP = np.uint64(1 << MOST_CHARGE)
_ONES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1).astype(np.uint8)


@dataclass(frozen=True)
class Group:
    """Elements with the same charges as cations.

    :param elements: atomic numbers, ascending. An element that can also be an anion is a group of its own.
    :param charges: as cations, ascending.
    :param anion_charge: absolute charge as an anion, 0 if the element cannot be one.
    """

    elements: tuple[int, ...]
    charges: tuple[int, ...]
    anion_charge: int


@dataclass(frozen=True)
class ClassPart:
    """Anions that share their ratios with the cations of a class.

    :param anions: atomic numbers of anions of one charge.
    :param charge: their absolute charge.
    :param totals: (g,) total charges of reduced neutral ratios on the grid of coefficients, as bits.
    :param grid: coefficients on which all classes of a space are looked at.
    """

    anions: tuple[int, ...]
    charge: int
    totals: Array
    grid: CoefficientGrid

    @property
    def n_ratios(self) -> int:
        """Number of neutral ratios."""
        return _n_bits(self.totals)

    def places(self) -> Array:
        """Return the (r,) places of the neutral ratios on the grid."""
        return self.grid.neutral_places(self.totals, self.charge)

    def ratios(self) -> Array:
        """Return the (r, k + 1) neutral ratios, the anion's coefficient last."""
        return self.grid.ratios_at(self.places())


class CoefficientGrid:
    """All combinations of coefficients of k cations, the coefficient of the first cation running fastest.

    :param n_cations: k.
    :param limits: of the coefficients.
    """

    def __init__(self, n_cations: int, limits: CoefficientLimits) -> None:
        self.n_cations, self.limits = n_cations, limits
        self.axis = np.arange(1, limits.cation + 1, dtype=np.uint64)
        places = np.arange(limits.cation**n_cations)
        digits = [places // limits.cation**index % limits.cation for index in range(n_cations)]
        self.coefficients = (np.column_stack(digits) + 1).astype(np.uint8)
        self._balanced: dict[int, Array] = {}

    @cached_property
    def all_ratios(self) -> Array | None:
        """(n, k + 1) ratios of all places, neutral and reduced or not; ``None`` if they are too many to keep."""
        if len(self.coefficients) * self.limits.anion > _MOST_PLACES:
            return None
        amounts = np.tile(np.arange(1, self.limits.anion + 1, dtype=np.uint8), len(self.coefficients))
        return np.column_stack([np.repeat(self.coefficients, self.limits.anion, axis=0), amounts])

    def places(self, ratios: Array) -> Array:
        """Return the (r,) places of ratios among all."""
        rows: Array = ratios[:, -2].astype(np.intp) - 1
        for column in range(ratios.shape[1] - 3, -1, -1):
            rows = rows * self.limits.cation + (ratios[:, column] - 1)
        rows *= self.limits.anion
        rows += ratios[:, -1].astype(np.intp) - 1
        return rows

    def ratios_at(self, places: Array) -> Array:
        """Return the (r, k + 1) ratios of some places, the anion's coefficient last."""
        if self.all_ratios is not None:
            ratios: Array = np.take(self.all_ratios, places, axis=0)
            return ratios
        rows, amounts = np.divmod(places, self.limits.anion)
        return np.column_stack([self.coefficients[rows], (amounts + 1).astype(np.uint8)])

    def neutral_places(self, totals: Array, charge: int) -> Array:
        """Return the (r,) places of the ratios in which anions of a charge balance the cations.

        :param totals: (g,) total charges, as bits.
        """
        rows = np.flatnonzero(totals != 0)
        n_bytes = self.limits.anion * charge // 8 + 1
        first_bytes = totals[rows].astype(">u8").view(np.uint8).reshape(-1, 8)[:, :n_bytes]  # the top bits come first
        own, bits = np.divmod(np.flatnonzero(np.unpackbits(first_bytes, axis=1).view(bool)), 8 * n_bytes)
        places: Array = rows[own] * self.limits.anion + (bits // charge - 1)
        return places

    def balanced(self, charge: int) -> Array:
        """Return the (g,) totals that a whole number of anions balances in a reduced ratio, as bits."""
        if charge not in self._balanced:
            divisor = np.gcd.reduce(self.coefficients, axis=1)
            allowed = np.zeros(len(self.coefficients), dtype=np.uint64)
            for amount in range(1, self.limits.anion + 1):
                bit = np.uint64(1 << (MOST_CHARGE - amount * charge))
                allowed |= np.where(np.gcd(divisor, amount) == 1, bit, np.uint64(0))
            self._balanced[charge] = allowed
        return self._balanced[charge]


@dataclass(frozen=True)
class ChargeClass:
    """Candidates whose cations come from given groups.

    :param classes: all classes of the space.
    :param chosen: index of the group of each cation, ascending.
    """

    classes: ChargeClasses
    chosen: tuple[int, ...]

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The group of each cation."""
        return tuple(self.classes.groups[index] for index in self.chosen)

    @cached_property
    def anions(self) -> tuple[int, ...]:
        """Atomic numbers of the anions that are none of the cations."""
        cations = {group.elements[0] for group in self.groups if group.anion_charge}
        return tuple(anion for anion in self.classes.ions.anions if anion not in cations)

    @cached_property
    def n_rows(self) -> int:
        """Number of combinations of cations."""
        return prod(comb(len(self.classes.groups[index].elements), count) for index, count in self._runs)

    def has_rows_with(self, required: Sequence[int]) -> bool:
        """Return whether any candidate of the class has all of some elements."""
        return not required or any(self.n_rows_with(required, anion) for anion in self.anions)

    def n_rows_with(self, required: Sequence[int], anion: int) -> int:
        """Return the number of combinations of cations that have, with an anion, all of some elements."""
        needed = set(required) - {anion}
        result = 1
        for index, count in self._runs:
            elements = self.classes.groups[index].elements
            own = needed.intersection(elements)
            needed -= own
            result *= comb(len(elements) - len(own), count - len(own)) if len(own) <= count else 0
        return 0 if needed else result

    def rows(self, start: int, stop: int) -> Array:
        """Return the (stop - start, k) cations of some rows, in the order of the groups."""
        places = np.arange(start, stop)
        columns = []
        for index, count in reversed(self._runs):
            choices = self.classes.choices(index, count)
            columns.append(choices[places % len(choices)])
            places //= len(choices)
        return np.concatenate(columns[::-1], axis=1)

    def parts(self) -> Iterator[ClassPart]:
        """Yield the anions with the ratios in which they balance the cations, if there are any."""
        reachable = self.classes.totals(self.chosen)
        common: dict[int, list[int]] = {}
        neutral: dict[int, Array] = {}
        for anion in self.anions:
            charge = self.classes.ions.anions[anion]
            if charge not in neutral:
                neutral[charge] = reachable & self.classes.grid.balanced(charge)
            own = self._without_other_anions(neutral[charge], anion)
            if own is neutral[charge]:
                common.setdefault(charge, []).append(anion)
            elif own.any():
                yield ClassPart((anion,), charge, own, self.classes.grid)
        for charge, anions in common.items():
            if neutral[charge].any():
                yield ClassPart(tuple(anions), charge, neutral[charge], self.classes.grid)

    @cached_property
    def _runs(self) -> list[tuple[int, int]]:
        """Each group that is chosen, and how often."""
        return [(index, len(list(same))) for index, same in groupby(self.chosen)]

    def _without_other_anions(self, totals: Array, anion: int) -> Array:
        """Return the totals without those of ratios in which a more electronegative cation can be the anion."""
        charges = self.classes.table.cations.get(anion, ())
        before = self.classes.preceding(anion) if charges else ()
        for place, group in enumerate(self.groups):
            if group.anion_charge and group.elements[0] in before:
                others = self.classes.totals(self.chosen, place)
                totals = self._without(totals, self.classes.ions.anions[anion], others, charges)
        return totals

    def _without(self, totals: Array, charge: int, others: Array, charges: tuple[int, ...]) -> Array:
        """Return the totals without those of ratios with another reading, the same array if there is none.

        :param charge: absolute charge of the anion.
        :param others: (g,) what the charges of the other cations leave to balance of the other anion's, as bits from
            the lowest on.
        :param charges: of the anion, if it were a cation.
        """
        limits = self.classes.grid.limits
        amounts = range(1, min(limits.cation, limits.anion) + 1)
        mixed = self.classes.table.mixed_valence
        own = [cation_totals(charges, amount, mixed) for amount in amounts]
        masks = [sum(1 << total for total in one if total <= MOST_CHARGE) for one in own]
        every = reduce(or_, masks)
        rows = np.flatnonzero((totals != 0) & ((others & np.uint64(every)) != 0))
        left, lost = others[rows], np.zeros(len(rows), dtype=np.uint64)
        for amount, mask in zip(amounts, masks, strict=True):
            other_reading = (left & np.uint64(mask)) != 0
            lost |= other_reading.astype(np.uint64) << np.uint64(MOST_CHARGE - amount * charge)
        if not np.any(totals[rows] & lost):
            return totals
        kept: Array = totals.copy()
        kept[rows] &= ~lost
        return kept


class ChargeClasses:
    """The classes of all candidates, in an order that depends on the ions alone.

    :param ions: elements and charges that candidates may have.
    :param table: ions that decide which element of a composition is the anion, of which the former are a part.
    :param grid: coefficients of the cations.
    """

    def __init__(self, ions: IonTable, table: IonTable, grid: CoefficientGrid) -> None:
        self.ions, self.table, self.grid = ions, table, grid
        self.groups = _groups(ions, table)
        self._choices: dict[tuple[int, int], Array] = {}
        shifts = [
            (_cation_shifts(group, grid, table.mixed_valence), _anion_shifts(group, grid)) for group in self.groups
        ]
        self._spreads = {place: _Spread(shifts, place) for place in range(-1, grid.n_cations)}
        order = list(table.anions)
        self._preceding = {anion: frozenset(order[:place]) for place, anion in enumerate(order)}

    def __iter__(self) -> Iterator[ChargeClass]:
        for chosen in combinations_with_replacement(range(len(self.groups)), self.grid.n_cations):
            charge_class = ChargeClass(self, chosen)
            if charge_class.n_rows:
                yield charge_class

    def choices(self, index: int, count: int) -> Array:
        """Return the (n, count) combinations of the elements of one group."""
        if (index, count) not in self._choices:
            chosen = chain.from_iterable(combinations(self.groups[index].elements, count))
            self._choices[index, count] = np.fromiter(chosen, dtype=np.uint8).reshape(-1, count)
        return self._choices[index, count]

    def preceding(self, anion: int) -> frozenset[int]:
        """Return the anions that are more electronegative than one."""
        return self._preceding[anion]

    def totals(self, chosen: tuple[int, ...], anion_place: int = -1) -> Array:
        """Return the (g,) total charges of cations from groups on the grid, as bits.

        :param anion_place: if given, the place of the cation that is taken for the anion; then a bit c is set where a
            charge of c is left to balance.
        """
        return self._spreads[anion_place](chosen)


class _Spread:
    """Total charges of groups of cations on the grid; consecutive combinations share their beginnings.

    :param shifts: of each group, as a cation and as an anion.
    :param anion_place: place of the group that is an anion, -1 for none.
    """

    def __init__(self, shifts: Sequence[Sequence[Array]], anion_place: int) -> None:
        self._shifts, self._anion_place = shifts, anion_place
        self._chosen: tuple[int, ...] = ()
        self._levels: list[Array] = [np.array([_TOP])]

    def __call__(self, chosen: tuple[int, ...]) -> Array:
        pairs = enumerate(zip(chosen, self._chosen, strict=False))
        shared = next((place for place, (new, old) in pairs if new != old), min(len(chosen), len(self._chosen)))
        del self._levels[shared + 1 :]
        for place, index in enumerate(chosen[shared:], shared):
            first, *others = self._shifts[index][place == self._anion_place]
            before = self._levels[-1]
            level = before >> first[:, None]
            for shift in others:
                level |= before >> shift[:, None]
            self._levels.append(level.ravel())
        self._chosen = chosen
        return self._levels[-1]


def _cation_shifts(group: Group, grid: CoefficientGrid, mixed_valence: bool) -> Array:
    """Return the (s, limit) numbers of bits by which the coefficients of a cation move a total charge."""
    own = [cation_totals(group.charges, amount, mixed_valence) for amount in grid.axis.tolist()]
    return np.array(list(zip_longest(*own, fillvalue=NOTHING_LEFT)), dtype=np.uint64)


def _anion_shifts(group: Group, grid: CoefficientGrid) -> Array:
    """Return the (1, limit) same of a cation that is taken for the anion."""
    charges = group.anion_charge * grid.axis.astype(np.int64)
    fits = (charges > 0) & (charges <= MOST_CHARGE) & (grid.axis <= grid.limits.anion)
    return np.where(fits, MOST_CHARGE - charges, NOTHING_LEFT).astype(np.uint64)[None, :]


def _groups(ions: IonTable, table: IonTable) -> list[Group]:
    """Return the elements by their charges, in the order of their first element."""
    members: dict[tuple[tuple[int, ...], int], list[int]] = {}
    for number, charges in sorted(ions.cations.items()):
        members.setdefault((charges, number if number in table.anions else 0), []).append(number)
    return [Group(tuple(own), charges, table.anions.get(own[0], 0)) for (charges, _), own in members.items()]


def _n_bits(numbers: Array) -> int:
    """Return how many bits of 64-bit numbers are set."""
    if hasattr(np, "bitwise_count"):  # numpy 2
        return int(np.bitwise_count(numbers).sum())
    return int(_ONES[numbers.view(np.uint8)].sum())
