"""The test of a dataset from elsewhere in the isolated atom."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from core_hole_data import upf

from aiida_gbml.science.engines.ld1 import parse_ld1
from aiida_gbml.science.engines.upf import read_upf
from aiida_gbml.science.spectra.atom_test import TESTED, atom_test_text
from aiida_gbml.science.spectra.recipes import RecipeError, recipes

OXYGEN = read_upf(upf("O", 6.0))


def test_the_hole_is_in_the_core_and_the_valence_that_of_the_ground_state() -> None:
    text = atom_test_text(recipes()["O"], "1s", "full", replace(OXYGEN, z_valence=7.0))
    assert "config='1s1 2s2 2p4'" in text
    assert "configts(1)='2s2 2p4'" in text
    assert "config='1s1.5 2s2 2p4'" in atom_test_text(recipes()["O"], "1s", "half", replace(OXYGEN, z_valence=6.5))
    silicon = read_upf(upf("Si", 5.0))
    assert "config='1s2 2s2 2p5 3s2 3p2'" in atom_test_text(recipes()["Si_d"], "2p", "full", silicon)


def test_the_charge_tells_the_valence() -> None:
    """Magnesium is published with two and with ten valence electrons."""
    for charge, valence in ((2.0, "3s2"), (10.0, "2s2 2p6 3s2")):
        text = atom_test_text(recipes()["Mg_n"], "1s", "none", read_upf(upf("Mg", charge)))
        assert f"configts(1)='{valence}'" in text


def test_what_cannot_be_tested_is_refused() -> None:
    recipe = recipes()["O"]
    with pytest.raises(RecipeError, match="5 valence electrons, which are no outer shells of 1s2 2s2 2p4"):
        atom_test_text(recipe, "1s", "none", replace(OXYGEN, z_valence=5.0))
    with pytest.raises(RecipeError, match="one of O, the recipe C of C"):
        atom_test_text(recipes()["C"], "1s", "none", OXYGEN)
    with pytest.raises(RecipeError, match="the functional SCAN is none of PBE"):
        atom_test_text(recipe, "1s", "none", replace(OXYGEN, functional="SCAN"))
    with pytest.raises(RecipeError, match="the hole is 'whole'"):
        atom_test_text(recipe, "1s", "whole", OXYGEN)


@pytest.mark.quantum_espresso
@pytest.mark.parametrize("hole", ["none", "full"])
def test_the_test_gives_what_the_making_gave(
    carbon: Callable[[str], dict[str, bytes]],
    carbon_upf: Callable[[str], bytes],
    ld1_x: Path,
    tmp_path: Path,
    hole: str,
) -> None:
    (tmp_path / TESTED).write_bytes(carbon_upf(hole))
    text = atom_test_text(recipes()["C"], "1s", hole, read_upf(carbon_upf(hole)))
    done = subprocess.run([ld1_x], cwd=tmp_path, input=text, capture_output=True, text=True, check=True)
    tested, made = parse_ld1(done.stdout), parse_ld1(carbon(hole)["ld1.out"].decode())
    assert tested.failure is None
    assert tested.all_electron_energy_ry == pytest.approx(made.all_electron_energy_ry, abs=1e-5)
    assert tested.pseudo_energy_ry == pytest.approx(made.pseudo_energy_ry, abs=1e-5)
    assert {level.label for level in tested.levels} >= {"2S", "2P"}
