"""Formulas: pymatgen reads the same, and what is no ordered compound says so."""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Composition as Oracle
from pymatgen.core import Element

from aiida_gbml.science.compounds.composition import (
    LARGEST_COEFFICIENT,
    SYMBOLS,
    Composition,
    FormulaError,
    electronegativity,
    parse_formula,
)


def by_pymatgen(text: str) -> dict[int, int]:
    """Return the reduced amounts that pymatgen reads."""
    exact = {element.Z: Fraction(amount).limit_denominator(1000) for element, amount in Oracle(text).items()}
    whole = {number: amount * lcm(*(one.denominator for one in exact.values())) for number, amount in exact.items()}
    return {number: int(amount / gcd(*map(int, whole.values()))) for number, amount in whole.items()}


def amounts(text: str) -> dict[int, int]:
    composition = parse_formula(text)
    return dict(zip(composition.numbers, composition.coefficients, strict=True))


@pytest.mark.parametrize(
    "text",
    ["Fe2O3", "Fe4O6", "Ca3(PO4)2", "Ho2In1Ni2", "K4[Fe(CN)6]", "Fe0.5Ni0.5", "((Al2)2O3)2", "Na Cl", "Li0.25Mn1.75O4"],
)
def test_pymatgen_reads_the_same(text: str) -> None:
    assert amounts(text) == by_pymatgen(text)


FORMULAS = st.lists(
    st.tuples(st.sampled_from(SYMBOLS[1:104]), st.integers(1, 300)),
    min_size=1,
    max_size=9,
    unique_by=lambda pair: pair[0],
)


@given(FORMULAS)
def test_any_formula_is_read_like_pymatgen_and_written_so_that_it_is_read_again(pairs: list[tuple[str, int]]) -> None:
    text = "".join(f"{symbol}{amount}" for symbol, amount in pairs)
    composition = parse_formula(text)
    assert amounts(text) == by_pymatgen(text)
    assert parse_formula(composition.formula) == composition
    assert list(composition.numbers) == sorted(composition.numbers)


@given(FORMULAS, st.integers(2, 40))
def test_brackets_and_multiples_change_nothing(pairs: list[tuple[str, int]], factor: int) -> None:
    text = "".join(f"{symbol}{amount}" for symbol, amount in pairs)
    assert parse_formula(f"[({text})]{factor}") == parse_formula(text) == parse_formula(f"{factor}{text}")


@given(st.one_of(st.text(max_size=40), st.text(alphabet="ABCDFOTXeailsu0123456789.()[]{}·,-x ₂", max_size=40)))
@settings(max_examples=500)
def test_any_other_text_is_refused_in_one_sentence(text: str) -> None:
    outcome: Composition | FormulaError
    try:
        outcome = parse_formula(text)
    except FormulaError as error:
        outcome = error
    if isinstance(outcome, FormulaError):
        assert outcome.kind in {"unreadable", "unknown element", "isotope", "disorder", "fraction"}
        assert str(outcome)
    else:
        assert 0 < min(outcome.coefficients) <= max(outcome.coefficients) <= LARGEST_COEFFICIENT


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("", "unreadable", "no formula"),
        (" " * 500, "unreadable", "no formula"),
        ("H" * 301, "unreadable", "no formula"),
        ("Fe2O3)", "unreadable", r"'\)' stands where"),
        ("(Fe2O3", "unreadable", r"'\)' is missing"),
        ("(Fe2O3]", "unreadable", "stands where"),
        ("3", "unreadable", "no element"),
        ("FeO.", "unreadable", "a part of it is empty"),
        ("Fe2O3!", "unreadable", "'!' is not understood"),
        ("fe2o3", "unreadable", "'f' is not understood"),
        ("Xx2O", "unknown element", "'Xx'"),
        ("NACL", "disorder", "'A'"),
        ("D2O", "isotope", r"deuterium \(D\); write H"),
        ("LiT", "isotope", "tritium"),
        ("XO2", "disorder", "'X'"),
        ("VacO2", "disorder", "'Vac'"),
        ("(Fe,Ni)O", "disorder", "several elements"),
        ("Ca□O3", "disorder", "vacancy"),
        ("LixCoO2", "disorder", "'x' in an amount"),
        ("YBa2Cu3O7-x", "disorder", "'-' in an amount"),
        ("Fe0.0001O", "fraction", "small whole numbers"),
        ("Fe70000O3", "fraction", "small whole numbers"),
        ("Fe" + "9" * 290, "fraction", "small whole numbers"),
    ],
)
def test_what_is_wrong_has_a_kind_and_a_reason(text: str, kind: str, reason: str) -> None:
    if text == "Fe" + "9" * 290:
        assert parse_formula(text) == parse_formula("Fe")  # reduced, like any element
        text += "O"
    with pytest.raises(FormulaError, match=reason) as caught:
        parse_formula(text)
    assert caught.value.kind == kind
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("Fe0.33O0.67", "FeO2"),
        ("Fe0.333O0.667", "FeO2"),
        ("Fe0.33O0.66", "FeO2"),
        ("Al0.143B0.857", "AlB6"),
        ("La0.85Sr0.15MnO3", "Sr3La17Mn20O60"),
        ("Li0.45Fe0.55", "Li9Fe11"),
        ("Ca0.92Mg0.08", "Ca23Mg2"),
        ("Na0.30000000000000004Cl0.7", "Na3Cl7"),
        ("Na.5Cl.5", "NaCl"),
        ("Na1.Cl1.0", "NaCl"),
    ],
)
def test_rounded_amounts_are_what_they_were_meant_to_be_and_exact_ones_stay(text: str, formula: str) -> None:
    assert parse_formula(text) == parse_formula(formula)


def test_adducts_and_subscripts_are_read() -> None:
    assert parse_formula("CuSO4·5H2O") == parse_formula("CuSO4 * 5H2O") == parse_formula("CuSO9H10")
    assert parse_formula("Fe₂O₃") == parse_formula("Fe2O3")


def test_the_least_electronegative_element_comes_first() -> None:
    assert [parse_formula(text).formula for text in ("O3TiBa", "ClNa", "OH2", "As2Ga2")] == [
        "BaTiO3",
        "NaCl",
        "H2O",
        "GaAs",
    ]
    assert parse_formula("BaTiO3").elements == ("O", "Ti", "Ba")


def test_electronegativities_are_those_of_pymatgen() -> None:
    # The handbook lists other values than pymatgen for these, for other charges of the element or later measurements.
    others = {"Tc", "W", "Au", "Tl", "Pb", "Bi", "U"}
    known = {symbol: electronegativity(number) for number, symbol in enumerate(SYMBOLS[:95]) if number}
    for symbol, value in known.items():
        if value < 5 and symbol not in others:
            assert value == pytest.approx(Element(symbol).X, abs=0.11), symbol
    assert [symbol for symbol, value in known.items() if value == 5] == ["He", "Ne", "Ar"]


def test_amounts_that_are_no_composition_are_refused() -> None:
    for wrong in ({}, {1: 0}, {1: -1, 8: 1}, {0: 1}, {200: 1}):
        with pytest.raises(FormulaError, match="positive amounts of elements"):
            Composition.of(wrong)
    with pytest.raises(FormulaError, match="small whole numbers"):
        Composition.of({1: Fraction(1, 10**400), 8: 10**400})
    assert Composition.of({8: 6, 26: 4}) == Composition((8, 26), (3, 2))
