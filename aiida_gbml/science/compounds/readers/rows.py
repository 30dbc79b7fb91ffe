"""Rows of any source, and how they become a set of compositions: what is rejected is kept with its reason."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition import Composition, FormulaError, parse_formula
from aiida_gbml.science.compounds.composition_set import UNKNOWN, CompositionSet, Rejected, composition_keys
from aiida_gbml.science.compounds.readers.options import Age, ReaderError, ReadOptions

FORMULA_COLUMNS = (
    "formula",
    "reduced_formula",
    "formula_pretty",
    "pretty_formula",
    "chemical_formula_reduced",
    "chemical_formula",
    "composition",
    "compound",
)
ID_COLUMNS = ("id", "material_id", "entry_id", "identifier", "task_id")
AGE_COLUMNS = ("first_seen", "date", "year", "created_at", "publication_date", "publication_year")

_AGE_UNITS = {"none": "", "date": "day", "year": "year", "identifier": "identifier"}
_COUNTED = re.compile(r"[A-Za-z]+-[0-9]{1,18}")
_LAST_NUMBER = re.compile(r"(?:.*[^0-9])?([0-9]{1,18})", re.DOTALL)
_SPECIES = re.compile(r"([A-Z][a-z]{0,2})(?:[0-9.]*[+-])?(?:,.*)?", re.DOTALL)
_SHOWN = 80


class RawRow(NamedTuple):
    """A row as it stands in its source.

    :param text: formula.
    :param id: identifier, empty if there is none.
    :param age: date, year or number, empty if there is none.
    :param score: of a list of recommended compositions, NaN if there is none.
    :param problem: why it cannot be a composition, whatever the text says.
    """

    text: str
    id: str = ""
    age: str = ""
    score: float = float("nan")
    problem: FormulaError | None = None


@dataclass(frozen=True)
class RawSource:
    """Rows and what their source says of itself.

    :param rows: in the order of the source.
    :param has_ages: whether it has a column of dates, years or numbers.
    :param source: name, empty if there is none.
    :param licence: empty if there is none.
    """

    rows: Iterable[RawRow]
    has_ages: bool = False
    source: str = ""
    licence: str = ""


class AgeError(ValueError):
    """A date, year or number that cannot be read."""


class _Ages:
    """Reads ages, and finds out by itself what they are where nobody says so."""

    def __init__(self, options: ReadOptions, has_ages: bool) -> None:
        if options.age in ("date", "year") and not has_ages:
            raise ReaderError(f"there is no column of a {options.age}: name it with --age-column")
        self.has_ages = has_ages and (options.age != "identifier" or options.age_column is not None)
        self.is_guessed = options.age == "auto"
        self.kind: Age = ("auto" if has_ages else "identifier") if self.is_guessed else options.age

    def of(self, row: RawRow) -> int:
        """Return the age of a row, :data:`UNKNOWN` if it has none.

        :raises AgeError: for a text that is no such age.
        """
        if self.kind == "none":
            return UNKNOWN
        if self.is_guessed and not self.has_ages and not _COUNTED.fullmatch(row.id):
            self.kind = "none"  # identifiers that do not count
            return UNKNOWN
        text = row.age if self.has_ages else row.id
        if not text:
            return UNKNOWN
        if self.kind == "auto":
            self.kind = _kind_of_age(text)
        return _age(text, self.kind)


def collect(source: RawSource, name: str, options: ReadOptions) -> tuple[CompositionSet, Array]:
    """Return the distinct compositions of a source, each as it was first seen, and their (n,) scores.

    :param name: of the source in messages, and in the set if the source has none of its own.
    :param options: what to read ages from, and what the source does not say of itself.
    :raises ReaderError: when no row is a composition.
    """
    ages = _Ages(options, source.has_ages)
    rejected: list[Rejected] = []
    numbers, coefficients, arities = array("B"), array("H"), array("B")
    ids: list[str] = []
    seen, scores = array("q"), array("d")
    for place, row in enumerate(source.rows):
        try:
            composition = _composition(row)
            seen.append(ages.of(row))
        except (FormulaError, AgeError) as error:
            kind = error.kind if isinstance(error, FormulaError) else "age"
            rejected.append(Rejected(place, row.text[:_SHOWN], kind, str(error)))
            continue
        numbers.extend(composition.numbers)
        coefficients.extend(composition.coefficients)
        arities.append(len(composition.numbers))
        ids.append(row.id or str(place))
        scores.append(row.score)
    if not ids:
        raise ReaderError(_nothing(name, rejected))
    first_seen = np.frombuffer(seen, np.int64) if ages.kind != "none" else np.full(len(ids), UNKNOWN)
    table = _padded(numbers, coefficients, arities)
    kept, best = _first_of_each(composition_keys(*table), first_seen, np.frombuffer(scores, np.float64))
    unit = _AGE_UNITS.get(ages.kind, "")
    compositions = CompositionSet(
        table[0][kept],
        table[1][kept],
        np.array([ids[row] for row in kept.tolist()], dtype=np.str_),
        first_seen[kept],
        (source.source or name) if options.source is None else options.source,
        source.licence if options.licence is None else options.licence,
        tuple(rejected),
        len(ids) - len(kept),
        unit if (first_seen > UNKNOWN).any() else "",
    )
    return compositions, best


def formula_of(amounts: Mapping[Any, Any]) -> str:
    """Return amounts by element, or by ion such as ``Fe3+``, as a formula.

    :raises FormulaError: when they are not amounts by element.
    """
    parts = []
    for species, amount in amounts.items():
        found = _SPECIES.fullmatch(species) if isinstance(species, str) else None
        if found is None:
            raise FormulaError("unreadable", f"'{str(species)[:_SHOWN]}' is no element")
        if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 < amount < 1e15:
            raise FormulaError(
                "unreadable", f"the amount of {found[1]} is {str(amount)[:_SHOWN]!r}, no positive number"
            )
        parts.append(f"{found[1]}{amount:.10f}".rstrip("0").rstrip("."))
    return "".join(parts)


def amounts_row(amounts: Mapping[Any, Any], **rest: Any) -> RawRow:
    """Return the row of amounts by element, with its problem if they are none."""
    try:
        return RawRow(formula_of(amounts), **rest)
    except FormulaError as error:
        return RawRow(str(dict(amounts)), **{**rest, "problem": error})


def text_of(value: Any) -> str:
    """Return a plain value of a file as text; nothing for a missing one."""
    return value.strip() if isinstance(value, str) else "" if value is None else str(value)


def named(wanted: str | None, known: Iterable[str], usual: tuple[str, ...], what: str) -> str | None:
    """Return the column of some meaning: the one that is asked for, or the first with a usual name.

    :raises ReaderError: when the one that is asked for is not there.
    """
    names = list(known)
    if wanted is not None:
        if wanted not in names:
            raise ReaderError(f"there is no column '{wanted}' for {what}; there are {', '.join(names)[:300]}")
        return wanted
    by_lower_case = {name.strip().lower(): name for name in reversed(names)}
    return next((by_lower_case[name] for name in usual if name in by_lower_case), None)


def _composition(row: RawRow) -> Composition:
    if row.problem is not None:
        raise row.problem
    return parse_formula(row.text)


def _kind_of_age(text: str) -> Age:
    if re.fullmatch(r"[12][0-9]{3}", text):
        return "year"
    return "identifier" if text.isascii() and text.isdigit() else "date"


def _age(text: str, kind: Age) -> int:
    """Return the age that a text says."""
    if kind == "date":
        try:
            return date.fromisoformat(text[:10]).toordinal()
        except ValueError as exception:
            raise AgeError(f"'{text[:_SHOWN]}' is no date, expected one such as 2019-12-31") from exception
    if kind == "year":
        if not re.fullmatch(r"[0-9]{1,4}(\.0+)?", text):
            raise AgeError(f"'{text[:_SHOWN]}' is no year")
        return int(float(text))
    found = _LAST_NUMBER.fullmatch(text)
    if found is None:
        raise AgeError(f"the identifier '{text[:_SHOWN]}' does not end in a number")
    return int(found[1])


def _padded(numbers: array[int], coefficients: array[int], arities: array[int]) -> tuple[Array, Array]:
    """Return the (n, m) atomic numbers and coefficients of rows that lie one after the other."""
    widths = np.frombuffer(arities, np.uint8)
    used = np.arange(widths.max()) < widths[:, None]
    padded = np.zeros(used.shape, np.uint8), np.zeros(used.shape, np.uint16)
    padded[0][used] = np.frombuffer(numbers, np.uint8)
    padded[1][used] = np.frombuffer(coefficients, np.uint16)
    return padded


def _first_of_each(keys: Array, first_seen: Array, scores: Array) -> tuple[Array, Array]:
    """Return the (m,) row of each distinct key that was first seen, in the order of the first rows, and best scores."""
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    age = np.where(first_seen == UNKNOWN, np.iinfo(np.int64).max, first_seen)
    order = np.lexsort((age, group))  # stable: of equal ages the first row
    _, starts = np.unique(group[order], return_index=True)
    oldest = order[starts]
    best = np.full(len(first), -np.inf)
    np.maximum.at(best, group, np.where(np.isnan(scores), -np.inf, scores))
    shown = np.argsort(first, kind="stable")
    return oldest[shown], np.where(np.isneginf(best), np.nan, best)[shown]


def _nothing(name: str, rejected: list[Rejected]) -> str:
    if not rejected:
        return f"'{name}' holds no rows: there is nothing to read"
    kinds = sorted({row.kind for row in rejected})
    counts = ", ".join(f"{sum(row.kind == kind for row in rejected)} {kind}" for kind in kinds)
    reason = " ".join(rejected[0].reason.split())
    return f"none of the {len(rejected)} rows of '{name}' is a composition ({counts}); the first: {reason}"
