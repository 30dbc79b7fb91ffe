"""Tests of aiida_gbml.calculations.judge_compositions."""

from __future__ import annotations

from typing import Any

import pytest
from aiida import orm
from titanates import oxides, perovskite

from aiida_gbml.calculations.judge_compositions import judge_compositions
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.usefixtures("aiida_profile")


@pytest.mark.parametrize(("energy", "tolerance", "stable"), [(-5.1, 0.0, 1), (-4.99, 0.0, 0), (-4.99, 0.02, 1)])
def test_what_lies_below_the_phases_is_stable(energy: float, tolerance: float, stable: int) -> None:
    def evaluated(structures: list[Any], energies: float, formulas: list[str]) -> StructureSetData:
        table = StructureSet.from_ase(structures, formula=formulas)
        return StructureSetData(table.with_columns(energy=energies * table.sizes, status=["ok"] * len(structures)))

    phases = evaluated(oxides()[2:3] + oxides()[4:], -5.0, ["SrO", "TiO2"])
    outputs = judge_compositions(
        evaluated([perovskite()], energy, ["SrTiO3"]),
        phases,
        orm.Dict({"expected_hit_rate": 0.5, "n_without_prototype": 2}),
        orm.Dict({"tolerance": tolerance}),
    )
    assert len(outputs["stable"]) == stable
    report = outputs["report"].get_dict()
    assert (report["n_stable"], report["expected_hit_rate"], report["n_without_prototype"]) == (stable, 0.5, 2)
    assert outputs["verified"].structures.columns["verdict"][0] == ("stable" if stable else "unstable")
