"""Tests of aiida_gbml.science.engines.lammps.settings."""

import re

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from aiida_gbml.science.engines.lammps.potential import LammpsPotential
from aiida_gbml.science.engines.lammps.settings import (
    LammpsInputError,
    LammpsSettings,
    check_inputs,
    frame_of,
    free_coordinates,
)
from aiida_gbml.science.structure_set import StructureSet

MORSE = LammpsPotential("morse 6.0", ("* * 1.0 1.0 2.5",))
SALT = LammpsPotential("buck/coul/long 6.0", ("* * 1.0 1.0 0.0",), charges={"Na": 1.0, "Cl": -1.0})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mode": "md"}, "'mode' is 'md', expected one of static, relax"),
        ({"cell": ["fixed"]}, "'cell' is ['fixed']"),
        ({"force_tolerance": 0.0}, "'force_tolerance' is 0.0"),
        ({"force_tolerance": float("nan")}, "'force_tolerance' is nan"),
        ({"max_steps": 10.0}, "'max_steps' is 10.0"),
        ({"max_steps": True}, "'max_steps' is True"),
        ({"steps": 3}, "unknown setting 'steps'"),
    ],
)
def test_wrong_settings_are_refused_in_words(settings, message):
    with pytest.raises(LammpsInputError, match=re.escape(message)):
        LammpsSettings.from_dict(settings)


def test_only_periodic_cells_relax():
    slab = StructureSet.from_ase([bulk("Cu"), Atoms("Cu", cell=[3, 3, 9], pbc=[True, True, False])])
    with pytest.raises(LammpsInputError, match=r"structure 1 has the periodicity \[True, True, False\]"):
        check_inputs(slab, MORSE, LammpsSettings(mode="relax", cell="normal"))
    check_inputs(slab, MORSE, LammpsSettings(mode="static", cell="normal"))


def test_charges_need_periodic_a_and_b():
    wire = StructureSet.from_ase([Atoms("Na", cell=[9, 9, 3], pbc=[False, False, True])])
    with pytest.raises(LammpsInputError, match="charges need a crystal"):
        check_inputs(wire, SALT, LammpsSettings())


def test_single_coordinates_are_fixed_only_where_axes_agree():
    tilted = StructureSet.from_ase([bulk("Cu", cubic=True), bulk("Cu")])
    fixed = np.zeros((5, 3), dtype=bool)
    fixed[4] = True
    check_inputs(tilted.with_atom_columns(fixed=fixed), MORSE, LammpsSettings(mode="relax"))
    fixed[4, 0] = False
    with pytest.raises(LammpsInputError, match="structure 1 fixes single coordinates"):
        check_inputs(tilted.with_atom_columns(fixed=fixed), MORSE, LammpsSettings(mode="relax"))
    with pytest.raises(LammpsInputError, match="one flag a coordinate"):
        check_inputs(tilted.with_atom_columns(fixed=fixed[:, 0]), MORSE, LammpsSettings(mode="relax"))


def test_free_coordinates_are_neither_fixed_nor_in_the_plane():
    fixed = np.array([[False, False, True], [False, False, False]])
    pair = StructureSet.from_ase([Atoms("Cu2", positions=np.eye(3)[:2], cell=[9, 9, 9], pbc=True)])
    pair = pair.with_atom_columns(fixed=fixed)
    assert np.array_equal(free_coordinates(pair, 0, LammpsSettings(mode="relax")), ~fixed)
    normal = free_coordinates(pair, 0, LammpsSettings(mode="relax", atoms="normal"))
    assert np.array_equal(normal, [[False, False, False], [False, False, True]])


def test_a_flat_cell_is_named_by_its_row():
    flat = StructureSet.from_ase([Atoms("Cu", cell=[3, 3, 0], pbc=True)])
    with pytest.raises(LammpsInputError, match="structure 0: the periodic cell vectors"):
        frame_of(flat, 0)
    with pytest.raises(LammpsInputError, match="structure 0: the periodic cell vectors"):
        check_inputs(flat, MORSE, LammpsSettings())
