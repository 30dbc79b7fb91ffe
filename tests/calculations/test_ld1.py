"""The job of ``ld1.x``, and the real program behind it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from aiida.common import AttributeDict
from aiida.engine import run_get_node
from aiida_pseudo.data.pseudo import UpfData
from core_hole_data import upf, upf_node

from aiida_gbml.calculations.ld1 import Ld1Calculation, validate_ld1
from aiida_gbml.data.core_hole_upf import CoreHoleUpfData
from aiida_gbml.science.spectra.recipes import Recipe, recipes

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")

Run = Callable[..., orm.CalcJobNode]


def unbound() -> Recipe:
    """Return a recipe for aluminium with half a hole with which its empty 4P is not bound in the pseudo atom."""
    mapping = recipes()["Al"].to_mapping()
    second = ["3S", 1, 0, 0.0, 6.0, 1.5, 1.9]
    return Recipe.from_mapping(
        {**mapping, "projectors": [mapping["projectors"][0], second, *mapping["projectors"][2:]]}
    )


@pytest.fixture
def run(ld1_code: orm.InstalledCode) -> Run:
    """Return a function that runs ``ld1.x`` for a recipe."""

    def call(recipe: Recipe, hole: str, shell: str = "1s", code: orm.AbstractCode = ld1_code) -> orm.CalcJobNode:
        return run_get_node(Ld1Calculation, code=code, recipe=recipe.to_mapping(), shell=shell, hole=hole)[1]

    return call


@pytest.mark.quantum_espresso
def test_a_dataset_comes_with_its_checks(run: Run, carbon_upf: Callable[[str], bytes]) -> None:
    node = run(recipes()["C"], "full")
    assert node.is_finished_ok
    outputs = node.outputs
    assert isinstance(outputs.pseudo, CoreHoleUpfData)
    assert outputs.pseudo.filename == recipes()["C"].pseudo_filename("1s", "full")
    assert outputs.pseudo.get_content(mode="rb") == carbon_upf("full")
    assert outputs.output_parameters["z_valence"] == 5.0
    levels = {level["label"]: level for level in outputs.output_parameters["levels"]}
    assert levels["2S"]["ae_ry"] == pytest.approx(-2.19814, abs=1e-4)  # the same input run by hand
    assert abs(levels["2S"]["ae_ry"] - levels["2S"]["ps_ry"]) <= 2e-4
    derivatives = outputs.log_derivatives
    assert derivatives.get_array("all_electron").shape == derivatives.get_array("pseudo").shape
    assert derivatives.get_array("energies")[0] == -4.0


@pytest.mark.quantum_espresso
def test_the_ground_state_is_an_ordinary_pseudopotential(run: Run) -> None:
    node = run(recipes()["C"], "none")
    assert type(node.outputs.pseudo) is UpfData
    assert node.outputs.pseudo.z_valence == 4


@pytest.mark.quantum_espresso
def test_a_recipe_that_the_program_refuses_says_why(run: Run) -> None:
    """The density of a level that is not bound gets negative."""
    node = run(unbound(), "half")
    assert node.exit_status == 320
    assert "chargeps" in node.exit_message
    assert "pseudo" not in node.outputs


@pytest.mark.quantum_espresso
def test_a_crash_leaves_an_exit_code(run: Run, serial_code: Any, tmp_path: Path) -> None:
    for text, status in (("exit 1", 310), ("echo hello", 320)):
        program = tmp_path / f"ld1_{status}.sh"
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
        node = run(recipes()["C"], "full", code=serial_code("gbml.ld1", program))
        assert node.exit_status == status


@pytest.mark.parametrize(
    ("recipe", "shell", "hole", "message"),
    [
        (recipes()["C"].to_mapping(), "2p", "full", "recipe C has no full hole in 2p"),
        (recipes()["C"].to_mapping(), "1s", "quarter", "the hole is 'quarter', expected one of none, half, full"),
        ({**recipes()["C"].to_mapping(), "configuration": "1s2'\n/\n"}, "1s", "full", "configuration"),
        ({**recipes()["C"].to_mapping(), "name": "C; rm -rf"}, "1s", "full", "name"),
    ],
)
def test_what_cannot_be_written_is_refused(recipe: dict[str, Any], shell: str, hole: str, message: str) -> None:
    inputs = {"recipe": orm.Dict(recipe), "shell": orm.Str(shell), "hole": orm.Str(hole)}
    found = validate_ld1(AttributeDict(inputs), Ld1Calculation.spec().inputs)
    assert found is not None
    assert message in found


def test_a_dataset_is_tested_where_the_program_can_read_it() -> None:
    inputs = {"recipe": orm.Dict(recipes()["O"].to_mapping()), "shell": orm.Str("1s"), "hole": orm.Str("none")}
    assert validate_ld1({**inputs, "pseudo": upf_node("O", 6.0)}) is None
    assert "no outer shells" in str(validate_ld1({**inputs, "pseudo": upf_node("O", 5.0)}))
    old = upf("O", 6.0).replace(b'<UPF version="2.0.1">', b" O Element\n 6.0 Z valence")
    node = UpfData(BytesIO(old), filename="old.UPF")
    assert "no datasets of UPF version 1, such as 'old.UPF'" in str(validate_ld1({**inputs, "pseudo": node}))


def test_nothing_is_said_of_what_is_missing() -> None:
    assert validate_ld1({"shell": orm.Str("1s")}, Ld1Calculation.spec().inputs) is None
