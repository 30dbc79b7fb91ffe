"""Tests of aiida_gbml.science.engines.modes."""

from itertools import product

from aiida_gbml.science.engines.lammps import LammpsSettings
from aiida_gbml.science.engines.modes import ATOM_CONSTRAINTS, CELL_CONSTRAINTS, MODES


def test_lammps_takes_every_combination():
    for mode, atoms, cell in product(MODES, ATOM_CONSTRAINTS, CELL_CONSTRAINTS):
        settings = LammpsSettings(mode=mode, atoms=atoms, cell=cell)
        assert settings.relaxes_cell == (mode == "relax" and cell != "fixed")
