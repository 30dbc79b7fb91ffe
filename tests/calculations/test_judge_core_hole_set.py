"""Verdicts on datasets whose numbers are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from aiida import orm
from ase.units import Ry
from core_hole_data import upf_node

from aiida_gbml.calculations.judge_core_hole_set import judge_core_hole_set
from aiida_gbml.science.spectra.recipes import recipes

pytestmark = pytest.mark.usefixtures("aiida_profile")

SCALES = [0.97, 0.985, 1.0, 1.015, 1.03]
MEASURED = recipes()["Al"].crystal.lattice_constant
LEVEL = {"label": "3S", "n": 1, "l": 0, "occupation": 2.0, "ae_ry": -0.5, "ps_ry": -0.5}


def runs(constant: float) -> dict[str, orm.Dict]:
    """Return output parameters of a scan whose energy is lowest at a lattice constant."""
    energies = [-500.0 + 10 * (MEASURED * scale - constant) ** 2 for scale in SCALES]
    return {f"crystal_{i}": orm.Dict({"energy": e, "number_of_atoms": 1}) for i, e in enumerate(energies)}


def atom(energy: float, error: float = 0.0) -> orm.Dict:
    """Return what ``ld1.x`` says of an atom, with an error (Ry) of its one level."""
    return orm.Dict({"pseudo_energy_ry": energy, "levels": [{**LEVEL, "ps_ry": -0.5 + error}]})


def derivatives(angle: float = 0.0) -> orm.ArrayData:
    """Return logarithmic derivatives that differ by an angle."""
    energies = np.linspace(-4, 4, 401)
    return orm.ArrayData(
        {
            "energies": energies,
            "all_electron": np.tan(energies / 9)[:, None],
            "pseudo": np.tan(energies / 9 + angle)[:, None],
        }
    )


def judge(sizes: list[str], failures: dict[str, str] | None = None, **results: orm.Data) -> dict[str, dict[str, Any]]:
    judged = judge_core_hole_set(
        recipe=orm.Dict(recipes()["Al"].to_mapping()),
        shell=orm.Str("2s"),
        ground=upf_node("Al", 3.0),  # without a core orbital 2s
        sizes=orm.List(sizes),
        scales=orm.List(SCALES),
        parameters=orm.Dict({"SYSTEM": {"ecutwfc": 30.0, "ecutrho": 240.0}}),
        failures=orm.Dict(failures or {}),
        **{f"dataset_{size}": upf_node("Al", 4.0) for size in sizes},
        **results,
    )
    return {name: node.get_dict() for name, node in judged.items()}


def test_a_set_that_fits_its_atom_and_its_crystal_has_passed() -> None:
    # four atoms, one of which has a hole that costs 20 Ry in the atom and 15 eV less in the crystal
    hole = orm.Dict({"energy": 4 * -500.0 + 20 * Ry - 15.0, "number_of_atoms": 4})
    atoms = {"atom_none": atom(-4.0), "atom_full": atom(16.0, 1e-4)}
    tested = {"derivatives_none": derivatives(0.01), "derivatives_full": derivatives(0.02)}
    judged = judge(["full"], **runs(MEASURED), hole_full=hole, **atoms, **tested)
    assert set(judged) == {"ground", "full"}
    full = judged["full"]
    assert (full["verdict"], full["problems"]) == ("passed", [])
    assert full["relaxation"] == pytest.approx(-15.0, abs=0.1)
    assert full["lattice_constant"] == pytest.approx(MEASURED, abs=0.01)
    assert full["level_error"] == pytest.approx(1e-4)
    assert full["derivative_error"] == pytest.approx(0.02)
    assert (full["cutoff_wfc"], full["crystal"]) == (30.0, "fcc Al")
    assert judged["ground"]["level_error"] == 0.0
    assert judged["ground"]["relaxation"] is None


def test_what_is_wrong_with_the_ground_state_is_wrong_with_the_pair() -> None:
    judged = judge(["half"], **runs(1.025 * MEASURED))
    for name in ("ground", "half"):
        assert judged[name]["verdict"] == "failed"
        assert "the lattice constant of the reference crystal is off by" in judged[name]["problems"][0]
    (problem,) = judge([], **runs(1.05 * MEASURED))["ground"]["problems"]
    assert "no minimum between the lattice constants" in problem


def test_a_run_that_failed_is_a_problem_of_its_dataset() -> None:
    failures = {"hole_full": "PwCalculation ended with exit code 410"}
    judged = judge(["half", "full"], failures, **runs(MEASURED))
    assert judged["ground"]["verdict"] == judged["half"]["verdict"] == "passed"
    assert judged["full"]["problems"] == ["hole_full failed: PwCalculation ended with exit code 410"]
    left = {label: run for label, run in runs(MEASURED).items() if label != "crystal_2"}
    ground = judge([], {"crystal_2": "it was killed"}, **left)["ground"]
    assert (ground["verdict"], ground["lattice_error"]) == ("failed", None)


def test_without_a_crystal_nothing_is_known() -> None:
    assert judge([], {}, atom_none=atom(-4.0))["ground"]["verdict"] == "unchecked"


def test_an_atom_that_does_not_fit_fails() -> None:
    judged = judge(["full"], **runs(MEASURED), atom_none=atom(-4.0), atom_full=atom(16.0, 0.01))
    assert judged["ground"]["verdict"] == "passed"
    assert judged["full"]["problems"] == ["an eigenvalue of the pseudo atom is off by 0.01 Ry, allowed are 0.0002"]
