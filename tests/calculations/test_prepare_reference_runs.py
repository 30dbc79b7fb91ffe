"""The runs in which datasets are tried."""

from __future__ import annotations

from typing import Any

import pytest
from aiida import orm
from core_hole_data import upf_node

from aiida_gbml.calculations.prepare_reference_runs import prepare_reference_runs
from aiida_gbml.science.spectra.recipes import recipes

pytestmark = pytest.mark.usefixtures("aiida_profile")

SCALES = [0.98, 0.99, 1.0, 1.01]


def prepare(name: str, parameters: dict[str, Any] | None = None, **datasets: orm.Data) -> dict[str, Any]:
    recipe = recipes()[name].to_mapping()
    given = orm.Dict(parameters or {}), orm.List(SCALES), orm.Float(0.4), orm.Float(1e-9)
    return prepare_reference_runs(orm.Dict(recipe), *given, **datasets)  # type: ignore[no-any-return]


def test_the_scan_has_the_measured_crystal_and_one_mesh() -> None:
    runs = prepare("C")
    volumes = [runs[f"crystal_{i}"].get_cell_volume() for i in range(len(SCALES))]
    assert [v / (3.567**3 / 4) for v in volumes] == pytest.approx([scale**3 for scale in SCALES])
    assert runs["crystal_0"].get_kind_names() == ["C"]
    assert min(runs["kpoints"].get_kpoints_mesh()[0]) >= 7  # 2π/0.4 Å of the 2.06 Å between the planes (111)
    assert runs["parameters"]["SYSTEM"] == {"ecutwfc": 45.0, "ecutrho": 360.0, "occupations": "fixed"}
    assert runs["parameters"]["ELECTRONS"]["conv_thr"] == pytest.approx(2e-9)


def test_one_atom_has_the_hole_and_the_cell_its_charge() -> None:
    runs = prepare("C")
    kinds = [site.kind_name for site in runs["marked"].sites]
    assert kinds.count("C1") == 1
    assert kinds.count("C") == len(kinds) - 1 > 1
    assert "tot_charge" not in runs["parameters"]["SYSTEM"]
    assert runs["parameters_half"]["SYSTEM"]["tot_charge"] == 0.5
    assert runs["parameters_full"]["SYSTEM"]["tot_charge"] == 1.0
    assert runs["parameters_full"]["ELECTRONS"]["conv_thr"] == pytest.approx(len(kinds) * 1e-9)


def test_partners_and_users_datasets_count_for_the_cutoffs() -> None:
    recipe = orm.Dict(recipes()["F"].to_mapping())  # of 50 Ry
    system = prepare("Mg_n", partner_O=recipe, ground=upf_node("Mg", 2.0))["parameters"]["SYSTEM"]
    assert (system["ecutwfc"], system["ecutrho"]) == (50.0, 400.0)
    system = prepare("Mg_n", {"SYSTEM": {"ecutwfc": 20.0}}, partner_O=recipe)["parameters"]["SYSTEM"]
    assert (system["ecutwfc"], system["ecutrho"]) == (20.0, 400.0)  # what is given is absolute


def test_a_metal_has_smeared_occupations() -> None:
    assert prepare("Al")["parameters"]["SYSTEM"]["occupations"] == "smearing"
