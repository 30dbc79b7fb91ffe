"""From a row of a set to the inputs of pw.x."""

from __future__ import annotations

from typing import Any

import pytest
from aiida import orm
from ase import Atoms

from aiida_gbml.calculations.prepare_pw_inputs import prepare_pw_inputs
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet

SET = StructureSet.from_ase([Atoms("H", cell=[3, 3, 3], pbc=True), Atoms("HF", cell=[3, 3, 4], pbc=True)])


def _prepare(mode: str, atoms: str, **changes: Any) -> dict[str, orm.Data]:
    given = {
        "structures": StructureSetData(SET),
        "row": orm.Int(1),
        "mode": orm.Str(mode),
        "constraints": orm.Dict({"atoms": atoms}),
        "parameters": orm.Dict({"SYSTEM": {"ecutwfc": 20}}),
        "extensive_parameters": orm.Dict({"ELECTRONS": {"conv_thr": 1e-9}}),
    }
    return prepare_pw_inputs(**given, **changes)


@pytest.mark.usefixtures("aiida_profile_clean")
def test_a_row_becomes_structure_parameters_and_settings() -> None:
    outputs = _prepare("relax", "normal", settings=orm.Dict({"CMDLINE": ["-v"]}))
    assert outputs["structure"].get_formula() == "FH"
    assert outputs["structure"].cell[2] == [0.0, 0.0, 4.0]
    assert outputs["parameters"]["CONTROL"] == {"calculation": "relax"}
    assert outputs["parameters"]["ELECTRONS"] == {"conv_thr": pytest.approx(2e-9)}
    assert outputs["settings"].get_dict() == {"CMDLINE": ["-v"], "FIXED_COORDS": [[True, True, False]] * 2}


@pytest.mark.usefixtures("aiida_profile_clean")
@pytest.mark.parametrize(("mode", "atoms"), [("static", "normal"), ("relax", "free")])
def test_nothing_is_held_without_need(mode: str, atoms: str) -> None:
    assert "settings" not in _prepare(mode, atoms)
