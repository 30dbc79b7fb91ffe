"""Tables of compounds with a property, read so that no row is dropped silently."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aiida_gbml.science.compounds.composition import (
    LARGEST_COEFFICIENT,
    SYMBOLS,
    Composition,
    FormulaError,
    parse_formula,
)
from aiida_gbml.science.compounds.composition_set import CompositionSet, Rejected
from aiida_gbml.science.compounds.property_targets import PropertyTargets
from aiida_gbml.science.compounds.structure_literal import Geometry, StructureLiteralError, read_literal, read_structure
from aiida_gbml.science.structure_set import StructureSet

MERGES: dict[str, Callable[..., Any]] = {"median": np.median, "mean": np.mean, "lowest": np.min, "highest": np.max}
"""How several values of one composition become one."""

_IDENTIFIERS = ("material_id", "id", "name", "label")
_LARGEST_FIELD = 10_000_000
_N_LISTED = 20
_SAME = 4  # decimals in Å that make two structures the same
_SYMBOL = re.compile(r"[A-Z][a-z]{0,2}")
_LARGEST_ORDER = 2**53  # beyond, not every whole number is a float


class PropertyTableError(ValueError):
    """A text is no table of compounds."""


@dataclass(frozen=True)
class Columns:
    """Which column of a table holds what.

    :param target: the property; none when it is to be predicted.
    :param formula: the composition: a formula, or the text of a dictionary of amounts.
    :param structure: the crystal: the text of pymatgen's dictionary; none for compositions.
    :param order: whole numbers that order the rows by age; of rows that become one the youngest counts.
    :param group: texts that group the rows for the validation.
    """

    target: str | None = None
    formula: str = "formula"
    structure: str | None = None
    order: str | None = None
    group: str | None = None


@dataclass(frozen=True)
class PropertyTable:
    """Compounds of a table, each once.

    :param compounds: the n compounds.
    :param ids: (n,) identifiers of their rows.
    :param targets: (n,) values; none when the table has no property.
    :param n_rows: rows of the table.
    :param rejected: rows that are not used, with what is wrong with them.
    :param repeated: formula of each compound that several rows had, with their number.
    """

    compounds: CompositionSet | StructureSet
    ids: tuple[str, ...]
    targets: PropertyTargets | None
    n_rows: int
    rejected: tuple[Rejected, ...]
    repeated: dict[str, int]

    def summary(self) -> dict[str, Any]:
        """Return counts, and the first of what was rejected and repeated, as JSON values."""
        return {
            "n_rows": self.n_rows,
            "n_compounds": len(self.ids),
            "n_rejected": len(self.rejected),
            "n_repeated_rows": sum(self.repeated.values()) - len(self.repeated),
            "rejected_by_kind": dict(sorted(Counter(row.kind for row in self.rejected).items())),
            "rejected": [[row.row, row.text[:60], row.reason] for row in self.rejected[:_N_LISTED]],
            "repeated": dict(list(self.repeated.items())[:_N_LISTED]),
        }


@dataclass(frozen=True)
class _Row:
    identifier: str
    composition: Composition
    geometry: Geometry | None
    target: float
    order: int
    group: str


def read_table(text: str, columns: Columns, merge: str = "median") -> PropertyTable:
    """Return the compounds of a CSV text with a header.

    Rows with what is no compound, or no finite value, are rejected and listed. Rows of one composition become one with
    the value that ``merge`` makes of theirs; of equal structures the first is kept.

    :param text: the table.
    :param columns: which column holds what.
    :param merge: one of :data:`MERGES`.
    :raises PropertyTableError: when a column is missing, or no row can be used.
    """
    if merge not in MERGES:
        raise PropertyTableError(f"values cannot be merged by '{merge}', known are {', '.join(MERGES)}")
    records = _records(text, [name for name in vars(columns).values() if name], columns)
    identifier = next((name for name in _IDENTIFIERS if records and name in records[0]), None)
    rows, rejected = [], []
    for number, record in enumerate(records):
        try:
            rows.append(_read_row(record, columns, record.get(identifier or "") or str(number)))
        except _RejectedError as exception:  # noqa: PERF203  (every row has its own)
            rejected.append(Rejected(number, exception.text[:80], exception.kind, str(exception)))
    if not rows:
        first = f"the first because {rejected[0].reason}" if rejected else "it has none"
        raise PropertyTableError(f"no row of the table can be used: {first}")
    if columns.structure is None:
        return _compositions(rows, columns, merge, len(records), rejected)
    return _structures(rows, columns, len(records), rejected)


def table_of_structures(structures: StructureSet, ids: Sequence[str], targets: Sequence[float] | None) -> PropertyTable:
    """Return the table of some structures; those without a finite value are rejected.

    :param ids: (n,) identifiers.
    :param targets: (n,) values, NaN where there is none.
    :raises PropertyTableError: when none has a value.
    """
    if targets is None:
        return PropertyTable(structures, tuple(ids), None, len(structures), (), {})
    values = np.asarray(targets, dtype=float)
    usable = np.flatnonzero(np.isfinite(values)).tolist()
    lacking = np.flatnonzero(~np.isfinite(values)).tolist()
    rejected = tuple(Rejected(row, ids[row], "no value", "it has no finite value") for row in lacking)
    if not usable:
        raise PropertyTableError(f"none of the {len(structures)} structures has a value of the property")
    known = PropertyTargets(values[usable])
    return PropertyTable(
        structures.take(usable), tuple(ids[row] for row in usable), known, len(structures), rejected, {}
    )


@contextmanager
def long_cells() -> Iterator[None]:
    """Let the cells of CSV texts hold structures; the limit belongs to the process, and is put back."""
    limit = csv.field_size_limit(_LARGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


class _RejectedError(ValueError):
    """A row cannot be used."""

    def __init__(self, text: str, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.text, self.kind = text, kind


def _records(text: str, needed: Sequence[str], columns: Columns) -> list[dict[str, str]]:
    """Return the rows of a CSV text by column."""
    try:
        with long_cells():
            reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline=""))
            header = list(reader.fieldnames or [])
            records = list(reader)
    except csv.Error as exception:
        raise PropertyTableError(f"the text is no readable CSV: {exception}") from exception
    wanted = [name for name in needed if name != columns.formula or columns.structure is None]
    missing = [name for name in wanted if name not in header]
    if missing:
        shown = ", ".join(name[:40] for name in header[:_N_LISTED]) or "none"
        raise PropertyTableError(f"the table has no column '{missing[0]}', its columns are {shown}")
    return records


def _read_row(record: dict[str, str], columns: Columns, identifier: str) -> _Row:
    """Return what a row says, or raise what is wrong with it."""
    geometry = None
    formula = (record.get(columns.formula) or "").strip()
    surplus: Any = record.get(None) or []  # type: ignore[call-overload]  # where DictReader puts what has no column
    if any(cell.strip() for cell in surplus):
        raise _RejectedError(
            formula or identifier, "unreadable", "it has more cells than the header, as of 1,5 for 1.5"
        )
    try:
        if columns.structure is not None:
            geometry = read_structure(record.get(columns.structure) or "")
            composition = Composition.of(
                {int(z): int(n) for z, n in sorted(Counter(geometry.numbers.tolist()).items())}
            )
        else:
            composition = _composition(formula)
    except FormulaError as exception:
        raise _RejectedError(formula, exception.kind, str(exception)) from exception
    except StructureLiteralError as exception:
        raise _RejectedError(formula or identifier, "structure", str(exception)) from exception
    target = math.nan
    if columns.target is not None:
        target = _number(record.get(columns.target), columns.target, formula or identifier)
    order = 0 if columns.order is None else _whole(record.get(columns.order), columns.order, formula or identifier)
    group = "" if columns.group is None else (record.get(columns.group) or "").strip()
    if columns.group is not None and not group:
        raise _RejectedError(formula or identifier, "no value", f"'{columns.group}' is empty: it is of no group")
    return _Row(identifier, composition, geometry, target, order, group)


def _composition(text: str) -> Composition:
    """Return the composition of a formula, or of the text of a dictionary of amounts."""
    if not text.startswith("{"):
        return parse_formula(text)
    shown = f"'{text[:40]}' is no formula"
    try:
        amounts = {symbol: float(amount) for symbol, amount in read_literal(text).items()}
    except (StructureLiteralError, AttributeError, TypeError, ValueError, OverflowError) as exception:
        raise FormulaError("unreadable", shown) from exception
    if not all(isinstance(symbol, str) and _SYMBOL.fullmatch(symbol) for symbol in amounts):
        raise FormulaError("unreadable", f"{shown}: its keys must be symbols of elements")
    if not all(0 <= amount <= LARGEST_COEFFICIENT for amount in amounts.values()):
        raise FormulaError("unreadable", f"{shown}: its amounts must lie between 0 and {LARGEST_COEFFICIENT}")
    # The text, and not the numbers, because a reader of formulas knows that 0.3333333333 is a third.
    return parse_formula("".join(f"{symbol}{amount:.10f}" for symbol, amount in amounts.items()))


def _number(text: str | None, column: str, subject: str) -> float:
    try:
        value = float(text or "")
    except (TypeError, ValueError) as exception:
        raise _RejectedError(
            subject, "no value", f"'{column}' is '{str(text)[:20]}', which is no number"
        ) from exception
    if not math.isfinite(value):
        raise _RejectedError(subject, "no value", f"'{column}' is {value}, which is not finite")
    return value


def _whole(text: str | None, column: str, subject: str) -> int:
    value = _number(text, column, subject)
    if not value.is_integer() or abs(value) > _LARGEST_ORDER:
        raise _RejectedError(subject, "no value", f"'{column}' is {value:g}, which is no whole number below 2^53")
    return int(value)


def _compositions(
    rows: Sequence[_Row], columns: Columns, merge: str, n_rows: int, rejected: Sequence[Rejected]
) -> PropertyTable:
    """Return the distinct compositions with one value each."""
    groups: dict[Composition, list[_Row]] = defaultdict(list)
    for row in rows:
        groups[row.composition].append(row)
    values = np.array([float(MERGES[merge]([row.target for row in group])) for group in groups.values()])
    # What is merged is known since the latest of its rows: an earlier age would let models learn from the future.
    firsts = [replace(group[0], order=max(row.order for row in group)) for group in groups.values()]
    ids = tuple(row.identifier for row in firsts)
    compounds = CompositionSet.of(list(groups), ids, rejected=rejected)
    repeated = {composition.formula: len(group) for composition, group in groups.items() if len(group) > 1}
    return PropertyTable(compounds, ids, _targets(firsts, values, columns), n_rows, tuple(rejected), repeated)


def _structures(rows: Sequence[_Row], columns: Columns, n_rows: int, rejected: Sequence[Rejected]) -> PropertyTable:
    """Return the distinct structures with their values."""
    kept: dict[bytes, _Row] = {}
    repeated: Counter[str] = Counter()
    for row in rows:
        geometry = row.geometry
        if geometry is None:
            continue
        rounded = (np.round(array, _SAME) + 0.0 for array in (geometry.cell, geometry.positions))  # of -0.0 makes 0.0
        arrays = (geometry.numbers, *rounded)
        key = b"".join(array.tobytes() for array in arrays)
        if key in kept:
            repeated[row.composition.formula] += 1
        kept.setdefault(key, row)
    firsts = list(kept.values())
    geometries = [row.geometry for row in firsts if row.geometry is not None]
    compounds = StructureSet(
        cells=np.array([one.cell for one in geometries]),
        pbc=np.ones((len(geometries), 3), dtype=bool),
        offsets=np.concatenate([[0], np.cumsum([len(one.numbers) for one in geometries])]).astype(np.int64),
        numbers=np.concatenate([one.numbers for one in geometries]),
        positions=np.concatenate([one.positions for one in geometries]),
        columns={"structure_label": np.array([row.identifier for row in firsts], dtype=np.str_)},
    )
    targets = _targets(firsts, np.array([row.target for row in firsts]), columns)
    counts = {formula: count + 1 for formula, count in repeated.items()}
    return PropertyTable(compounds, tuple(row.identifier for row in firsts), targets, n_rows, tuple(rejected), counts)


def _targets(rows: Sequence[_Row], values: Any, columns: Columns) -> PropertyTargets | None:
    if columns.target is None:
        return None
    order = None if columns.order is None else np.array([row.order for row in rows], dtype=np.int64)
    group = None if columns.group is None else np.array([row.group for row in rows], dtype=np.str_)
    return PropertyTargets(values, order, group)


def formula_of_row(structures: StructureSet, row: int) -> str:
    """Return the reduced formula of one structure."""
    counts = Counter(SYMBOLS[number] for number in structures.numbers[structures.atoms_of(row)].tolist())
    return parse_formula("".join(f"{symbol}{count}" for symbol, count in counts.items())).formula
