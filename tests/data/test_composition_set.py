"""Nodes of compositions: exact round trips through the store, and what queries need."""

from __future__ import annotations

import pytest
from aiida import orm
from aiida.common.exceptions import ValidationError

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet, CompositionSetError, Rejected

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")


@pytest.fixture
def compositions() -> CompositionSet:
    formulas = [parse_formula(text) for text in ("NaCl", "BaTiO3", "KCl", "Na2Cl2")]
    rejected = [Rejected(4, "D2O", "isotope", "'D2O' names deuterium")]
    return CompositionSet.of(formulas, list("abcd"), [2001, -1, 1999, 2005], "a list", "CC0", rejected, "year")


def test_a_stored_set_is_the_same(compositions: CompositionSet) -> None:
    node = orm.load_node(CompositionSetData(compositions).store().pk)
    assert node.content == compositions.to_bytes()
    assert node.compositions.formulas() == ["NaCl", "BaTiO3", "KCl"]
    assert len(node) == 3


def test_attributes_say_what_is_in_it(compositions: CompositionSet) -> None:
    assert CompositionSetData.from_content(compositions.to_bytes()).base.attributes.all == {
        "n_compositions": 3,
        "n_rejected": 1,
        "n_duplicates": 1,
        "rejected": {"isotope": 1},
        "arities": {"2": 2, "3": 1},
        "elements": ["O", "Na", "Cl", "K", "Ti", "Ba"],
        "source": "a list",
        "licence": "CC0",
        "sha256": compositions.sha256,
        "age_unit": "year",
        "first_seen_min": 1999,
        "first_seen_max": 2001,
    }


def test_ages_that_are_not_known_have_no_range(compositions: CompositionSet) -> None:
    attributes = CompositionSetData(CompositionSet.of([parse_formula("NaCl")])).base.attributes.all
    assert attributes["first_seen_min"] is attributes["first_seen_max"] is None


def test_a_big_set_keeps_its_attributes_small() -> None:
    formulas = [parse_formula(f"Na{n}Cl{n + 1}") for n in range(1, 3000)]
    node = CompositionSetData(CompositionSet.of(formulas, source="x" * 5000)).store()
    assert len(node) == 2999


def test_damaged_bytes_become_no_node(compositions: CompositionSet) -> None:
    with pytest.raises(CompositionSetError):
        CompositionSetData.from_content(compositions.to_bytes()[:100])
    with pytest.raises(ValidationError, match=r"holds no 'compositions.npz'"):
        CompositionSetData().store()
