"""Candidates: brute force finds the same, each of them once, whatever the shards."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations, combinations_with_replacement, pairwise, product
from math import gcd
from typing import Any

import numpy as np
import pytest

from aiida_gbml.science.compounds.candidates import CandidateSpace, CandidateSpaceError
from aiida_gbml.science.compounds.composition import Composition
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.filters import ColumnLimit, ElementFilter
from aiida_gbml.science.compounds.ions import IonTable
from aiida_gbml.science.compounds.roles import CoefficientLimits, RoleTable

TABLES = {
    "one charge each": IonTable({11: (1,), 12: (2,), 13: (3,), 14: (4,)}, {8: 2, 17: 1}),
    "several charges": IonTable({11: (1,), 26: (2, 3), 25: (2, 4, 7), 29: (1, 2)}, {8: 2, 9: 1, 7: 3}),
    "both cation and anion": IonTable({26: (2, 3), 16: (2, 4, 6), 33: (3, 5), 7: (3, 5)}, {8: 2, 7: 3, 16: 2, 33: 3}),
    "mixed valence": IonTable({11: (1,), 26: (2, 3), 25: (2, 4, 7), 82: (2, 4)}, {8: 2, 9: 1}, mixed_valence=True),
    "mixed valence, cation and anion": IonTable({11: (1,), 26: (2, 3), 16: (2, 4), 33: (3, 5)}, {16: 2, 33: 3}, True),
    "all can be both": IonTable({7: (3, 5), 16: (4, 6), 33: (3,), 34: (4,)}, {7: 3, 16: 2, 33: 3, 34: 2}),
}
LIMITS = CoefficientLimits(3, 6)

Key = tuple[tuple[int, ...], tuple[int, ...]]


def brute_force(ions: IonTable, arity: int, limits: CoefficientLimits) -> dict[Key, int]:
    """Return every neutral composition with its anion: all elements, all coefficients, all charges are tried."""
    found: dict[Key, int] = {}
    elements = sorted({*ions.cations, *ions.anions})
    for numbers in combinations(elements, arity):
        largest = max(limits.cation, limits.anion)
        for coefficients in product(range(1, largest + 1), repeat=arity):
            if gcd(*coefficients) == 1:
                anion = next(anions_of(numbers, coefficients, ions, limits), None)
                if anion is not None:
                    found[numbers, coefficients] = anion
    return found


def anions_of(
    numbers: tuple[int, ...], coefficients: tuple[int, ...], ions: IonTable, limits: CoefficientLimits
) -> Iterator[int]:
    """Yield the elements that can be the anion, the most electronegative one first."""
    amounts = dict(zip(numbers, coefficients, strict=True))
    for anion, charge in ions.anions.items():
        others = [number for number in numbers if number != anion]
        if anion not in amounts or amounts[anion] > limits.anion or max(amounts[n] for n in others) > limits.cation:
            continue
        totals = product(*(charges_of(number, amounts[number], ions) for number in others))
        if amounts[anion] * charge in map(sum, totals):
            yield anion


@cache
def _shares(lower: int, upper: int, amount: int) -> set[int]:
    """Return the whole mean charges per formula of six formulas in which each atom has one of two charges."""
    own = map(sum, combinations_with_replacement((lower, upper), 6 * amount))
    return {total // 6 for total in own if total % 6 == 0}


def charges_of(number: int, amount: int, ions: IonTable) -> set[int]:
    """Return the total charges of a cation in a formula; six is a multiple of all differences of mixed charges."""
    charges = ions.cations.get(number, ())
    mixed = [_shares(*pair, amount) for pair in pairwise(charges)] if ions.mixed_valence else []
    return {amount * charge for charge in charges}.union(*mixed)


def keys(roles: RoleTable) -> list[Key]:
    numbers, coefficients = roles.columns()
    return list(zip(map(tuple, numbers.tolist()), map(tuple, coefficients.tolist()), strict=True))


def walked(space: CandidateSpace, shard: int = 0, n_shards: int = 1) -> tuple[list[Key], list[int]]:
    """Return the compositions of a shard and their anions."""
    tables = [block.roles() for block in space.blocks(shard, n_shards)]
    found = [key for table in tables for key in keys(table)]
    return found, [anion for table in tables for anion in table.anions.tolist()]


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("arity", [2, 3, 4])
def test_brute_force_finds_the_same_candidates_and_anions(name: str, arity: int) -> None:
    space = CandidateSpace(TABLES[name], arity, LIMITS)
    expected = brute_force(TABLES[name], arity, LIMITS)
    found, anions = walked(space)
    assert len(set(found)) == len(found) == space.count()
    assert dict(zip(found, anions, strict=True)) == expected


@pytest.mark.parametrize(
    ("name", "limits"),
    [("several charges", CoefficientLimits(2, 4)), ("both cation and anion", CoefficientLimits(2, 7))],
)
def test_quinaries_agree_with_brute_force_too(name: str, limits: CoefficientLimits) -> None:
    space = CandidateSpace(TABLES[name], 5, limits)
    found, anions = walked(space)
    assert dict(zip(found, anions, strict=True)) == brute_force(TABLES[name], 5, limits)
    assert len(found) == space.count()


@pytest.mark.parametrize(("arity", "limit"), [(2, 8), (3, 8), (4, 4)])
@pytest.mark.parametrize("n_shards", [2, 3, 7])
def test_shards_hold_each_candidate_once(arity: int, limit: int, n_shards: int) -> None:
    ions = IonTable.default().only([3, 7, 16, 22, 25, 26, 33, 56], [7, 8, 16, 33])
    space = CandidateSpace(ions, arity, CoefficientLimits(limit, 2 * limit))
    whole = walked(space)[0]
    parts = [walked(space, shard, n_shards)[0] for shard in range(n_shards)]
    assert sorted(key for part in parts for key in part) == sorted(whole)
    assert len(set(whole)) == len(whole) == space.count()


def test_blocks_are_the_same_whatever_the_shards() -> None:
    space = CandidateSpace(IonTable.default("common"), 3)

    def blocks(n_shards: int) -> set[bytes]:
        walks = (block for shard in range(n_shards) for block in space.blocks(shard, n_shards))
        return {b"".join(part.tobytes() for part in (block.cations, block.anions, block.ratios)) for block in walks}

    assert blocks(1) == blocks(5)


def test_every_row_of_a_table_of_roles_is_one_that_would_be_found_again() -> None:
    """The anion of a candidate is that which a table of known compositions would give it."""
    ions = TABLES["both cation and anion"]
    for block in CandidateSpace(ions, 3).blocks():
        roles = block.roles()
        assert len(roles) == len(block)
        compositions = [Composition(*key) for key in keys(roles)]
        again, rows = RoleTable.of(CompositionSet.of(compositions), ions, 3, CoefficientLimits())
        assert rows.tolist() == list(range(len(roles)))
        assert np.array_equal(again.anions, roles.anions)
        assert np.array_equal(again.cations, roles.cations)
        assert np.array_equal(again.coefficients, roles.coefficients)


FILTERS = {
    "only": ElementFilter(only=(26, 16)),
    "without": ElementFilter(without=(16,)),
    "required": ElementFilter(required=(26, 8)),
    "a cation that can be an anion": ElementFilter(required=(33,)),
    "anions": ElementFilter(anions=(16, 33)),
    "columns": ElementFilter(columns={"price": ColumnLimit({26: 1.0, 16: 3.0, 7: 2.0, 8: 0.0}, 2.0)}),
    "several": ElementFilter(only=(26, 33, 16), required=(26,), anions=(8, 16)),
}


@pytest.mark.parametrize("name", FILTERS)
def test_filters_leave_the_candidates_that_fit_and_no_anion_changes(name: str) -> None:
    ions, chosen = TABLES["both cation and anion"], FILTERS[name]
    every = brute_force(ions, 3, LIMITS)
    left = {
        key: anion
        for key, anion in every.items()
        if anion in chosen.allowed([anion], True)
        and set(chosen.allowed(key[0])) >= set(key[0]) - {anion}
        and set(chosen.required) <= set(key[0])
    }
    space = CandidateSpace(ions, 3, LIMITS, chosen)
    found, anions = walked(space)
    assert dict(zip(found, anions, strict=True)) == left
    assert len(found) == len(left) == space.count()
    roles, _ = RoleTable.of(CompositionSet.of([Composition(*key) for key in every]), ions, 3, LIMITS)
    assert space.mask(roles).tolist() == [key in left for key in every]


def test_a_mask_knows_what_is_a_candidate() -> None:
    space = CandidateSpace(IonTable.default().only(None, [8]), 3, CoefficientLimits(2, 6))
    compositions = [Composition.of(one) for one in ({56: 1, 22: 1, 8: 3}, {39: 3, 13: 5, 8: 12}, {56: 1, 22: 1, 16: 3})]
    roles, rows = RoleTable.of(CompositionSet.of(compositions), IonTable.default(), 3)
    assert rows.tolist() == [0, 1, 2]
    assert space.mask(roles).tolist() == [True, False, False]


def test_plain_values_give_the_same_space() -> None:
    space = CandidateSpace(TABLES["several charges"], 4, CoefficientLimits(5, 9), FILTERS["required"])
    assert CandidateSpace.from_dict(space.to_dict()) == space
    assert CandidateSpace.from_dict({"arity": 3}) == CandidateSpace(IonTable.default(), 3)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({}, "no 'arity'"),
        ({"arity": 3, "what": 1}, "unknown 'what'"),
        ({"arity": 6}, "2 to 5 elements, got the arity 6"),
        ({"arity": "3"}, "2 to 5 elements"),
        ({"arity": 3, "limits": {"cation": 0}}, "from 1 to 40, got 0"),
        ({"arity": 3, "limits": {"cation": 2.5}}, "got 2.5"),
        ({"arity": 3, "limits": {"both": 2}}, "'cation' and 'anion'"),
        ({"arity": 3, "limits": {"anion": 40}}, "lower the largest coefficient"),
        ({"arity": 3, "filters": {"what": 2}}, "no filter 'what'"),
        ({"arity": 3, "ions": []}, "'anions' and 'cations'"),
    ],
)
def test_impossible_spaces_are_refused(content: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        CandidateSpace.from_dict(content)


@pytest.mark.parametrize(
    "chosen",
    [ElementFilter(only=()), ElementFilter(anions=()), ElementFilter(required=(2,)), ElementFilter(only=(20,))],
)
def test_an_empty_space_is_refused_in_one_sentence(chosen: ElementFilter) -> None:
    space = CandidateSpace(IonTable.default(), 3, filters=chosen)
    with pytest.raises(CandidateSpaceError, match="relax them"):
        space.count()


@pytest.mark.parametrize(("shard", "n_shards"), [(2, 2), (-1, 2), (0, 0)])
def test_a_shard_that_there_is_not_is_refused(shard: int, n_shards: int) -> None:
    space = CandidateSpace(TABLES["one charge each"], 2)
    with pytest.raises(CandidateSpaceError, match="there is no shard"):
        next(space.blocks(shard, n_shards))
