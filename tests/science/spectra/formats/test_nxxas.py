"""Tests of aiida_gbml.science.spectra.formats.nxxas: files as other programs write them."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from aiida_gbml.science.spectra.dataset import tables_from_rows, write_spectra
from aiida_gbml.science.spectra.formats.nxxas import read_nxxas
from aiida_gbml.science.spectra.formats.spectrum import FormatError

ENERGY = np.array([280.0, 280.5, 282.0])


@pytest.fixture
def file(tmp_path):
    with h5py.File(tmp_path / "other.nxs", "w") as file:
        yield file


def read(file):
    path = Path(file.filename)
    file.close()
    return read_nxxas(path)


def test_our_own_files_without_what_failed(tmp_path):
    row = {"element": "C", "edge": "K", "energy": ENERGY, "intensity": ENERGY, "site": 4}
    write_spectra(tmp_path / "own.h5", tables_from_rows([row, {"element": "C", "edge": "K", "reason": "lost"}], 0.5))
    (spectrum,) = read_nxxas(tmp_path / "own.h5")
    assert np.allclose(spectrum.intensity, spectrum.energy)
    assert {"element": "C", "edge": "K", "site": 4}.items() <= spectrum.metadata.items()


def test_a_stack_of_the_contributed_definition(file):
    entry = file.create_group("entry")
    entry["definition"], entry["title"] = "NXxas", "soot"
    entry["element/name"], entry["edge/name"], entry["sample/name"] = "Si", "L2,3", "quartz"
    entry.create_dataset("energy", data=ENERGY / 1000).attrs["units"] = "keV"
    entry.create_dataset("intensity", data=np.array([ENERGY, -ENERGY]), compression="gzip")
    first, second = read(file)
    assert np.allclose(first.energy, ENERGY)
    assert np.array_equal(second.intensity, -ENERGY)
    told = {"element": "Si", "edge": "L23", "title": "soot", "sample": "quartz", "energy_axis": "absolute"}
    assert first.metadata == told


def test_the_draft_of_the_community(file):
    entry = file.create_group("scan_1")
    entry["definition"], entry["absorber/chemical_symbol"], entry["edge/name"] = np.bytes_("NXxas"), "Cu", "K"
    entry["energy"], entry["intensity"] = ENERGY, ENERGY.astype("f4")
    file.create_group("notes")["definition"] = "NXother"
    (spectrum,) = read(file)
    assert spectrum.metadata["element"] == "Cu"
    assert np.allclose(spectrum.intensity, ENERGY)


def test_a_raw_scan_of_the_application_definition(file):
    entry = file.create_group("entry1")
    entry["definition"] = "NXxas"
    entry["instrument/monochromator/energy"] = ENERGY
    entry["instrument/incoming_beam/data"] = np.exp([1.0, 2.0, 3.0])
    entry["instrument/absorbed_beam/data"] = np.ones(3)
    (spectrum,) = read(file)
    assert spectrum.intensity == pytest.approx([1, 2, 3])


@pytest.mark.parametrize("unit", ["degrees", "nm"])
def test_axes_that_are_no_energy_are_refused(file, unit):
    entry = file.create_group("entry")
    entry["definition"], entry["intensity"], entry["energy"] = "NXxas", ENERGY, ENERGY
    entry["energy"].attrs["units"] = unit
    with pytest.raises(FormatError, match="no axis in eV"):
        read(file)


def test_entries_without_spectra_are_refused(file):
    file.create_group("entry")["definition"] = "NXxas"
    with pytest.raises(FormatError, match="'entry' has no energies"):
        read(file)


def test_arrays_that_disagree_are_refused(file):
    entry = file.create_group("entry")
    entry["definition"], entry["intensity"], entry["energy"] = "NXxas", np.ones(4), ENERGY
    with pytest.raises(FormatError, match="fits its intensities"):
        read(file)
