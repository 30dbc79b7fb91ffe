"""Two datasets, their energies and checks become one node."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from aiida import orm
from aiida_pseudo.data.pseudo import UpfData

from aiida_gbml.calculations.assemble_core_hole_pair import assemble_core_hole_pair
from aiida_gbml.data.core_hole_upf import CoreHoleUpfData
from aiida_gbml.science.engines.ld1 import parse_ld1
from aiida_gbml.science.spectra.recipes import recipes

pytestmark = [pytest.mark.quantum_espresso, pytest.mark.usefixtures("aiida_profile")]

CHECKS = {"verdict": "failed", "problems": ["an eigenvalue is off"], "level_error": 0.1, "cutoff_wfc": 45.0}


def _inputs(
    carbon: Callable[[str], dict[str, bytes]], carbon_upf: Callable[[str], bytes], hole: str
) -> dict[str, object]:
    atoms = {state: parse_ld1(carbon(state)["ld1.out"].decode()) for state in ("none", hole)}
    energies = {
        state: orm.Dict({name: getattr(atom, name) for name in ("all_electron_energy_ry", "pseudo_energy_ry")})
        for state, atom in atoms.items()
    }
    return {
        "ground": UpfData(BytesIO(carbon_upf("none")), filename="C.gs.UPF"),
        "hole": CoreHoleUpfData(BytesIO(carbon_upf(hole)), filename="C.hole.UPF"),
        "shell": orm.Str("1s"),
        "size": orm.Str(hole),
        "checks": orm.Dict(CHECKS),
        "recipe": orm.Dict(recipes()["C"].to_mapping()),
        "ground_atom": energies["none"],
        "hole_atom": energies[hole],
    }


def test_a_pair_knows_its_checks_and_its_core_term(carbon: object, carbon_upf: object) -> None:
    pair = assemble_core_hole_pair(**_inputs(carbon, carbon_upf, "full"))["pair"]
    known = pair.base.attributes.all
    assert {name: known[name] for name in CHECKS} == CHECKS
    assert known["recipe"] == "C"
    assert known["recipe_md5"] == recipes()["C"].checksum
    assert known["core_term"] == pytest.approx(390.480, abs=0.01)  # the same inputs run by hand


def test_a_users_pair_has_no_recipe(carbon: object, carbon_upf: object) -> None:
    inputs = _inputs(carbon, carbon_upf, "half")
    for name in ("recipe", "ground_atom", "hole_atom"):
        del inputs[name]
    known = assemble_core_hole_pair(**inputs)["pair"].base.attributes.all
    assert (known["recipe"], known["recipe_md5"], known["core_term"]) == ("", "", None)


def test_what_does_not_belong_together_is_refused(carbon: object, carbon_upf: object) -> None:
    inputs = {**_inputs(carbon, carbon_upf, "full"), "size": orm.Str("half")}
    _, node = assemble_core_hole_pair.run_get_node(**inputs)
    assert node.exit_status == 210
    assert "the ions' charges differ by 1, the hole is 0.5" in node.exit_message
