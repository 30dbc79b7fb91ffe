"""Tests of aiida_gbml.calculations.select_phases."""

from __future__ import annotations

import pytest
from titanates import oxides, perovskite

from aiida_gbml.calculations.select_phases import select_phases
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.usefixtures("aiida_profile")


@pytest.mark.parametrize(("formula", "phases"), [("SrTiO3", ["SrO", "TiO2"]), ("NaCl", None)])
def test_phases_of_the_same_elements_compete(formula: str, phases: list[str] | None) -> None:
    competing = StructureSetData(StructureSet.from_ase(oxides()))
    selected = StructureSetData(StructureSet.from_ase([perovskite()], formula=[formula]))
    node = select_phases.run_get_node(competing, selected)[1]
    if phases is None:
        assert node.exit_status == 302
    else:
        assert node.outputs.phases.structures.columns["formula"].tolist() == phases
