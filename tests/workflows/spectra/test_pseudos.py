"""Datasets of aluminium, made and tried by the real programs."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from aiida.engine import run_get_node
from aiida_pseudo.data.pseudo import UpfData
from core_hole_data import upf_node
from core_holes import run_ld1

from aiida_gbml.data.core_hole_pair import CoreHolePairData
from aiida_gbml.data.core_hole_upf import CoreHoleUpfData
from aiida_gbml.science.spectra.recipes import Recipe, recipes
from aiida_gbml.workflows.spectra.pseudos import CoreHolePseudosWorkChain

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")

COARSE = {"scales": [0.98, 0.99, 1.0, 1.01], "kpoints_distance": 0.5, "conv_thr_per_atom": 1e-7}

Run = Callable[..., tuple[Any, Any]]


def aluminium(**changes: Any) -> Recipe:
    return Recipe.from_mapping({**recipes()["Al"].to_mapping(), **changes})


@pytest.fixture
def run(pw_code: orm.InstalledCode, ld1_code: orm.InstalledCode) -> Run:
    """Return a function that runs the work chain with coarse k-points."""

    def call(recipe: Recipe, **given: Any) -> tuple[Any, Any]:
        builder = CoreHolePseudosWorkChain.get_builder_from_protocol(
            pw_code,
            recipe,
            ld1_code,
            protocol="fast",
            overrides=COARSE,
            options={"withmpi": False, "max_wallclock_seconds": 300},
            **given,
        )
        return run_get_node(builder)

    return call


@pytest.mark.quantum_espresso
def test_datasets_prove_themselves_and_one_that_is_not_made_is_named(run: Run) -> None:
    """With this projector the 4P of the pseudo atom with half a hole is not bound, and ld1.x stops."""
    projectors = recipes()["Al"].to_mapping()["projectors"]
    projectors[1] = ["3S", 1, 0, 0.0, 6.0, 1.5, 1.9]
    outputs, node = run(aluminium(projectors=projectors))
    assert node.exit_status == 510
    assert "no dataset with a half hole: " in node.exit_message
    assert "chargeps" in node.exit_message
    assert set(outputs["pairs"]) == {"full"}
    assert {name: checks["verdict"] for name, checks in outputs["checks"].items()} == {
        "ground": "passed",
        "full": "passed",
    }
    known = outputs["pairs"]["full"].base.attributes.all
    assert known["verdict"] == "passed"
    assert known["core_term"] == pytest.approx(1614.354, abs=0.01)  # the same input run by hand
    assert known["overlap"] > 0.05
    assert abs(known["lattice_constant"] / 4.0434 - 1) < 0.005  # Å, by denser k-points
    assert outputs["ground"].md5 == known["ground_md5"]
    assert all(child.is_finished_ok for child in node.called if child.process_label == "PwRestartWorkChain")


@pytest.mark.quantum_espresso
def test_a_users_pair_that_misses_the_crystal_is_kept_and_marked(run: Run, ld1_x: Path, tmp_path: Path) -> None:
    contents = {}
    for hole in ("none", "full"):
        (folder := tmp_path / hole).mkdir()
        contents[hole] = run_ld1(ld1_x, folder, aluminium(), "1s", hole)[aluminium().pseudo_filename("1s", hole)]
    ground = UpfData(BytesIO(contents["none"]), filename="mine.UPF")
    hole = CoreHoleUpfData(BytesIO(contents["full"]), filename="mine_hole.UPF")
    crystal = {"prototype": "fcc", "lattice_constant": 3.9, "metallic": True, "source": "wrong by 4 per cent"}
    outputs, node = run(aluminium(crystal=crystal), ground=ground, holes={"full": hole})
    assert node.exit_status == 511
    assert "lattice" in node.exit_message
    assert outputs["ground"].uuid == ground.uuid
    known = outputs["pairs"]["full"].base.attributes.all
    assert (known["recipe"], known["verdict"]) == ("", "failed")
    assert known["core_term"] == pytest.approx(1614.354, abs=0.01)  # the same input run by hand
    assert known["level_error"] < 2e-4  # Ry
    assert CoreHolePairData.query(element="Al", verdict="passed").count() == 0
    assert CoreHolePairData.query(element="Al", verdict="failed").count() == 1


def test_a_builder_knows_its_partners(aiida_code_installed: Callable[..., orm.InstalledCode]) -> None:
    code = aiida_code_installed(filepath_executable="/bin/true")
    make = CoreHolePseudosWorkChain.get_builder_from_protocol
    builder = make(code, "O", code)
    assert set(builder.partner_recipes) == {"Mg"}
    assert builder.partner_recipes["Mg"]["name"] == "Mg_n"
    assert builder.kpoints_distance.value == 0.2
    given = make(code, "O", code, protocol="fast", partners={"Mg": upf_node("Mg", 2.0)})
    assert not given.partner_recipes
    assert given.kpoints_distance.value > builder.kpoints_distance.value
    with pytest.raises(ValueError, match="there is no recipe for a 2p hole in 'U'"):
        make(code, "U", code, "2p")
    with pytest.raises(ValueError, match="protocol"):
        make(code, "O", code, protocol="quick")
