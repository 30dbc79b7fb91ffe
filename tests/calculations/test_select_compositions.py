"""Tests of aiida_gbml.calculations.select_compositions."""

from __future__ import annotations

from typing import Any

import pytest
from aiida import orm
from ranked import ranking_of
from titanates import perovskite

from aiida_gbml.calculations.select_compositions import select_compositions
from aiida_gbml.data.ranking import RankingData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.usefixtures("aiida_profile")


def selected(**settings: Any) -> orm.ProcessNode:
    ranking = RankingData(ranking_of(["BaTiO3", "MgAl2O4", "CaTiO3"], [0.5, 0.4, 0.3]))
    prototypes = StructureSetData(StructureSet.from_ase([perovskite()]))
    return select_compositions.run_get_node(ranking, prototypes, orm.Dict(settings))[1]


def test_structures_come_with_what_is_expected_of_them() -> None:
    outputs = selected().outputs
    assert outputs.selected.structures.columns["formula"].tolist() == ["BaTiO3", "CaTiO3"]
    assert outputs.expectation["expected_hit_rate"] == pytest.approx(0.4)
    assert outputs.expectation["without_prototype"] == ["MgAl2O4"]


def test_nothing_to_compute_is_an_exit_code() -> None:
    node = selected(elements=["Mg", "Al", "O"])
    assert node.exit_status == 301
    assert "none of the 3 ranked compositions" in node.exit_message
