"""Roles: the anion is the most electronegative element that some charges of the others balance."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiida_gbml.science.compounds.composition import Composition, parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.ions import IonTable
from aiida_gbml.science.compounds.roles import MOST_CHARGE, CoefficientLimits, RoleTable, anion_places

IONS = IonTable({7: (3, 5), 16: (2, 4, 6), 26: (2, 3), 33: (3, 5), 56: (2,)}, {8: 2, 7: 3, 16: 2, 33: 3})


def roles_of(*formulas: str, limits: CoefficientLimits | None = None) -> tuple[RoleTable, np.ndarray]:
    compositions = CompositionSet.of([parse_formula(text) for text in formulas])
    return RoleTable.of(compositions, IonTable.default(), int(compositions.arity[0]), limits)


def by_brute_force(composition: Composition, ions: IonTable, limits: CoefficientLimits) -> int:
    """Return the place of the anion, found by trying every element and every charge of all others."""
    for anion, charge in ions.anions.items():
        if anion not in composition.numbers:
            continue
        place = composition.numbers.index(anion)
        others = [row for row in range(len(composition.numbers)) if row != place]
        amounts = [composition.coefficients[row] for row in others]
        wanted = charge * composition.coefficients[place]
        if composition.coefficients[place] > limits.anion or max(amounts) > limits.cation or wanted > MOST_CHARGE:
            continue
        choices = [ions.cations.get(composition.numbers[row], ()) for row in others]
        if any(sum(a * q for a, q in zip(amounts, charges, strict=True)) == wanted for charges in product(*choices)):
            return place
    return -1


@given(
    st.dictionaries(st.sampled_from([7, 8, 16, 26, 28, 33, 56]), st.integers(1, 30), min_size=2, max_size=5),
    st.sampled_from([CoefficientLimits(), CoefficientLimits(3, 5), CoefficientLimits(63, 63)]),
)
@settings(max_examples=300)
def test_the_anion_is_the_one_of_brute_force(amounts: dict[int, int], limits: CoefficientLimits) -> None:
    composition = Composition.of(amounts)
    numbers, coefficients = np.array([composition.numbers]), np.array([composition.coefficients])
    assert anion_places(numbers, coefficients, IONS, limits)[0] == by_brute_force(composition, IONS, limits)


@pytest.mark.parametrize(
    ("formula", "anion"),
    [
        ("Na2SO4", 8),
        ("BaTiO3", 8),
        ("Na3AsS4", 16),
        ("Na3SbS4", 16),
        ("CuFeS2", 16),
        ("Ca2AsI", None),
        ("NaClO4", None),
    ],
)
def test_anions_of_known_compounds(formula: str, anion: int | None) -> None:
    # Of two anions, as in Ca2AsI, one would have to be a cation; halogens are none.
    assert roles_of(formula)[0].anions.tolist() == ([anion] if anion else [])


def test_magnetite_has_roles_only_with_mixed_valence() -> None:
    compositions = CompositionSet.of([parse_formula(text) for text in ("Fe2O3", "FeO", "Fe3O4")])
    mixed = replace(IonTable.default(), mixed_valence=True)
    assert RoleTable.of(compositions, IonTable.default(), 2)[1].tolist() == [0, 1]
    assert RoleTable.of(compositions, mixed, 2)[1].tolist() == [0, 1, 2]


@pytest.mark.parametrize("formula", ["Fe3O4", "Pb3O4", "Sb2O4", "Na3Fe2S4", "K3Fe5F15", "Ti9O17", "BaBiO3", "CsAuCl3"])
def test_compounds_of_mixed_valence(formula: str) -> None:
    """Of Sb2O4, BaBiO3 and CsAuCl3 the reduced formula has a single atom of the element with two charges."""
    composition = parse_formula(formula)
    table = CompositionSet.of([composition])
    arity = len(composition.numbers)
    charges = IonTable(
        {
            11: (1,),
            19: (1,),
            22: (3, 4),
            26: (2, 3),
            51: (3, 5),
            55: (1,),
            56: (2,),
            79: (1, 3),
            82: (2, 4),
            83: (3, 5),
        },
        {8: 2, 9: 1, 16: 2, 17: 1},
        mixed_valence=True,
    )
    assert len(RoleTable.of(table, charges, arity)[0]) == 1
    assert len(RoleTable.of(table, replace(charges, mixed_valence=False), arity)[0]) == 0


def test_a_table_gives_back_its_compositions() -> None:
    formulas = ("BaTiO3", "Fe2SiO4", "ZnCr2S4", "LiGaTe2")
    roles, rows = roles_of(*formulas)
    assert rows.tolist() == [0, 1, 2, 3]
    assert [roles.composition(row) for row in range(4)] == [parse_formula(text) for text in formulas]
    assert roles.ionic_formula(1) == "SiFe2O4"
    assert (roles.cations[:, :-1] < roles.cations[:, 1:]).all()
    numbers, coefficients = roles.columns()
    assert (numbers[:, :-1] < numbers[:, 1:]).all()
    assert [Composition(tuple(a), tuple(b)) for a, b in zip(numbers.tolist(), coefficients.tolist(), strict=True)] == [
        parse_formula(text) for text in formulas
    ]
    both = RoleTable.concatenate([roles.take(np.array([2])), roles.take(rows < 2)])
    assert [both.ionic_formula(row) for row in range(3)] == ["Cr2ZnS4", "TiBaO3", "SiFe2O4"]
    assert both.arity == 3


def test_limits_leave_compositions_out() -> None:
    assert roles_of("Fe9Si10O29", limits=CoefficientLimits())[1].tolist() == []
    assert roles_of("Y3Al5O12", limits=CoefficientLimits(4, 20))[1].tolist() == []
    assert roles_of("Y3Al5O12", limits=CoefficientLimits(5, 12))[1].tolist() == [0]


def test_other_arities_and_elements_are_left_out() -> None:
    compositions = CompositionSet.of([parse_formula(text) for text in ("NaCl", "BaTiO3", "XeO3", "BaHfO3", "LiHF2")])
    rows = RoleTable.of(compositions, IonTable.default(), 3)[1]
    assert rows.tolist() == [1, 3]
    empty, none = RoleTable.of(compositions, IonTable.default(), 5)
    assert (len(empty), len(none), empty.arity) == (0, 0, 5)


def test_columns_and_the_place_of_the_anion_give_the_table_back() -> None:
    table = roles_of("BaTiO3", "SrTiO3", "FeAsS", "Na2SO4")[0]
    numbers, coefficients = table.columns()
    assert (np.diff(numbers.astype(int), axis=1) > 0).all()
    again = RoleTable.from_columns(numbers, coefficients, np.argmax(numbers == table.anions[:, None], axis=1))
    for name in ("cations", "anions", "coefficients"):
        np.testing.assert_array_equal(getattr(again, name), getattr(table, name))
