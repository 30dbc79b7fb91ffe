"""Filters: which elements candidates may have, must have, and what an element may cost."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ase.data import atomic_numbers

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition import SYMBOLS


class FilterError(ValueError):
    """A filter that names what is no element, or no limit."""


@dataclass(frozen=True)
class ColumnLimit:
    """A property of the elements that none of a composition's may exceed, such as a price or a toxicity class.

    :param values: by atomic number; an element without a value is left out.
    :param most: largest value that is allowed, in the unit of the values.
    """

    values: Mapping[int, float]
    most: float


@dataclass(frozen=True)
class ElementFilter:
    """Which elements a composition may and must have.

    :param only: if given, no other elements but these and the anions.
    :param without: none of these.
    :param required: all of these.
    :param anions: if given, one of these is the anion.
    :param columns: limits on properties of every element, by name.
    """

    only: tuple[int, ...] | None = None
    without: tuple[int, ...] = ()
    required: tuple[int, ...] = ()
    anions: tuple[int, ...] | None = None
    columns: Mapping[str, ColumnLimit] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> ElementFilter:
        """Return the filter of plain values: symbols in place of numbers, ``columns`` as ``{name: {values, most}}``.

        :raises FilterError: for an unknown name, symbol or value.
        """
        if not isinstance(content, Mapping):
            raise FilterError(f"filters are given by name, got {content!r}")
        unknown = sorted(map(str, set(content) - {"only", "without", "required", "anions", "columns"}))
        if unknown:
            raise FilterError(
                f"there is no filter '{unknown[0]}', known are only, without, required, anions and columns"
            )
        given = content.get("columns", {})
        if not isinstance(given, Mapping):
            raise FilterError(f"the filter 'columns' lists columns of elements by name, got {given!r}")
        lists = {
            name: _numbers(content[name], name) for name in ("only", "without", "required", "anions") if name in content
        }
        columns = {str(name): _column(str(name), given[name]) for name in sorted(given, key=str)}
        return cls(**lists, columns=columns)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, of which :meth:`from_dict` makes an equal filter."""
        lists = {name: getattr(self, name) for name in ("only", "without", "required", "anions")}
        content: dict[str, Any] = {
            name: [SYMBOLS[n] for n in numbers]
            for name, numbers in lists.items()
            if numbers is not None and numbers != getattr(_UNFILTERED, name)
        }
        if self.columns:
            content["columns"] = {
                name: {"values": {SYMBOLS[n]: value for n, value in sorted(limit.values.items())}, "most": limit.most}
                for name, limit in self.columns.items()
            }
        return content

    def allowed(self, numbers: Iterable[int], as_anions: bool = False) -> list[int]:
        """Return the elements that a composition may have as cations, or as anions."""
        listed = self.anions if as_anions else self.only
        return [
            number
            for number in numbers
            if (listed is None or number in listed)
            and number not in self.without
            and all(limit.values.get(number, np.inf) <= limit.most for limit in self.columns.values())
        ]

    def has_required(self, numbers: Array) -> Array:
        """Return (n,) whether rows of (n, m) atomic numbers have all elements that are required."""
        result = np.ones(len(numbers), dtype=bool)
        for number in self.required:
            result &= (numbers == number).any(axis=1)
        return result


_UNFILTERED = ElementFilter()


def _numbers(symbols: Any, name: str) -> tuple[int, ...]:
    if not isinstance(symbols, Collection) or isinstance(symbols, str):
        raise FilterError(f"the filter '{name}' must be a list of elements, got {symbols!r}")
    return tuple(_number(symbol, name) for symbol in symbols)


def _number(symbol: Any, name: str) -> int:
    if not isinstance(symbol, str) or not atomic_numbers.get(symbol):
        raise FilterError(f"the filter '{name}' names {symbol!r}, which is no element")
    return int(atomic_numbers[symbol])


def _column(name: str, given: Any) -> ColumnLimit:
    if not isinstance(given, Mapping) or set(given) != {"values", "most"} or not isinstance(given["values"], Mapping):
        raise FilterError(f"the column '{name}' needs 'values' by element and 'most', the largest that is allowed")
    try:
        limit = ColumnLimit({_number(s, name): float(v) for s, v in given["values"].items()}, float(given["most"]))
    except (TypeError, ValueError) as exception:
        raise FilterError(f"the column '{name}' of elements holds what cannot be used: {exception}") from exception
    if not np.isfinite([limit.most, *limit.values.values()]).all():
        raise FilterError(f"the column '{name}' of elements holds what is no finite number: leave such elements out")
    return limit
