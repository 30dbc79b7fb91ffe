"""Sets become one within the graph."""

from __future__ import annotations

import pytest
from aiida.engine import run_get_node

from aiida_gbml.calculations.join_compositions import join_compositions
from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")


def made(unit: str, **ages: int) -> CompositionSetData:
    formulas = [parse_formula(text) for text in ages]
    return CompositionSetData(CompositionSet.of(formulas, None, list(ages.values()), age_unit=unit))


def test_sets_are_joined_in_the_order_of_their_names() -> None:
    joined = join_compositions(b=made("year", NaCl=1990, LiF=2000), a=made("year", KCl=1980, NaCl=1995))["joined"]
    assert joined.compositions.formulas() == ["KCl", "NaCl", "LiF"]
    assert joined.compositions.first_seen.tolist() == [1980, 1990, 2000]


def test_ages_of_different_units_end_with_a_reason() -> None:
    _, node = run_get_node(join_compositions, a=made("year", NaCl=1990), b=made("identifier", KCl=7))
    assert node.exit_status == 201
    assert "different units" in node.exit_message
