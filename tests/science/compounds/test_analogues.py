"""Tests of aiida_gbml.science.compounds.analogues."""

from __future__ import annotations

import numpy as np
import pytest
from known_compositions import IONS, all_candidates, known_roles, known_set

from aiida_gbml.science.compounds.analogues import NONE, nearest_known
from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.prototypes import find_matches
from aiida_gbml.science.compounds.roles import RoleTable


def roles_of(*formulas: str) -> RoleTable:
    return RoleTable.of(CompositionSet.of([parse_formula(formula) for formula in formulas]), IONS, 3)[0]


def test_the_neighbour_in_a_column_of_the_periodic_table_is_nearest() -> None:
    known = roles_of("MgTiO3", "SrTiO3", "SrTiS3", "Li2TiO3", "SrZrO3")
    # lithium is for no place of CaTiO3: its coefficient is another
    assert nearest_known(roles_of("CaTiO3", "Na2TiO3", "Li2ZrO3"), known).tolist() == [1, 3, 3]


@pytest.mark.parametrize("arity", [2, 3, 4])
def test_they_are_the_prototypes_of_the_smallest_swap(arity: int) -> None:
    """Prototypes are found one by one, with the anion in the place of the anion."""
    known, every = known_roles(known_set(), arity), all_candidates(arity)
    compositions = [known.composition(row) for row in range(len(known))]
    chosen = every.take(np.arange(0, len(every), max(1, len(every) // 30)))
    rows = nearest_known(chosen, known)
    for number, row in enumerate(rows.tolist()):
        matches = find_matches(chosen.composition(number), compositions)
        distances = {match.row: match.distance for match in matches}
        if row == NONE:
            assert not matches
        else:
            assert distances[row] == min(distances.values())


def test_without_known_compositions_there_is_none() -> None:
    assert nearest_known(roles_of("CaTiO3"), roles_of("CaTiO3").take(np.zeros(0, dtype=int))).tolist() == [NONE]
