"""Ions: which elements are cations or anions, and with which charges."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

import yaml
from ase.data import atomic_numbers

from aiida_gbml.science.compounds.composition import SYMBOLS, electronegativity

Level = Literal["common", "reported", "rare"]

LEVELS: tuple[Level, ...] = get_args(Level)
"""How well a charge is established; each level holds the earlier ones."""

MOST_CATION_CHARGE, MOST_ANION_CHARGE = 9, 4


class IonTableError(ValueError):
    """A table of ions that names no elements, or impossible charges."""


@dataclass(frozen=True)
class IonTable:
    """Charges by atomic number.

    :param cations: positive charges of each element, ascending.
    :param anions: absolute charge of each anion; they are kept with the most electronegative one first, in whichever
        order they are given.
    :param mixed_valence: whether atoms of one cation may have different charges, as iron in Fe3O4, see
        :func:`cation_totals`.
    :raises IonTableError: for a table without ions, unknown elements or charges out of range.
    """

    cations: Mapping[int, tuple[int, ...]]
    anions: Mapping[int, int]
    mixed_valence: bool = False

    def __post_init__(self) -> None:
        if not self.cations or not self.anions:
            raise IonTableError("a table of ions needs at least one cation and one anion")
        if type(self.mixed_valence) is not bool:
            raise IonTableError(f"'mixed_valence' of a table of ions is true or false, got {self.mixed_valence!r}")
        for number, charges in self.cations.items():
            _check(number, charges, MOST_CATION_CHARGE)
            if not charges or list(charges) != sorted(set(charges)):
                raise IonTableError(f"the charges of {SYMBOLS[number]} must ascend without repetition, got {charges}")
        for number, charge in self.anions.items():
            _check(number, [charge], MOST_ANION_CHARGE)
        order = sorted(self.anions, key=lambda number: (-electronegativity(number), number))
        object.__setattr__(self, "anions", {number: self.anions[number] for number in order})
        object.__setattr__(self, "cations", dict(sorted(self.cations.items())))

    @classmethod
    def default(cls, level: Level = "rare") -> IonTable:
        """Return the project's own table.

        :param level: leave out charges that are less established.
        :raises IonTableError: for an unknown level.
        """
        return cls.from_dict(_own_table(), level)

    @classmethod
    def from_yaml(cls, text: str, level: Level = "rare") -> IonTable:
        """Return the table of a YAML text of the form of ``ions.yaml``.

        :raises IonTableError: for a text that is no such table.
        """
        try:
            content = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, TypeError, RecursionError) as exception:  # also dates that are none
            raise IonTableError(f"the table of ions is no YAML: {' '.join(str(exception).split())}") from exception
        return cls.from_dict(content, level)

    @classmethod
    def from_dict(cls, content: Any, level: Level = "rare") -> IonTable:
        """Return the table of plain values: ``anions`` by symbol, and ``cations`` by symbol as a list or by level.

        ``mixed_valence`` may be absent, and is false then.

        :raises IonTableError: for values of another form.
        """
        if level not in LEVELS:
            raise IonTableError(f"there is no level '{level}' of ions, known are {', '.join(LEVELS)}")
        if not isinstance(content, Mapping) or set(content) - {"mixed_valence"} != {"anions", "cations"}:
            raise IonTableError(
                "a table of ions has the parts 'anions' and 'cations', and no others but 'mixed_valence'"
            )
        if not all(isinstance(content[part], Mapping) for part in ("anions", "cations")):
            raise IonTableError("'anions' and 'cations' of a table of ions list charges by element")
        cations = {_number(symbol): _charges(symbol, given, level) for symbol, given in content["cations"].items()}
        anions = {_number(symbol): charge for symbol, charge in content["anions"].items()}
        charged = {number: charges for number, charges in cations.items() if charges}
        return cls(charged, anions, content.get("mixed_valence", False))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, of which :meth:`from_dict` makes an equal table."""
        return {
            "anions": {SYMBOLS[number]: charge for number, charge in self.anions.items()},
            "cations": {SYMBOLS[number]: list(charges) for number, charges in self.cations.items()},
            "mixed_valence": self.mixed_valence,
        }

    def only(self, elements: Collection[int] | None = None, anions: Collection[int] | None = None) -> IonTable:
        """Return the table of some elements.

        :param elements: atomic numbers of cations that may stay; all by default.
        :param anions: atomic numbers of anions that may stay; all by default.
        :raises IonTableError: when nothing is left.
        """
        cations = {
            number: charges for number, charges in self.cations.items() if elements is None or number in elements
        }
        left = {number: charge for number, charge in self.anions.items() if anions is None or number in anions}
        return IonTable(cations, left, self.mixed_valence)


def cation_totals(charges: Sequence[int], amount: int, mixed_valence: bool) -> list[int]:
    """Return the total charges that some atoms of one cation can have together, ascending.

    :param charges: that an atom can have, ascending.
    :param amount: number of atoms in a reduced formula.
    :param mixed_valence: whether some atoms may have one charge and the others the next one. Every total between the
        lowest and the highest is possible then in a multiple of the formula, as in BaBiO3 with Bi 3+ and 5+.
    """
    if mixed_valence:
        return list(range(amount * charges[0], amount * charges[-1] + 1))
    return [amount * charge for charge in charges]


@cache
def _own_table() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(files(__package__).joinpath("ions.yaml").read_text(encoding="utf-8"))
    return content


def _charges(symbol: str, given: Any, level: Level) -> tuple[int, ...]:
    """Return the charges of a cation, given as a list or by level."""
    if isinstance(given, Mapping):
        unknown = [name for name in given if name not in LEVELS]
        if unknown:
            raise IonTableError(f"the charges of {symbol} have the level '{unknown[0]}', known are {', '.join(LEVELS)}")
        if not all(isinstance(charges, list) for charges in given.values()):
            raise IonTableError(f"the charges of {symbol} must be a list at each level, got {dict(given)!r}")
        given = [charge for name in LEVELS[: LEVELS.index(level) + 1] for charge in given.get(name, ())]
    if not isinstance(given, list) or not all(type(charge) is int for charge in given):
        raise IonTableError(f"the charges of {symbol} must be a list of whole numbers, got {given!r}")
    return tuple(sorted(given))


def _number(symbol: Any) -> int:
    if not isinstance(symbol, str) or not atomic_numbers.get(symbol):
        raise IonTableError(
            f"the table of ions names {symbol!r}, which is no element (YAML: write 'No' and 'Y' in quotes)"
        )
    return int(atomic_numbers[symbol])


def _check(number: int, charges: Collection[int], most: int) -> None:
    for charge in charges:
        if type(charge) is not int or not 1 <= charge <= most:
            raise IonTableError(
                f"the charge of {SYMBOLS[number]} must be a whole number from 1 to {most}, got {charge!r}"
            )
