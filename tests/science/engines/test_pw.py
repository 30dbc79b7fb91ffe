"""What is asked of pw.x and what is believed of its answer."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.units import GPa

from aiida_gbml.science.engines.pw import (
    PwInputError,
    PwOutputError,
    check_structures,
    held_coordinates,
    last_frame,
    task_parameters,
)
from aiida_gbml.science.structure_set import StructureSet

TILTED = Atoms("H", cell=[[1, 0, 0.1], [0, 1, 0], [0, 0, 1]], pbc=True)
SLAB = Atoms("H", cell=[1, 1, 9], pbc=[True, True, False])
CRYSTAL = Atoms("HF", positions=[[0, 0, 0], [1, 1, 1]], cell=[2, 2, 3], pbc=True)


def _trajectory(**changes: np.ndarray) -> dict[str, np.ndarray]:
    """Return two frames of two atoms; the second is the result."""
    arrays = {
        "energy": np.array([-1.0, -2.0]),
        "forces": np.stack([np.ones((2, 3)), np.zeros((2, 3))]),
        "stress": np.stack([np.zeros((3, 3)), np.eye(3)]),
        "positions": np.stack([np.zeros((2, 3)), np.ones((2, 3))]),
        "cells": np.stack([np.eye(3), 2 * np.eye(3)]),
    }
    return {**arrays, **changes}


@pytest.mark.parametrize(
    ("mode", "cell", "calculation", "freedom"),
    [
        ("static", "fixed", "scf", None),
        ("static", "normal", "scf", None),
        ("relax", "fixed", "relax", None),
        ("relax", "normal", "vc-relax", "z"),
        ("relax", "isotropic", "vc-relax", "all"),
        ("relax", "free", "vc-relax", "all"),
    ],
)
def test_mode_and_cell_choose_the_calculation(mode: str, cell: str, calculation: str, freedom: str | None) -> None:
    given = {"CONTROL": {"calculation": "nscf"}, "IONS": {"upscale": 10}, "CELL": {"press_conv_thr": 0.1}}
    task = task_parameters(given, {}, n_atoms=1, elements=["H"], mode=mode, cell=cell)
    assert task["CONTROL"]["calculation"] == calculation
    assert ("IONS" in task) == (calculation != "scf")
    assert task.get("CELL", {}).get("cell_dofree") == freedom
    assert given["CONTROL"]["calculation"] == "nscf"


def test_thresholds_grow_with_the_number_of_atoms_unless_given() -> None:
    extensive = {"ELECTRONS": {"conv_thr": 1e-10}, "CONTROL": {"etot_conv_thr": 1e-5}}
    parameters = {"CONTROL": {"etot_conv_thr": 1e-3}}
    task = task_parameters(parameters, extensive, n_atoms=8, elements=["H"], mode="static", cell="fixed")
    assert task["ELECTRONS"]["conv_thr"] == pytest.approx(8e-10)
    assert task["CONTROL"]["etot_conv_thr"] == 1e-3


def test_values_by_kind_are_those_of_the_structure() -> None:
    parameters = {"SYSTEM": {"starting_magnetization": {"Fe": 0.5, "O": 0.1}, "nspin": 2}}
    task = task_parameters(parameters, {}, n_atoms=1, elements=["Fe"], mode="static", cell="fixed")
    assert task["SYSTEM"] == {"starting_magnetization": {"Fe": 0.5}, "nspin": 2}


def test_held_coordinates_join_constraint_and_column() -> None:
    fixed = np.array([[False, False, True], [False, False, False]])
    structures = StructureSet.from_ase([CRYSTAL]).with_atom_columns(fixed=fixed)
    assert np.array_equal(held_coordinates(structures, 0, "free"), fixed)
    assert held_coordinates(structures, 0, "normal").tolist() == [[True, True, True], [True, True, False]]


@pytest.mark.parametrize(
    ("atoms", "cell", "structure", "message"),
    [
        ("normal", "fixed", TILTED, "structure 1: to relax along the normal, a and b must lie in the xy plane"),
        ("free", "normal", TILTED, "structure 1: to relax along the normal"),
        ("free", "normal", SLAB, "structure 1 has the periodicity .* use 'fixed'"),
        ("free", "isotropic", SLAB, "structure 1 has the periodicity"),
        ("free", "free", SLAB, "structure 1 has the periodicity"),
    ],
)
def test_what_cannot_be_held_is_refused(atoms: str, cell: str, structure: Atoms, message: str) -> None:
    structures = StructureSet.from_ase([CRYSTAL, structure])
    with pytest.raises(PwInputError, match=message):
        check_structures(structures, "relax", atoms, cell)
    check_structures(structures, "static", atoms, cell)


def test_the_last_frame_is_the_result() -> None:
    frame = last_frame(_trajectory(), n_atoms=2)
    assert frame.energy == -2.0
    assert np.array_equal(frame.cell, 2 * np.eye(3))
    assert np.array_equal(frame.positions, np.ones((2, 3)))
    assert frame.stress == pytest.approx(-np.eye(3) * GPa)  # a pressure is compression: negative in ASE's sign


def test_a_stress_that_was_not_computed_is_not_a_number() -> None:
    trajectory = _trajectory()
    del trajectory["stress"]
    assert np.isnan(last_frame(trajectory, n_atoms=2).stress).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"energy": np.array([])}, "no energy"),
        ({"energy": np.array([-1.0, np.nan])}, "the energy of pw.x is nan eV"),
        ({"energy": np.array([-1.0, -np.inf])}, "the energy of pw.x is -inf eV"),
        ({"energy": np.array([-1.0, -1e12])}, r"the energy of pw.x is -1e\+12 eV for 2 atoms"),
        ({"forces": np.full((2, 2, 3), np.nan)}, "the forces of pw.x are no finite numbers"),
        ({"forces": np.full((2, 2, 3), 1e6)}, r"the largest force of pw.x is 1e\+06 eV/Å"),
        ({"forces": np.zeros((2, 1, 3))}, r"forces of pw.x are no finite numbers of the shape \(2, 3\)"),
        ({"positions": np.full((2, 2, 3), np.inf)}, "the positions of pw.x"),
    ],
)
def test_absurd_numbers_are_no_result(changes: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(PwOutputError, match=message):
        last_frame(_trajectory(**changes), n_atoms=2)
