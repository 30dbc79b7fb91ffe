"""Lists of recommended compositions in an SQLite file, as the authors of the method publish them.

There is a table for each number of elements (``data2``, ``data3``, ``data4ionic``, ``data5ionic``) with the columns
``composition``, ``ele1`` to ``eleN``, ``int1`` to ``intN`` and ``score``. Columns of other names are found by their
names, or by what is in them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiida_gbml.science.compounds.composition import FormulaError, parse_formula
from aiida_gbml.science.compounds.readers.options import ReaderError, ReadOptions
from aiida_gbml.science.compounds.readers.rows import (
    AGE_COLUMNS,
    FORMULA_COLUMNS,
    ID_COLUMNS,
    RawRow,
    RawSource,
    named,
    text_of,
)

SCORE_COLUMNS = ("score", "prob", "probability", "value", "pred", "prediction")

_SAMPLE = 50


class _Table:
    """A table with formulas.

    :param name: of the table.
    :param columns: names and declared types.
    """

    def __init__(self, connection: sqlite3.Connection, name: str, options: ReadOptions) -> None:
        self.name = name
        declared = connection.execute(f"PRAGMA table_info({_quoted(name)})").fetchall()
        types = {row[1]: str(row[2]).upper() for row in declared}
        self.formula = named(options.column, types, FORMULA_COLUMNS, f"formulas in the table '{name}'")
        self.formula = self.formula or _column_of_formulas(connection, name, list(types))
        self.id = named(options.id_column, types, ID_COLUMNS, "identifiers")
        self.age = named(options.age_column, types, AGE_COLUMNS, "ages")
        reals = [column for column, kind in types.items() if "REAL" in kind or "FLOA" in kind or "DOUB" in kind]
        self.score = named(None, types, SCORE_COLUMNS, "scores") or (reals[0] if len(reals) == 1 else None)

    def rows(self, connection: sqlite3.Connection) -> Iterator[RawRow]:
        """Yield the rows in the order in which they were written."""
        columns = (self.formula, self.id, self.age, self.score)
        chosen = ", ".join("NULL" if column is None else _quoted(column) for column in columns)
        for text, name, age, score in _select(connection, chosen, self.name):
            value = float(score) if isinstance(score, int | float) else float("nan")
            if isinstance(text, str):
                yield RawRow(text, text_of(name), text_of(age), value)
            else:
                problem = FormulaError("unreadable", f"{str(text)[:80]!r} is no formula")
                yield RawRow(str(text), text_of(name), text_of(age), value, problem)


def read_score_list(path: Path, options: ReadOptions) -> RawSource:
    """Return the rows of a database, table by table.

    :raises ReaderError: when the file is no such database. Rows are read when they are used, and may raise it too.
    """
    try:
        with closing(_open(path)) as connection:
            tables = _tables(connection, options)
    except sqlite3.Error as exception:
        raise _unreadable(exception) from exception
    has_ages = any(table.age is not None for table in tables)
    return RawSource(_all_rows(path, tables), has_ages)


def _all_rows(path: Path, tables: list[_Table]) -> Iterator[RawRow]:
    try:
        with closing(_open(path)) as connection:
            for table in tables:
                yield from table.rows(connection)
    except sqlite3.Error as exception:
        raise _unreadable(exception) from exception


def _tables(connection: sqlite3.Connection, options: ReadOptions) -> list[_Table]:
    """Return the tables with formulas; views and virtual tables, which can run code, are none."""
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    )
    names = [str(row[0]) for row in found]
    if options.table is not None and options.table not in names:
        raise ReaderError(f"the database has no table '{options.table}'; there are {', '.join(names)[:300]}")
    chosen = names if options.table is None else [options.table]
    tables = [table for table in (_Table(connection, name, options) for name in chosen) if table.formula is not None]
    if not tables:
        raise ReaderError(
            f"no table of the database has a column of formulas (there are {', '.join(names)[:300]}): "
            "name it with --column"
        )
    return tables


def _column_of_formulas(connection: sqlite3.Connection, name: str, columns: list[str]) -> str | None:
    """Return the column whose first values are formulas for the most part."""
    for column in columns:
        values = [row[0] for row in islice(_select(connection, _quoted(column), name), _SAMPLE)]
        if values and sum(_is_formula(value) for value in values) > len(values) / 2:
            return column
    return None


def _is_formula(value: Any) -> bool:
    try:
        parse_formula(value)
    except FormulaError:
        return False
    return True


def _open(path: Path) -> sqlite3.Connection:
    """Open a database so that nothing can change it and nothing in it can run."""
    connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1", uri=True)
    connection.text_factory = lambda content: content.decode("utf-8", "replace")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _select(connection: sqlite3.Connection, columns: str, table: str) -> sqlite3.Cursor:
    """Return the rows of a table in the order in which they were written, or of its key if it has no row numbers.

    :param columns: quoted names.
    """
    query = f"SELECT {columns} FROM {_quoted(table)}"  # noqa: S608 (names are quoted and come from the file)
    try:
        return connection.execute(f"{query} ORDER BY rowid")
    except sqlite3.OperationalError:
        return connection.execute(query)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _unreadable(exception: sqlite3.Error) -> ReaderError:
    return ReaderError(f"the database cannot be read ({' '.join(str(exception).split())}): get the file anew")
