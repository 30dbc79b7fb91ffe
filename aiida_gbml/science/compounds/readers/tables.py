"""Tables as text: CSV, tab-separated, or one formula a line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from aiida_gbml.science.compounds.composition import FormulaError, parse_formula
from aiida_gbml.science.compounds.readers.options import ReaderError, ReadOptions
from aiida_gbml.science.compounds.readers.rows import (
    AGE_COLUMNS,
    FORMULA_COLUMNS,
    ID_COLUMNS,
    RawRow,
    RawSource,
    amounts_row,
    named,
)
from aiida_gbml.science.strict_json import StrictJsonError, read_json

_DELIMITERS = (",", "\t", ";")


def read_table(content: bytes, options: ReadOptions) -> RawSource:
    """Return the rows of a table with a line of names, or of lines of formulas without one.

    :raises ReaderError: when the bytes are no such text.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exception:
        raise ReaderError(
            f"the text is not UTF-8: the byte {exception.start} cannot be read; save it as UTF-8"
        ) from exception
    head = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=head.count)
    lines = csv.reader(io.StringIO(text.replace("\0", "\ufffd"), newline=""), delimiter=delimiter)
    names = [name.strip() for name in _next(lines)]
    column = named(options.column, names, FORMULA_COLUMNS, "formulas")
    if column is None:
        place = next((index for index, name in enumerate(names) if _is_formula(name)), None)
        if place is None:
            raise ReaderError(
                f"no column is called 'formula' or alike (there are {', '.join(names)[:300]}): name it with --column"
            )
        return RawSource(_rows(_all(names, lines), place, None, None))
    places = (
        named(options.id_column, names, ID_COLUMNS, "identifiers"),
        named(options.age_column, names, AGE_COLUMNS, "ages"),
    )
    id_place, age_place = (None if name is None else names.index(name) for name in places)
    return RawSource(_rows(_rest(lines), names.index(column), id_place, age_place), age_place is not None)


def _rows(lines: Iterator[Sequence[str]], place: int, id_place: int | None, age_place: int | None) -> Iterator[RawRow]:
    """Yield the rows of lines; blank lines are none."""
    for line in lines:
        if not any(cell.strip() for cell in line):
            continue
        text, name, age = (
            line[index].strip() if index is not None and index < len(line) else ""
            for index in (place, id_place, age_place)
        )
        # A dictionary of amounts as Python writes it.
        if text.startswith("{") and ":" in text:
            yield _literal(text, name, age)
        else:
            yield RawRow(text, name, age)


def _literal(text: str, name: str, age: str) -> RawRow:
    try:
        return amounts_row(read_json(text.replace("'", '"').encode()), id=name, age=age)
    except StrictJsonError as exception:
        return RawRow(text, name, age, problem=FormulaError("unreadable", f"'{text[:80]}' is {exception}"))


def _is_formula(text: str) -> bool:
    try:
        parse_formula(text)
    except FormulaError as error:
        return error.kind == "isotope"
    return True


def _all(first: Sequence[str], lines: Iterator[Sequence[str]]) -> Iterator[Sequence[str]]:
    yield first
    yield from _rest(lines)


def _rest(lines: Iterator[Sequence[str]]) -> Iterator[Sequence[str]]:
    while line := _next(lines, is_first=False):
        yield line or [""]


def _next(lines: Iterator[Sequence[str]], is_first: bool = True) -> Sequence[str]:
    """Return the next line that is not blank; nothing after the last one."""
    try:
        line = next((line for line in lines if any(cell.strip() for cell in line)), None)
    except csv.Error as exception:
        raise ReaderError(f"the text is no table: {exception}") from exception
    if line is None and is_first:
        raise ReaderError("the file is empty")
    return line or ()
