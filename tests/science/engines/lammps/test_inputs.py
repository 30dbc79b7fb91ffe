"""Tests of aiida_gbml.science.engines.lammps.inputs."""

import re

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from aiida_gbml.science.engines.lammps import LammpsPotential, LammpsPotentialError, LammpsSettings, write_inputs
from aiida_gbml.science.engines.lammps.inputs import INPUT, RECIPE
from aiida_gbml.science.structure_set import StructureSet

EAM = LammpsPotential.from_file_name("Cu.eam.alloy")


def test_one_recipe_serves_all_structures():
    files = write_inputs(StructureSet.from_ase(3 * [bulk("Cu")]), EAM, LammpsSettings())
    assert sorted(files) == [RECIPE, INPUT]
    assert files[INPUT].count(f"include {RECIPE}") == 3
    assert "minimize" not in files[RECIPE]


def test_equal_structures_give_equal_bytes():
    structures = StructureSet.from_ase([bulk("Cu"), bulk("NaCl", "rocksalt", a=5.6)])
    potential = LammpsPotential("eam/alloy", ("* * x.eam.alloy",))
    assert write_inputs(structures, potential, LammpsSettings()) == write_inputs(
        structures, potential, LammpsSettings()
    )


def test_positions_keep_all_their_digits():
    position = [0.1 + 0.2, 1 / 3, 2.0**-30]
    files = write_inputs(
        StructureSet.from_ase([Atoms("Cu", [position], cell=[9, 9, 9], pbc=True)]), EAM, LammpsSettings()
    )
    line = re.search(r"^Atoms\n.*\n1 1 (.*)$", files[INPUT], re.MULTILINE).group(1)
    assert [float(word) for word in line.split()] == position


def test_fixed_atoms_are_listed_in_ranges():
    fixed = np.zeros((8, 3), dtype=bool)
    fixed[[0, 1, 2, 5], 2] = True
    structures = StructureSet.from_ase([bulk("Cu", cubic=True) * (2, 1, 1)]).with_atom_columns(fixed=fixed)
    text = write_inputs(structures, EAM, LammpsSettings(mode="relax"))[INPUT]
    assert 'variable fixed_z string "1:3 6"' in text
    assert 'variable fixed_x string "9"' in text  # an id that no atom has: nothing is fixed along x


def test_a_missing_element_is_named():
    potential = LammpsPotential("morse 6.0", ("Cu Cu 1.0 1.0 2.5",))
    with pytest.raises(LammpsPotentialError, match="Ag-Ag"):
        write_inputs(StructureSet.from_ase([bulk("Ag")]), potential, LammpsSettings())
