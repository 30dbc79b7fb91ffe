"""Tests of aiida_gbml.science.spectra.formats.ase."""

import io

import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.io import read, write

from aiida_gbml.science.spectra.formats.ase import table_of_atoms, with_spectra
from aiida_gbml.science.spectra.formats.spectrum import FormatError
from aiida_gbml.science.spectra.table import table_from_rows

ENERGY = np.arange(2850, 2900) / 10


def row(site, treatment="full"):
    intensity = 1 + site + np.sin(ENERGY)
    return {"element": "C", "edge": "K", "energy": ENERGY, "intensity": intensity, "site": site, "treatment": treatment}


@pytest.fixture
def table():
    lost = {"element": "C", "edge": "K", "site": 1, "treatment": "none", "reason": "lost"}
    return table_from_rows([row(0), row(1), row(0, "none"), lost], 0.1)


def test_atoms_carry_their_spectra(table):
    atoms = molecule("C2H6")
    carrying = with_spectra(atoms, table)
    assert not atoms.info
    assert np.array_equal(carrying.info["energy_C_K"], table.energy)
    assert np.array_equal(carrying.arrays["spectrum_C_K_full"][1], table.intensity[1])
    assert np.isnan(carrying.arrays["spectrum_C_K_full"][2:]).all()
    assert np.isnan(carrying.arrays["spectrum_C_K_none"][1:]).all()


def test_extended_xyz_and_back(table):
    text = io.StringIO()
    write(text, with_spectra(molecule("C2H6"), table), format="extxyz")
    text.seek(0)
    again = table_of_atoms(read(text, format="extxyz"), "C", "K")
    assert again.columns["site"].tolist() == [0, 1, 0]
    assert again.columns["treatment"].tolist() == ["full", "full", "none"]
    assert np.allclose(again.intensity, table.intensity[:3], atol=1e-7)


def test_wrong_sites_are_refused(table):
    with pytest.raises(FormatError, match="site 0 is no C atom"):
        with_spectra(bulk("NaCl", "rocksalt", a=5.64), table)
    with pytest.raises(FormatError, match="carries no spectra of O_K"):
        table_of_atoms(with_spectra(molecule("C2H6"), table), "O", "K")
