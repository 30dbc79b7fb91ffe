"""Tests of aiida_gbml.science.spectra.formats.measured."""

import h5py
import numpy as np
import pytest

from aiida_gbml.science.spectra.dataset import tables_from_rows, write_spectra
from aiida_gbml.science.spectra.formats.csv import to_csv
from aiida_gbml.science.spectra.formats.measured import FormatError, MeasuredSpectrum, read_measured
from aiida_gbml.science.spectra.formats.msa import to_msa
from aiida_gbml.science.spectra.formats.xdi import to_xdi

SPECTRUM = MeasuredSpectrum(280 + 0.1 * np.arange(20), np.arange(20.0), {"element": "C", "edge": "K"})


@pytest.mark.parametrize(("name", "write"), [("a.msa", to_msa), ("a.XDI", to_xdi), ("a.xd", to_xdi), ("a.csv", to_csv)])
def test_the_extension_says_what_a_file_is(name, write, tmp_path):
    path = tmp_path / name
    path.write_text(write(SPECTRUM))
    spectrum = read_measured(path)
    assert np.allclose(spectrum.energy, SPECTRUM.energy)
    assert np.array_equal(spectrum.intensity, SPECTRUM.intensity)
    assert SPECTRUM.metadata.items() <= spectrum.metadata.items()


def test_nxxas_files_of_one_spectrum(tmp_path):
    row = {"element": "C", "edge": "K", "energy": SPECTRUM.energy, "intensity": SPECTRUM.intensity}
    write_spectra(tmp_path / "one.h5", tables_from_rows([row], 0.1))
    assert np.allclose(read_measured(tmp_path / "one.h5").intensity, SPECTRUM.intensity)
    write_spectra(tmp_path / "two.h5", tables_from_rows([row, row], 0.1))
    with pytest.raises(FormatError, match=r"two\.h5: it holds 2 spectra"):
        read_measured(tmp_path / "two.h5")


def test_damaged_files_are_named(tmp_path):
    for name, content in (("a.msa", "x"), ("a.xdi", "x"), ("a.csv", "x"), ("a.nxs", "x")):
        (tmp_path / name).write_text(content)
        with pytest.raises(FormatError, match=name.replace(".", r"\.")):
            read_measured(tmp_path / name)
    with pytest.raises(FormatError, match=r"extension '\.dm3' is none of \.csv"):
        read_measured(tmp_path / "a.dm3")
    with h5py.File(tmp_path / "b.h5", "w"), pytest.raises(FormatError):
        read_measured(tmp_path / "b.h5")
