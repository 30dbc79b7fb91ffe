"""Tables of ions: charges that pymatgen's tables hold, and refusal of what is no table."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import Element

from aiida_gbml.science.compounds.composition import SYMBOLS
from aiida_gbml.science.compounds.ions import IonTable, IonTableError, cation_totals
from aiida_gbml.science.strict_json import read_json, write_json


def charges(level: str) -> dict[str, tuple[int, ...]]:
    return {SYMBOLS[number]: own for number, own in IonTable.default(level).cations.items()}  # type: ignore[arg-type]


def test_common_charges_are_those_of_pymatgen() -> None:
    expected = {
        symbol: tuple(q for q in Element(symbol).common_oxidation_states if q > 0) for symbol in charges("rare")
    }
    assert charges("common") == {symbol: own for symbol, own in expected.items() if own}


def test_rare_charges_are_known_to_pymatgen() -> None:
    for symbol, own in charges("rare").items():
        element = Element(symbol)
        known = {*element.oxidation_states, *element.common_oxidation_states, *element.icsd_oxidation_states}
        assert set(own) <= known, symbol


def test_each_level_holds_the_one_before() -> None:
    common, reported, rare = (charges(level) for level in ("common", "reported", "rare"))
    for symbol, own in rare.items():
        assert set(common.get(symbol, ())) <= set(reported.get(symbol, ())) <= set(own)
    assert sum(map(len, common.values())) < sum(map(len, reported.values())) < sum(map(len, rare.values()))


def test_anions_stand_by_falling_electronegativity() -> None:
    anions = list(IonTable.default().anions)
    assert anions == sorted(anions, key=lambda number: -Element.from_Z(number).X)
    assert {SYMBOLS[number]: charge for number, charge in IonTable.default().anions.items()} == {
        **dict.fromkeys(("F", "Cl", "Br", "I"), 1),
        **dict.fromkeys(("O", "S", "Se", "Te"), 2),
        **dict.fromkeys(("N", "P", "As", "Sb"), 3),
    }


def test_a_table_survives_json_whatever_the_order_of_its_keys() -> None:
    table = IonTable.default()
    again = IonTable.from_dict(read_json(write_json(table.to_dict())))
    assert again == table
    assert list(again.anions) == list(table.anions)
    assert list(again.cations) == list(table.cations)


def test_own_tables_are_read_from_yaml() -> None:
    table = IonTable.from_yaml("anions: {S: 2, O: 2}\ncations: {Fe: [2, 3], 'Y': {common: [3], rare: [2]}}", "common")
    assert table == IonTable({26: (2, 3), 39: (3,)}, {8: 2, 16: 2})


@pytest.mark.parametrize(
    ("charges", "amount", "alike", "mixed"),
    [
        ((2, 3), 1, [2, 3], [2, 3]),
        ((2, 3), 3, [6, 9], [6, 7, 8, 9]),  # magnetite: 2 + 3 + 3
        ((3, 5), 1, [3, 5], [3, 4, 5]),  # bismuth in two formulas of BaBiO3: 3 + 5
        ((2, 4, 7), 1, [2, 4, 7], [2, 3, 4, 5, 6, 7]),  # in three formulas 4 + 4 + 7, or 4 + 7 + 7
        ((1,), 5, [5], [5]),
    ],
)
def test_total_charges_of_some_atoms(charges: tuple[int, ...], amount: int, alike: list[int], mixed: list[int]) -> None:
    assert cation_totals(charges, amount, mixed_valence=False) == alike
    assert cation_totals(charges, amount, mixed_valence=True) == mixed


def test_mixed_valence_is_part_of_a_table() -> None:
    table = IonTable.from_yaml("{anions: {O: 2}, cations: {Fe: [2, 3]}, mixed_valence: true}")
    assert table == IonTable({26: (2, 3)}, {8: 2}, mixed_valence=True)
    assert table.only([26]).mixed_valence
    assert IonTable.from_dict(table.to_dict()) == table
    assert not IonTable.default().mixed_valence


def test_parts_of_a_table() -> None:
    table = IonTable.default().only([26, 28], [8])
    assert (list(table.cations), list(table.anions)) == ([26, 28], [8])
    with pytest.raises(IonTableError, match="at least one cation and one anion"):
        table.only([1])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([], "the parts 'anions' and 'cations'"),
        ({"anions": {"O": 2}}, "the parts 'anions' and 'cations'"),
        ({"anions": {"O": 2}, "cations": ["Fe"]}, "list charges by element"),
        ({"anions": {"O": 2}, "cations": {}}, "at least one"),
        ({"anions": {"O": 2}, "cations": {"Fx": [1]}}, "'Fx', which is no element"),
        ({"anions": {"O": 2}, "cations": {False: [1]}}, "quotes"),
        ({"anions": {"O": 2}, "cations": {"X": [1]}}, "no element"),
        ({"anions": {"O": -2}, "cations": {"Fe": [1]}}, "charge of O must be a whole number from 1 to 4, got -2"),
        ({"anions": {"O": "2"}, "cations": {"Fe": [1]}}, "got '2'"),
        ({"anions": {"O": True}, "cations": {"Fe": [1]}}, "got True"),
        ({"anions": {"O": 2}, "cations": {"Fe": [0]}}, "from 1 to 9, got 0"),
        ({"anions": {"O": 2}, "cations": {"Fe": [3, 3]}}, "without repetition"),
        ({"anions": {"O": 2}, "cations": {"Fe": 3}}, "list of whole numbers, got 3"),
        ({"anions": {"O": 2}, "cations": {"Fe": [2.5]}}, "list of whole numbers"),
        ({"anions": {"O": 2}, "cations": {"Fe": {"common": 3}}}, "must be a list at each level"),
        ({"anions": {"O": 2}, "cations": {"Fe": {"usual": [3]}}}, "the level 'usual'"),
        ({"anions": {"O": 2}, "cations": {"Fe": [2]}, "mixed_valence": 1}, "true or false, got 1"),
    ],
)
def test_what_is_no_table_is_refused(content: Any, reason: str) -> None:
    with pytest.raises(IonTableError, match=reason):
        IonTable.from_dict(content)


@pytest.mark.parametrize(
    "text", ["[", "[" * 500 + "]" * 500, "a: 2001-99-99", "anions: !!python/object:os.system {}", ""]
)
def test_text_that_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(IonTableError):
        IonTable.from_yaml(text)


def test_unknown_levels_are_refused() -> None:
    with pytest.raises(IonTableError, match="no level 'usual' of ions, known are common, reported, rare"):
        IonTable.default("usual")  # type: ignore[arg-type]


@given(st.text(max_size=60))
def test_any_text_is_a_table_or_refused(text: str) -> None:
    with pytest.raises(IonTableError):
        IonTable.from_yaml(text)
