"""Roles: which element of a composition is the anion, so that each composition is written in one way only.

A composition of charge-neutral ions may be read with more than one anion: FeAsS with S²⁻ or with As³⁻. Here the anion
is the most electronegative element for which charges of the others exist that make the whole neutral. All others are
cations, one charge an element, or two where the table of ions allows mixed valence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition import SYMBOLS, Composition
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.ions import IonTable, cation_totals

MOST_CHARGE = 63
"""Total charge of the cations of a formula that can be counted: one bit each."""

NOTHING_LEFT = 64
"""Shifting a 64-bit number by so many bits leaves nothing of it."""

_ONE = np.uint64(1)


@dataclass(frozen=True)
class CoefficientLimits:
    """How large the coefficients of a candidate may be.

    :param cation: of each cation.
    :param anion: of the anion.
    """

    cation: int = 8
    anion: int = 20


@dataclass(frozen=True)
class RoleTable:
    """Compositions of the same number of elements, cations and anion apart.

    :param cations: (n, k) atomic numbers, ascending in a row.
    :param anions: (n,) atomic numbers.
    :param coefficients: (n, k + 1) whole numbers in the order of the cations, the anion's last.
    """

    cations: Array
    anions: Array
    coefficients: Array

    @classmethod
    def of(
        cls, compositions: CompositionSet, ions: IonTable, arity: int, limits: CoefficientLimits | None = None
    ) -> tuple[RoleTable, Array]:
        """Return the neutral compositions of some arity, and their (n,) rows in the set.

        :param ions: elements and charges; a composition with another element is left out.
        :param limits: on the coefficients; without it there are none but that of the total charge.
        """
        rows, numbers, coefficients = compositions.of_arity(arity)
        coefficients = coefficients.astype(np.int64)
        place = anion_places(numbers, coefficients, ions, limits or CoefficientLimits(MOST_CHARGE, MOST_CHARGE))
        found = place >= 0
        table = cls.from_columns(numbers[found], coefficients[found].astype(np.uint8), place[found])
        return table, rows[found]

    @classmethod
    def from_columns(cls, numbers: Array, coefficients: Array, places: Array) -> RoleTable:
        """Return compositions of which the anions are known; the inverse of :meth:`columns`.

        :param numbers: (n, k + 1) atomic numbers, ascending in a row.
        :param coefficients: (n, k + 1) whole numbers that go with them.
        :param places: (n,) column of the anion of each.
        """
        is_anion = np.arange(numbers.shape[1]) == places[:, None]
        order = np.argsort(is_anion, axis=1, kind="stable")  # the anion goes last, the others keep their order
        elements = np.take_along_axis(numbers, order, axis=1)
        return cls(elements[:, :-1], elements[:, -1], np.take_along_axis(coefficients, order, axis=1))

    def __len__(self) -> int:
        return len(self.anions)

    @property
    def arity(self) -> int:
        """Number of elements."""
        return int(self.cations.shape[1]) + 1

    def take(self, rows: Array) -> RoleTable:
        """Return some rows, given as a mask or as numbers."""
        return RoleTable(self.cations[rows], self.anions[rows], self.coefficients[rows])

    @classmethod
    def concatenate(cls, tables: Sequence[RoleTable]) -> RoleTable:
        """Return the rows of several tables of one arity, one after the other."""
        columns = ((table.cations, table.anions, table.coefficients) for table in tables)
        return cls(*(np.concatenate(column) for column in zip(*columns, strict=True)))

    def columns(self) -> tuple[Array, Array]:
        """Return (n, k + 1) atomic numbers, ascending, and the coefficients that go with them."""
        numbers = np.column_stack([self.cations, self.anions])
        order = np.argsort(numbers, axis=1, kind="stable")
        return np.take_along_axis(numbers, order, axis=1), np.take_along_axis(self.coefficients, order, axis=1)

    def composition(self, row: int) -> Composition:
        """Return one row as a composition."""
        numbers = (*self.cations[row].tolist(), int(self.anions[row]))
        return Composition.of(dict(zip(numbers, self.coefficients[row].tolist(), strict=True)))

    def ionic_formula(self, row: int) -> str:
        """Return one row with its cations in the order of their atomic numbers and the anion last."""
        symbols = [SYMBOLS[number] for number in (*self.cations[row].tolist(), int(self.anions[row]))]
        amounts = self.coefficients[row].tolist()
        return "".join(
            f"{symbol}{amount if amount > 1 else ''}" for symbol, amount in zip(symbols, amounts, strict=True)
        )


def anion_places(numbers: Array, coefficients: Array, ions: IonTable, limits: CoefficientLimits) -> Array:
    """Return the (n,) place of the anion in each composition, -1 where no neutral assignment exists.

    :param numbers: (n, m) atomic numbers, all used.
    :param coefficients: (n, m) positive whole numbers.
    """
    possible = possible_charges(ions)
    place = np.full(len(numbers), -1)
    for anion, charge in ions.anions.items():
        rows, columns = np.nonzero((numbers == anion) & (place < 0)[:, None])
        for column in np.unique(columns):
            own = rows[columns == column]
            others = [index for index in range(numbers.shape[1]) if index != column]
            amounts, others_amounts = coefficients[own, column], coefficients[own][:, others]
            reachable = reachable_charges(possible, numbers[own][:, others], others_amounts)
            wanted = charge * amounts
            fits = (wanted <= MOST_CHARGE) & (amounts <= limits.anion) & (others_amounts <= limits.cation).all(axis=1)
            neutral = (reachable >> np.minimum(wanted, MOST_CHARGE).astype(np.uint64)) & _ONE == 1
            place[own[fits & neutral]] = column
    return place


def possible_charges(ions: IonTable) -> Array:
    """Return (elements, MOST_CHARGE + 1, s) total charges of an element as a cation, by its coefficient.

    Each list ends in :data:`NOTHING_LEFT`, as do all those of elements that are no cations.
    """
    lists = {
        (number, amount): [
            total for total in cation_totals(charges, amount, ions.mixed_valence) if total <= MOST_CHARGE
        ]
        for number, charges in ions.cations.items()
        for amount in range(1, MOST_CHARGE + 1)
    }
    possible = np.full((len(SYMBOLS), MOST_CHARGE + 1, max(map(len, lists.values()))), NOTHING_LEFT, dtype=np.uint8)
    for place, charges in lists.items():
        possible[place][: len(charges)] = charges
    return possible


def reachable_charges(possible: Array, cations: Array, coefficients: Array) -> Array:
    """Return (n,) sets of total charges that cations can have, as bits of 64-bit numbers: bit c for a total of c.

    Totals above :data:`MOST_CHARGE` are lost.

    :param possible: of :func:`possible_charges`.
    :param cations: (n, k) atomic numbers.
    :param coefficients: (n, k) positive whole numbers.
    """
    reachable: Array = np.ones(len(cations), dtype=np.uint64)
    for numbers, amounts in zip(cations.T, coefficients.T, strict=True):
        charges = possible[numbers, np.minimum(amounts, MOST_CHARGE)].astype(np.uint64)
        charges[amounts > MOST_CHARGE] = NOTHING_LEFT
        reachable = np.bitwise_or.reduce(reachable[:, None] << charges, axis=1)
    return reachable
