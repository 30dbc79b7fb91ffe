"""Tables as text, with and without names of columns."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.readers.options import ReaderError, ReadOptions
from aiida_gbml.science.compounds.readers.rows import collect
from aiida_gbml.science.compounds.readers.tables import read_table


def read(content: str | bytes, **options: str) -> CompositionSet:
    chosen = ReadOptions(**options)  # type: ignore[arg-type]
    raw = content if isinstance(content, bytes) else content.encode()
    return collect(read_table(raw, chosen), "made.csv", chosen)[0]


def test_a_table_with_identifiers() -> None:
    found = read("material_id,formula,other\nmp-3,NaCl,1\nmp-1,KCl,2\n\nmp-7,D2O,\n")
    assert (found.formulas(), found.ids.tolist(), found.first_seen.tolist()) == (
        ["NaCl", "KCl"],
        ["mp-3", "mp-1"],
        [3, 1],
    )
    assert found.rejected_counts() == {"isotope": 1}


@pytest.mark.parametrize(
    "content",
    [
        "NaCl\nKCl\n",
        "\n\nNaCl\n\nKCl",
        "mp-1;NaCl\nmp-2;KCl\n",
        "1\tNaCl\n2\tKCl\n",
        "\ufeffformula\nNaCl\nKCl\n",
        "FORMULA , x\r\n NaCl ,1\r\n KCl\r\n",
        'pretty_formula\n"NaCl"\n"KCl"\n',
        "formula\tyear\nNaCl\t2001\nKCl\t2002\n",
        "formula\n\"{'Na': 1.0, 'Cl': 1.0}\"\n\"{'Cl': 2, 'K': 2}\"\n",
    ],
)
def test_all_kinds_of_text_tables(content: str) -> None:
    assert read(content).formulas() == ["NaCl", "KCl"]


def test_named_columns_are_read() -> None:
    text = "a,b,c,formula\nNaCl,x,1999,no\n"
    found = read(text, column="a", id_column="b", age="year", age_column="c")
    assert (found.formulas(), found.ids.tolist(), found.first_seen.tolist()) == (["NaCl"], ["x"], [1999])
    with pytest.raises(ReaderError, match="no column 'z' for formulas; there are a, b, c, formula"):
        read(text, column="z")


def test_short_lines_and_broken_dictionaries_are_rejected_rows() -> None:
    found = read("x,formula\n1,NaCl\n2\n3,{Na: 1}\n4,{'Na': 'x'}\n")
    assert found.rejected_counts() == {"unreadable": 3}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"\xff\xfe", "not UTF-8"),
        ("a,b\n1,2\n", "no column is called 'formula' or alike .there are a, b."),
        ("formula\n", "holds no rows"),
    ],
)
def test_what_is_no_table_is_refused(content: str | bytes, reason: str) -> None:
    with pytest.raises(ReaderError, match=reason):
        read(content)


@pytest.fixture
def limited_cells() -> Iterator[int]:
    """Set the longest cell to what it is by default; the limit is the process's, and packages raise it."""
    limit = 131_072
    before = csv.field_size_limit(limit)
    yield limit
    csv.field_size_limit(before)


def test_a_cell_without_an_end_is_refused(limited_cells: int) -> None:
    with pytest.raises(ReaderError, match="no table"):
        read('formula\n"' + "N" * (limited_cells + 1) + '"')


def outcome(content: bytes) -> str:
    try:
        read(content)
    except ReaderError as error:
        return str(error)
    return ""


@given(st.one_of(st.binary(max_size=80), st.text(max_size=80).map(lambda text: ("formula,id\n" + text).encode())))
def test_any_bytes_end_in_rows_or_one_sentence(content: bytes) -> None:
    assert "\n" not in outcome(content)


def test_a_quoted_cell_may_hold_lines() -> None:
    assert read('formula,note\nNaCl,"two\nlines"\nKCl,x\n').formulas() == ["NaCl", "KCl"]
