"""Classes of charges: rows and ratios of each class are what combinations and neutrality say."""

from __future__ import annotations

from itertools import combinations, product
from math import comb, gcd

import numpy as np
import pytest

from aiida_gbml.science.compounds import charge_classes
from aiida_gbml.science.compounds.charge_classes import ChargeClasses, CoefficientGrid
from aiida_gbml.science.compounds.ions import IonTable
from aiida_gbml.science.compounds.roles import CoefficientLimits

ALKALI = IonTable({3: (1,), 11: (1,), 19: (1,), 12: (2,), 20: (2,)}, {9: 1, 17: 1, 8: 2})
SEVERAL = IonTable({11: (1,), 26: (2, 3), 25: (2, 4, 7)}, {8: 2, 9: 1})
LIMITS = CoefficientLimits(4, 8)


def classes(table: IonTable, n_cations: int) -> ChargeClasses:
    return ChargeClasses(table, table, CoefficientGrid(n_cations, LIMITS))


def test_elements_of_equal_charges_share_a_class() -> None:
    found = {
        tuple(group.elements for group in one.groups): (one.n_rows, {part.anions for part in one.parts()})
        for one in classes(ALKALI, 2)
    }
    alkali, earths = (3, 11, 19), (12, 20)
    anions = {(9, 17), (8,)}
    assert found == {
        (alkali, alkali): (comb(3, 2), anions),
        (alkali, earths): (3 * 2, anions),
        (earths, earths): (comb(2, 2), anions),
    }


@pytest.mark.parametrize("n_cations", [1, 2, 3, 4])
@pytest.mark.parametrize("step", [1, 2, 100])
def test_rows_are_all_combinations_of_cations_once(n_cations: int, step: int) -> None:
    rows = [
        tuple(sorted(row))
        for one in classes(ALKALI, n_cations)
        for start in range(0, one.n_rows, step)
        for row in one.rows(start, min(start + step, one.n_rows)).tolist()
    ]
    assert sorted(rows) == list(combinations(sorted(ALKALI.cations), n_cations))


def test_rows_with_required_elements_are_counted_without_being_made() -> None:
    for one in classes(ALKALI, 3):
        rows = one.rows(0, one.n_rows).tolist()
        for required in ((), (3,), (3, 12), (3, 19, 20), (8,), (3, 8), (9, 12)):
            for anion in one.anions:
                expected = sum(set(required) <= {*row, anion} for row in rows)
                assert one.n_rows_with(required, anion) == expected


@pytest.mark.parametrize("n_cations", [1, 2, 3])
@pytest.mark.parametrize("most_places", [0, 1 << 18])
def test_ratios_are_the_neutral_ones(n_cations: int, most_places: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charge_classes, "_MOST_PLACES", most_places)
    for one in classes(SEVERAL, n_cations):
        for part in one.parts():
            expected = {
                (*amounts, total // part.charge)
                for amounts in product(range(1, LIMITS.cation + 1), repeat=n_cations)
                for own in product(*(group.charges for group in one.groups))
                if (total := sum(a * q for a, q in zip(amounts, own, strict=True))) % part.charge == 0
                and total // part.charge <= LIMITS.anion
                and gcd(*amounts, total // part.charge) == 1
            }
            ratios = [tuple(row) for row in part.ratios().tolist()]
            assert len(set(ratios)) == len(ratios) == part.n_ratios
            assert set(ratios) == expected


def test_bits_are_counted_without_numpy_2(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [part.n_ratios for one in classes(SEVERAL, 3) for part in one.parts()]
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    assert [part.n_ratios for one in classes(SEVERAL, 3) for part in one.parts()] == expected


def test_an_element_that_can_be_both_has_classes_of_its_own() -> None:
    table = IonTable({26: (2, 3), 16: (4, 6)}, {8: 2, 16: 2})
    (one,) = classes(table, 2)
    assert {group.elements for group in one.groups} == {(16,), (26,)}
    assert [part.anions for part in one.parts()] == [(8,)]


def test_anions_share_ratios_unless_a_cation_could_take_their_part() -> None:
    """S before Se: FeS2Se2 may be a sulphide of Se with the charge 1, and then is no selenide of S."""
    table = IonTable({26: (2, 3), 16: (1, 4), 34: (1, 4)}, {8: 2, 16: 2, 34: 2})
    parts = {
        tuple(sorted(group.elements[0] for group in one.groups)): {part.anions for part in one.parts()}
        for one in classes(table, 2)
    }
    assert parts[16, 26] == {(8,), (34,)}
    assert parts[26, 34] == {(8, 16)}


def test_the_grid_holds_every_combination_of_coefficients_once() -> None:
    grid = CoefficientGrid(3, LIMITS)
    assert sorted(map(tuple, grid.coefficients.tolist())) == list(product(range(1, 5), repeat=3))


def test_places_number_all_ratios() -> None:
    grid = CoefficientGrid(3, LIMITS)
    assert grid.all_ratios is not None
    assert grid.places(grid.all_ratios).tolist() == list(range(4**3 * 8))
