"""What is planned around a site."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from aiida import orm
from ase import Atoms
from ase.build import bulk, molecule
from core_hole_data import oxygen_pair, upf_node

from aiida_gbml.calculations.plan_absorption import plan_absorption

MGO = bulk("MgO", "rocksalt", a=4.212)
WATER = molecule("H2O")


def planned(atoms: Atoms, site: int, **changes: Any) -> Any:
    """Return the outputs of the plan for a site, or its exit code."""
    inputs = {
        "structure": orm.StructureData(ase=atoms),
        "site": orm.Int(site),
        "edge": orm.Str("K"),
        "treatments": orm.List(["full"]),
        "cell": orm.Dict({"min_distance": 5.0}),
        "polarisations": orm.Dict({"mode": "powder"}),
        "alignment": orm.Str("transition_energy"),
        "electronic_type": orm.Str("insulator"),
        "kpoints_distance": orm.Float(0.5),
        "spectrum_kpoints_distance": orm.Float(0.4),
        "pw_parameters": orm.Dict({"SYSTEM": {"ecutwfc": 30.0}}),
        "xspectra_parameters": orm.Dict({"PLOT": {"xgamma": 0.3}}),
        "pair": oxygen_pair(),
        "Mg": upf_node("Mg", 2),
        "H": upf_node("H", 1),
        **changes,
    }
    outputs, node = plan_absorption.run_get_node(**inputs)
    return outputs if node.is_finished_ok else node.exit_message


@pytest.mark.usefixtures("aiida_profile_clean")
def test_one_atom_of_the_supercell_of_a_crystal_is_marked() -> None:
    outputs = planned(MGO, 1)
    cell, plan = outputs["supercell"], outputs["plan"]
    assert plan["n_atoms"] == len(cell.sites)
    assert [site.kind_name for site in cell.sites].count("O1") == 1
    assert cell.sites[plan["absorber_index"]].kind_name == outputs["absorber"].value == "O1"
    assert plan["image_distance"] >= 5.0
    assert plan["electrons"] == 8 * plan["n_atoms"] / 2  # Mg 2, O 6


@pytest.mark.usefixtures("aiida_profile_clean")
def test_what_is_computed_follows_from_treatments_and_alignment() -> None:
    names = {name for name in planned(MGO, 1) if name.startswith("parameters_")}
    assert names == {"parameters_none", "parameters_full", "parameters_excited"}
    relative = planned(MGO, 1, alignment=orm.Str("fermi"), treatments=orm.List(["half"]))
    assert {name for name in relative if name.startswith("parameters_")} == {"parameters_half"}
    assert relative["xspectra_parameters"].get_dict() == {
        "PLOT": {"xgamma": 0.3},
        "INPUT_XSPECTRA": {"calculation": "xanes_dipole", "edge": "K"},
    }


@pytest.mark.usefixtures("aiida_profile_clean")
def test_k_points_are_dense_as_wanted_and_hold_gamma() -> None:
    outputs = planned(MGO, 1)
    for name, distance in (("scf_kpoints", 0.5), ("spectrum_kpoints", 0.4)):
        mesh, offset = outputs[name].get_kpoints_mesh()
        spacing = np.linalg.norm(2 * np.pi * np.linalg.inv(outputs["supercell"].cell).T, axis=1) / mesh
        assert (spacing <= distance + 1e-9).all()
        assert offset == [0, 0, 0]


@pytest.mark.usefixtures("aiida_profile_clean")
def test_a_molecule_gets_a_box_one_k_point_and_a_cut_off() -> None:
    outputs = planned(WATER, 0, cell=orm.Dict({"min_box": 7.0}))
    np.testing.assert_allclose(outputs["supercell"].cell, 7.0 * np.eye(3))
    assert outputs["scf_kpoints"].get_kpoints_mesh()[0] == [1, 1, 1]
    assert outputs["parameters_none"]["SYSTEM"]["assume_isolated"] == "martyna-tuckerman"
    assert outputs["plan"]["runs"] == ["excited", "full", "none"]
    both = planned(WATER, 0, treatments=orm.List(["none", "full"]), cell=orm.Dict({}))["plan"]
    assert both["runs"] == ["excited", "full", "none", "none_periodic"]
    assert both["starts"] == {"none": "none_periodic", "full": "full"}
    assert outputs["plan"]["symmetry"] == "C2v"
    assert outputs["plan"]["electrons"] == 8
    assert len(outputs["directions"]) == 3


@pytest.mark.usefixtures("aiida_profile_clean")
def test_the_axis_is_that_of_the_site_not_of_one_that_is_equal_to_it() -> None:
    # Rhenium trioxide's lattice: the three oxygen atoms of the cube are one site, with the axes x, y and z.
    edges = 2.1 * np.eye(3)
    atoms = Atoms("MgO3", [[0, 0, 0], *edges], cell=4.2 * np.eye(3), pbc=True)
    for site, axis in zip((1, 2, 3), np.eye(3), strict=True):
        plan = planned(atoms, site, cell=orm.Dict({"min_distance": 4.0}))["plan"]
        assert (plan["site"], plan["equivalent"], plan["symmetry"]) == (site, [1, 2, 3], "D4h")
        along = plan["directions"][plan["weights"].index(min(plan["weights"]))]
        np.testing.assert_allclose(np.abs(along), axis, atol=1e-9)


@pytest.mark.usefixtures("aiida_profile_clean")
def test_a_given_ground_state_is_taken_when_it_is_of_the_same_cell() -> None:
    ground = planned(MGO, 1)["supercell"]
    outputs = planned(MGO, 1, ground_state=ground)
    assert "supercell" not in outputs
    assert outputs["absorber"].value == "O1"
    assert "another than that of the site" in planned(bulk("MgO", "rocksalt", a=4.3), 1, ground_state=ground)
    assert "shares the kind 'Mg'" in planned(MGO, 0, ground_state=ground)


@pytest.mark.usefixtures("aiida_profile_clean")
@pytest.mark.parametrize(
    ("atoms", "cell", "message"),
    [
        (Atoms("OH", [[0, 0, 0], [0, 0, 0.97]]), {}, "odd number"),
        (Atoms("OH2", [[0, 0, 0], [0, 0, 0.1], [0, 0, 1]]), {}, "overlap"),
        (MGO[[1, 0]], {"min_distance": 90.0}, "10000 atoms"),
    ],
)
def test_what_cannot_be_computed_is_named(atoms: Atoms, cell: dict[str, Any], message: str) -> None:
    assert message in planned(atoms, 0, cell=orm.Dict(cell))
