"""Compositions: which elements in which whole-number ratio, and how a formula is read."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, reduce
from math import gcd, lcm
from typing import Literal

import numpy as np
from ase.data import chemical_symbols

from aiida_gbml.science.compounds.elements import columns_of, element_table

SYMBOLS: tuple[str, ...] = tuple(chemical_symbols[:119])
"""Symbol by atomic number; the first is no element."""

LARGEST_COEFFICIENT = 65535
"""Coefficients are kept in two bytes."""

FormulaProblem = Literal["unreadable", "unknown element", "isotope", "disorder", "fraction"]

_ISOTOPES = {"D": "deuterium", "T": "tritium"}
_PLACEHOLDERS = {"X", "Vac", "Va", "M", "R", "RE", "Ln", "Me", "A", "Q", "Z"}  # of prototypes and vacancies
_ELEMENTS = {symbol: number for number, symbol in enumerate(SYMBOLS) if number}
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SIMPLE = re.compile(r"(?:[A-Z][a-z]?[0-9]{0,5})+")
_SIMPLE_PART = re.compile(r"([A-Z][a-z]?)([0-9]*)")
_TOKEN = re.compile(r"([A-Z][a-z]{0,2})|([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)|([(\[{])|([)\]}])|([·•*.])|(\s+)")
_DISORDER_MARKS = {",": "several elements", "/": "several elements", "□": "a vacancy"}
_VARIABLES = frozenset("xyznmδ±-−–+~")
_MOST_CHARACTERS = 300
_FINEST_MEANT = 12  # largest denominator that a rounded amount stands for
_NOISE = Fraction(1, 10**9)  # of amounts that were computed, such as 0.30000000000000004
_LARGEST_DENOMINATOR = 1000
_UNKNOWN = 5.0  # electronegativity; above all others
_CLOSING = {"(": ")", "[": "]", "{": "}"}


class FormulaError(ValueError):
    """A text is not the formula of an ordered compound of known elements.

    :param kind: in one word or two, what is wrong, so that rejected rows can be counted.
    """

    def __init__(self, kind: FormulaProblem, reason: str) -> None:
        super().__init__(reason)
        self.kind: FormulaProblem = kind


@dataclass(frozen=True, order=True)
class Composition:
    """Elements in a reduced whole-number ratio.

    :param numbers: atomic numbers, ascending.
    :param coefficients: positive whole numbers without a common divisor.
    """

    numbers: tuple[int, ...]
    coefficients: tuple[int, ...]

    @classmethod
    def of(cls, amounts: Mapping[int, Fraction | int]) -> Composition:
        """Return the composition of amounts by atomic number, which need not be reduced.

        :raises FormulaError: when the ratio is not one of whole numbers up to :data:`LARGEST_COEFFICIENT`.
        """
        exact = {number: amount for number, amount in sorted(amounts.items()) if amount}
        if not exact or min(exact.values()) < 0 or not all(0 < number < len(SYMBOLS) for number in exact):
            raise FormulaError("unreadable", f"a composition needs positive amounts of elements, got {dict(amounts)}")
        denominator = reduce(lcm, (amount.denominator for amount in exact.values()))
        if denominator > _LARGEST_DENOMINATOR:
            raise FormulaError("fraction", f"the amounts {_listed(exact)} are in no ratio of small whole numbers")
        whole = {number: int(amount * denominator) for number, amount in exact.items()}
        divisor = reduce(gcd, whole.values())
        coefficients = tuple(amount // divisor for amount in whole.values())
        if max(coefficients) > LARGEST_COEFFICIENT:
            raise FormulaError("fraction", f"the amounts {_listed(exact)} are in no ratio of small whole numbers")
        return cls(tuple(whole), coefficients)

    @property
    def formula(self) -> str:
        """The reduced formula, the least electronegative element first (Pauling)."""
        order = sorted(zip(self.numbers, self.coefficients, strict=True), key=lambda pair: electronegativity(pair[0]))
        return "".join(f"{SYMBOLS[number]}{amount if amount > 1 else ''}" for number, amount in order)

    @property
    def elements(self) -> tuple[str, ...]:
        """Symbols in the order of the atomic numbers."""
        return tuple(SYMBOLS[number] for number in self.numbers)


def parse_formula(text: str) -> Composition:
    """Return the composition of a formula such as ``Ca3(PO4)2``, ``Ho2In1Ni2``, ``Fe0.5Ni0.5`` or ``CuSO4·5H2O``.

    :raises FormulaError: for a text that cannot be read, an unknown element, an isotope of its own symbol (D, T), a
        symbol that stands for a vacancy or for several elements, or amounts in no ratio of small whole numbers.
    """
    if not isinstance(text, str) or not 0 < len(text.strip()) <= _MOST_CHARACTERS:
        raise FormulaError("unreadable", f"'{str(text)[:40]}' is no formula")
    amounts: dict[int, Fraction] = defaultdict(Fraction)
    if _SIMPLE.fullmatch(text):
        return Composition.of(_simple_amounts(text))
    for part in _parts(text.strip().translate(_SUBSCRIPTS)):
        _add(amounts, *part, text=text)
    return Composition.of(amounts)


def electronegativity(number: int) -> float:
    """Return the Pauling electronegativity by which the elements of a formula are ordered; unknown ones come last."""
    return _electronegativities()[number]


@lru_cache(maxsize=1)
def _electronegativities() -> list[float]:
    """Return the electronegativity by atomic number, :data:`_UNKNOWN` where the table of elements has a gap."""
    table, column = element_table(), columns_of(["electronegativity_pauling"])[0]
    known = np.where(table.filled[:, column], _UNKNOWN, table.values[:, column])
    return [*known.tolist(), *[_UNKNOWN] * (len(SYMBOLS) - len(known))]


def _simple_amounts(text: str) -> dict[int, int]:
    """Return the amounts of a formula without brackets and fractions, as nearly all are."""
    amounts: dict[int, int] = defaultdict(int)
    for symbol, amount in _SIMPLE_PART.findall(text):
        amounts[_number(symbol, text)] += int(amount or 1)
    return amounts


def _parts(text: str) -> Iterator[tuple[Fraction, list[tuple[str, str]]]]:
    """Yield the multiplier and the tokens of each part of an adduct such as ``CuSO4·5H2O``."""
    tokens: list[tuple[str, str]] = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise _not_understood(text, text[position])
        kind = ("symbol", "amount", "open", "close", "dot", "space")[(found.lastindex or 1) - 1]
        tokens.append((kind, found.group()))
        position = found.end()
    part: list[tuple[str, str]] = []
    for token in [*(token for token in tokens if token[0] != "space"), ("dot", "")]:
        if token[0] != "dot":
            part.append(token)
            continue
        if not part:
            raise FormulaError("unreadable", f"'{text}' is no formula: a part of it is empty")
        multiplier = _amount(part.pop(0)[1]) if part[0][0] == "amount" else Fraction(1)
        yield multiplier, part
        part = []


def _add(amounts: dict[int, Fraction], multiplier: Fraction, tokens: list[tuple[str, str]], text: str) -> None:
    """Add the atoms of one part to the amounts."""
    if not tokens:
        raise FormulaError("unreadable", f"'{text}' is no formula: it names no element")
    stack: list[tuple[str, dict[int, Fraction]]] = [("", defaultdict(Fraction))]
    index = 0
    while index < len(tokens):
        kind, token = tokens[index]
        follows = tokens[index + 1] if index + 1 < len(tokens) else ("", "")
        amount = _amount(follows[1]) if follows[0] == "amount" and kind in ("symbol", "close") else Fraction(1)
        if kind == "symbol":
            stack[-1][1][_number(token, text)] += amount
        elif kind == "open":
            stack.append((_CLOSING[token], defaultdict(Fraction)))
        elif kind == "close" and stack[-1][0] == token:
            for number, inner in stack.pop()[1].items():
                stack[-1][1][number] += inner * amount
        else:
            raise FormulaError("unreadable", f"'{text}' is no formula: '{token}' stands where it has no meaning")
        index += 2 if follows[0] == "amount" and kind in ("symbol", "close") else 1
    if len(stack) > 1:
        raise FormulaError("unreadable", f"'{text}' is no formula: '{stack[-1][0]}' is missing")
    for number, amount in stack[0][1].items():
        amounts[number] += amount * multiplier


def _not_understood(text: str, mark: str) -> FormulaError:
    """Return the error of a mark that no formula of an ordered compound has."""
    if mark in _DISORDER_MARKS:
        return FormulaError("disorder", f"'{text}' has '{mark}', so that {_DISORDER_MARKS[mark]} may be on a site")
    if mark in _VARIABLES:
        return FormulaError("disorder", f"'{text}' has '{mark}' in an amount, which must be a number")
    return FormulaError("unreadable", f"'{text}' is no formula: '{mark}' is not understood")


def _number(symbol: str, text: str) -> int:
    """Return the atomic number of a symbol."""
    if symbol in _ELEMENTS:
        return _ELEMENTS[symbol]
    if symbol in _ISOTOPES:
        raise FormulaError("isotope", f"'{text}' names {_ISOTOPES[symbol]} ({symbol}); write H for any hydrogen")
    if symbol in _PLACEHOLDERS:
        raise FormulaError("disorder", f"'{text}' has the symbol '{symbol}', which is no element but a site or a group")
    if symbol[:-1] in _ELEMENTS and symbol[-1] in _VARIABLES:
        raise _not_understood(text, symbol[-1])
    raise FormulaError("unknown element", f"'{text}' has the symbol '{symbol}', which is no element")


def _amount(text: str) -> Fraction:
    """Return an amount as the fraction it was meant to be: 0.333 is a third, 0.143 a seventh, 0.85 is 17/20."""
    exact = Fraction(Decimal(text))
    digits = len(text.partition(".")[2])
    third = exact.limit_denominator(3)
    if digits >= 2 and abs(third - exact) < Fraction(7, 10 ** (digits + 1)):  # 0.33, 0.67 and the cut 0.66
        return third
    near = exact.limit_denominator(_FINEST_MEANT)
    half_a_digit = max(Fraction(1, 2 * 10**digits), _NOISE)
    return near if digits >= 3 and abs(near - exact) <= half_a_digit else exact


def _listed(amounts: Mapping[int, Fraction | int]) -> str:
    shown = ((SYMBOLS[number], min(amount, Fraction(10**300))) for number, amount in amounts.items())
    return " ".join(f"{symbol} {float(amount):g}" for symbol, amount in shown)
