"""Tests of aiida_gbml.science.spectra.formats.foreign_hdf5; what hostile files do is in tests/faults."""

import h5py
import numpy as np
import pytest

from aiida_gbml.science.spectra.formats.foreign_hdf5 import read_foreign
from aiida_gbml.science.spectra.formats.spectrum import FormatError


def test_a_layout_is_handed_back_as_plain_arrays(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("mol/3")
        group["eigenvalues"], group["dsf"] = np.arange(4.0), np.ones((4, 3), dtype="f4")
        names = ("n_electron", "multiplicity", "excitation_energy", "final_energy_gs", "final_energy_ex")
        group.attrs.update({name: number for number, name in enumerate(names)})
    arrays = read_foreign(path, "qm9")
    assert arrays["molecule"].tolist() == ["mol"]
    assert arrays["site"].tolist() == ["3"]
    assert arrays["lengths"].tolist() == [4]
    assert arrays["dsf"].shape == (4, 3)
    assert arrays["final_energy_ex"].tolist() == [4.0]


def test_a_missing_attribute_is_named(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["mol/3/eigenvalues"], file["mol/3/dsf"] = np.arange(4.0), np.ones((4, 3))
    with pytest.raises(FormatError, match="n_electron"):
        read_foreign(path, "qm9")


def test_what_is_no_hdf5_is_refused(tmp_path):
    path = tmp_path / "a.h5"
    path.write_text("text")
    with pytest.raises(FormatError, match="not a readable HDF5 file"):
        read_foreign(path, "nxxas")
