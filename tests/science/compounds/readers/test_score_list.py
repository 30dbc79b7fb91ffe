"""Score lists in SQLite: whatever the columns are called, nothing is written and nothing runs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.readers.options import ReaderError, ReadOptions
from aiida_gbml.science.compounds.readers.rows import collect
from aiida_gbml.science.compounds.readers.score_list import read_score_list

TERNARIES = [("BaTiO3", 1.19), ("LiDO2", 0.9), ("KNbO3", 0.7), ("KNbO3", 0.8), ("CaXO3", 0.6)]


def database(folder: Path, *statements: str, columns: str = "composition TEXT, score REAL") -> Path:
    path = folder / "list.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        for name, rows in (("data2", [("NaCl", 0.5)]), ("data3", TERNARIES)):
            connection.execute(f"CREATE TABLE {name} ({columns})")
            connection.executemany(f"INSERT INTO {name} VALUES (?, ?)", rows)  # noqa: S608
        for statement in statements:
            connection.execute(statement)
    return path


def read(path: Path, **options: str) -> tuple[CompositionSet, list[float]]:
    chosen = ReadOptions(**options)  # type: ignore[arg-type]
    found, scores = collect(read_score_list(path, chosen), path.name, chosen)
    return found, scores.tolist()


@pytest.mark.parametrize(
    "columns", ["composition TEXT, score REAL", "c0 TEXT, c1 DOUBLE", '"a ""b" , value', "name VARCHAR, p FLOAT"]
)
def test_columns_of_any_name_are_found(tmp_path: Path, columns: str) -> None:
    found, scores = read(database(tmp_path, columns=columns))
    assert found.formulas() == ["NaCl", "BaTiO3", "KNbO3"]
    assert scores == [0.5, 1.19, 0.8]
    assert found.rejected_counts() == {"disorder": 1, "isotope": 1}
    assert found.n_duplicates == 1


def test_the_layout_of_the_published_list(tmp_path: Path) -> None:
    """Elements and coefficients stand beside the formula, each in a column."""
    path = tmp_path / "recommender.sqlite"
    rows = {
        "data2": [("Mg2Zn", "Mg", "Zn", 2, 1, 0.3), ("Dy1D2", "D", "Dy", 2, 1, 0.8)],
        "data4ionic": [("Al2Ba2O7Si1", "Al", "Ba", "O", "Si", 2, 2, 7, 1, 0.74232)],
    }
    with closing(sqlite3.connect(path)) as connection, connection:
        for name, values in rows.items():
            n = (len(values[0]) - 2) // 2
            columns = ["composition TEXT", *(f"ele{i + 1} TEXT" for i in range(n)), *(f"int{i + 1}" for i in range(n))]
            connection.execute(f"CREATE TABLE {name} ({', '.join(columns)}, score REAL)")
            connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(values[0]))})", values)  # noqa: S608
    found, scores = read(path)
    assert (found.formulas(), scores) == (["Mg2Zn", "Ba2Al2SiO7"], [0.3, 0.74232])
    assert found.rejected_counts() == {"isotope": 1}


def test_one_table_is_chosen_and_others_without_formulas_are_passed_over(tmp_path: Path) -> None:
    path = database(tmp_path, "CREATE TABLE notes (line TEXT)", "CREATE VIEW v AS SELECT * FROM data3")
    assert read(path)[0].formulas() == ["NaCl", "BaTiO3", "KNbO3"]
    assert read(path, table="data2")[0].formulas() == ["NaCl"]
    with pytest.raises(ReaderError, match="no table 'data9'; there are data2, data3, notes"):
        read(path, table="data9")
    with pytest.raises(ReaderError, match="no table 'v'"):
        read(path, table="v")
    with pytest.raises(ReaderError, match="no column 'line' for formulas in the table 'data2'"):
        read(path, column="line")


def test_tables_without_row_numbers_are_read_too(tmp_path: Path) -> None:
    path = database(
        tmp_path,
        "CREATE TABLE keyed (formula TEXT PRIMARY KEY, score REAL) WITHOUT ROWID",
        "INSERT INTO keyed VALUES ('LiF', 2), ('AgCl', 1)",
    )
    assert read(path, table="keyed")[0].formulas() == ["AgCl", "LiF"]


def test_values_of_other_types_are_rejected_rows(tmp_path: Path) -> None:
    path = database(tmp_path, "INSERT INTO data2 VALUES (7, 'high'), (NULL, 1), (x'ff', 2)")
    found, scores = read(path, table="data2")
    assert (found.formulas(), scores, found.rejected_counts()) == (["NaCl"], [0.5], {"unreadable": 3})


def test_the_file_stays_as_it_was_and_no_other_appears(tmp_path: Path) -> None:
    path = database(tmp_path)
    before, folder = path.read_bytes(), sorted(tmp_path.iterdir())
    path.chmod(0o444)
    read(path)
    assert (path.read_bytes(), sorted(tmp_path.iterdir())) == (before, folder)


def test_a_database_without_formulas_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE things (x TEXT)")
    with pytest.raises(ReaderError, match=r"no table of the database has a column of formulas .there are things."):
        read(path)


def outcome(path: Path) -> str:
    try:
        read(path)
    except ReaderError as error:
        return str(error)
    return ""


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_files_end_in_rows_or_one_sentence(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(database_once(tmp_path).read_bytes())
    for _ in range(data.draw(st.integers(1, 30))):
        content[data.draw(st.integers(16, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(content[: data.draw(st.integers(100, len(content)))])
    assert "\n" not in outcome(damaged)


def database_once(folder: Path) -> Path:
    """Return the same database at every example."""
    path = folder / "list.db"
    return path if path.exists() else database(folder)
