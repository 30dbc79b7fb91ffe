"""Rows become sets: ages, repetitions and scores, and nothing is dropped silently."""

from __future__ import annotations

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiida_gbml.science.compounds.composition import Composition, FormulaError, parse_formula
from aiida_gbml.science.compounds.composition_set import UNKNOWN, CompositionSet
from aiida_gbml.science.compounds.readers.options import ReaderError, ReadOptions
from aiida_gbml.science.compounds.readers.rows import RawRow, RawSource, amounts_row, collect, formula_of, named

FORMULAS = ("NaCl", "KCl", "LiF", "RbI")


def read(*rows: RawRow, has_ages: bool = False, **options: str) -> CompositionSet:
    return collect(RawSource(rows, has_ages), "made.csv", ReadOptions(**options))[0]  # type: ignore[arg-type]


def ages(*texts: str, **options: str) -> tuple[list[int], str]:
    """Return the ages of rows with a column of ages, and their unit."""
    rows = [RawRow(formula, f"x-{row}", text) for row, (formula, text) in enumerate(zip(FORMULAS, texts, strict=False))]
    found = read(*rows, has_ages=True, **options)
    return found.first_seen.tolist(), found.age_unit


def test_rejected_rows_are_listed_with_kind_and_reason() -> None:
    found = read(RawRow("NaCl"), RawRow("D2O"), RawRow(""), RawRow("Qq"), RawRow("(Fe,Ni)O"), RawRow("Na2Cl2"))
    assert found.formulas() == ["NaCl"]
    assert found.n_duplicates == 1
    assert found.rejected_counts() == {"disorder": 1, "isotope": 1, "unknown element": 1, "unreadable": 1}
    assert [(row.row, row.text) for row in found.rejected] == [(1, "D2O"), (2, ""), (3, "Qq"), (4, "(Fe,Ni)O")]
    assert all(row.reason for row in found.rejected)


def test_only_when_nothing_is_left_there_is_an_error() -> None:
    with pytest.raises(ReaderError, match=r"'made.csv' is a composition \(2 isotope, 1 unreadable\)"):
        read(RawRow("D2O"), RawRow("T2"), RawRow("?"))
    with pytest.raises(ReaderError, match=r"'made.csv' holds no rows"):
        read()


def test_dates_years_and_numbers_are_recognised() -> None:
    assert ages("2019-12-31", "", "2001-02-03T04:05:06Z") == (
        [date(2019, 12, 31).toordinal(), UNKNOWN, date(2001, 2, 3).toordinal()],
        "day",
    )
    assert ages("1999", "2003") == ([1999, 2003], "year")
    assert ages("17", "2003") == ([17, 2003], "identifier")
    assert ages("", "") == ([UNKNOWN, UNKNOWN], "")
    assert ages("1999", "2003", age="none") == ([UNKNOWN, UNKNOWN], "")
    assert ages("1999", "2003", age="identifier") == ([0, 1], "identifier")


def test_identifiers_that_count_give_an_order_and_others_none() -> None:
    found = read(RawRow("NaCl", "mp-22862"), RawRow("KCl", "mp-23193"))
    assert (found.first_seen.tolist(), found.age_unit) == ([22862, 23193], "identifier")
    for other in ("", "23193", "icsd", "mp-1-2"):
        found = read(RawRow("NaCl", "mp-22862"), RawRow("KCl", other))
        assert (found.first_seen.tolist(), found.age_unit) == ([UNKNOWN, UNKNOWN], "")
    assert read(RawRow("NaCl", "a1/b22"), age="identifier").first_seen.tolist() == [22]


def test_an_age_that_cannot_be_read_rejects_its_row() -> None:
    rows = [RawRow("NaCl", "", "2001-01-01"), RawRow("KCl", "", "lately"), RawRow("LiF", "", "2001-13-01")]
    found = collect(RawSource(rows, True), "x", ReadOptions())[0]
    assert (found.formulas(), found.rejected_counts()) == (["NaCl"], {"age": 2})
    assert "'lately' is no date, expected one such as 2019-12-31" in found.rejected[0].reason
    with pytest.raises(ReaderError, match="does not end in a number"):
        read(RawRow("NaCl", "abc"), age="identifier")
    with pytest.raises(ReaderError, match="no column of a year: name it with --age-column"):
        read(RawRow("NaCl", "abc"), age="year")


AGES = st.one_of(st.just(UNKNOWN), st.integers(1000, 2999))


@given(st.lists(st.tuples(st.sampled_from(["NaCl", "KCl", "Fe2O3", "BaTiO3", "La2Cu1O4"]), AGES), min_size=1))
def test_repetitions_are_treated_as_by_the_set_itself(pairs: list[tuple[str, int]]) -> None:
    """The arrays are put together without objects; the set built of objects is the oracle."""
    rows = [RawRow(text, f"n{row}", "" if age == UNKNOWN else str(age)) for row, (text, age) in enumerate(pairs)]
    found = collect(RawSource(rows, True), "made", ReadOptions(age="year"))[0]
    expected = CompositionSet.of(
        [parse_formula(text) for text, _ in pairs], [row.id for row in rows], [age for _, age in pairs], "made"
    )
    for name in ("numbers", "coefficients", "ids", "first_seen"):
        assert getattr(found, name).tolist() == getattr(expected, name).tolist()
    assert found.n_duplicates == expected.n_duplicates


def test_the_best_score_of_repeated_rows_is_kept() -> None:
    rows = [RawRow("NaCl", score=0.3), RawRow("KCl"), RawRow("NaCl", score=0.7), RawRow("LiF", score=-1.0)]
    scores = collect(RawSource(rows), "made", ReadOptions())[1].tolist()
    assert scores[0] == 0.7
    assert math.isnan(scores[1])
    assert scores[2] == -1


def test_source_and_licence_are_what_is_said() -> None:
    source = RawSource([RawRow("NaCl")], source="server", licence="CC0")
    assert collect(source, "x", ReadOptions())[0].source == "server"
    told = collect(source, "x", ReadOptions(source="mine", licence="CC-BY-4.0"))[0]
    assert (told.source, told.licence) == ("mine", "CC-BY-4.0")


def test_amounts_by_element_or_ion() -> None:
    assert parse_formula(formula_of({"Fe3+": 2.0, "O2-": 3})) == parse_formula("Fe2O3")
    assert parse_formula(formula_of({"Fe0+,spin=5": 1 / 3, "O": 2 / 3})) == parse_formula("FeO2")
    assert amounts_row({"D": 2, "O": 1}).text == "D2O1"
    row = amounts_row({"Na": "one"}, id="a")
    assert (row.id, isinstance(row.problem, FormulaError)) == ("a", True)


@pytest.mark.parametrize("wrong", [{1: 1}, {"": 1}, {"Fe": -1}, {"Fe": True}, {"Fe": None}, {"Fe": 1e300}, {"Fe": "2"}])
def test_amounts_that_are_none_are_refused(wrong: dict[object, object]) -> None:
    with pytest.raises(FormulaError, match=r"no element|no positive number"):
        formula_of(wrong)


@given(st.dictionaries(st.sampled_from(["Na", "Fe", "O", "Cl", "U"]), st.integers(1, 99), min_size=1))
def test_amounts_are_read_like_their_formula(amounts: dict[str, int]) -> None:
    text = "".join(f"{symbol}{amount}" for symbol, amount in amounts.items())
    read_back = parse_formula(formula_of({name: float(amount) for name, amount in amounts.items()}))
    assert isinstance(read_back, Composition)
    assert read_back == parse_formula(text)


def test_columns_are_found_by_name() -> None:
    assert named(None, ["ID", "Formula"], ("formula",), "formulas") == "Formula"
    assert named(None, ["ID"], ("formula",), "formulas") is None
    assert named("x", ["x"], (), "formulas") == "x"
    with pytest.raises(ReaderError, match="no column 'y' for formulas; there are a, b"):
        named("y", ["a", "b"], (), "formulas")
