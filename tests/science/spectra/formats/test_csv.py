"""Tests of aiida_gbml.science.spectra.formats.csv."""

import numpy as np
import pytest

from aiida_gbml.science.spectra.formats.csv import from_csv, table_to_csv, to_csv
from aiida_gbml.science.spectra.formats.spectrum import FormatError, MeasuredSpectrum
from aiida_gbml.science.spectra.table import table_from_rows


@pytest.mark.parametrize(
    "text",
    [
        "energy,intensity\n1.5,10\n2.5,20\n",
        "1.5;10\n2.5;20\n",
        "# element: C\n\n  1.5\t10 \r\n 2.5\t20\t7\r\n",
        '"Energy (eV)"  mu\n1.5   10\n2.5   20',
    ],
)
def test_two_columns_are_found(text):
    spectrum = from_csv(text)
    assert spectrum.energy.tolist() == [1.5, 2.5]
    assert spectrum.intensity.tolist() == [10, 20]


@pytest.mark.parametrize("text", ["", "a,b\n", "1\n2\n", "1,2\nx,3\n", "1,2\n3,\n", "nan,1\ninf,2\n"])
def test_what_is_no_spectrum_is_refused(text):
    with pytest.raises(FormatError):
        from_csv(text)


def test_what_is_written_is_read():
    energy = np.linspace(0, 1, 7)
    told = {"element": "Si", "edge": "L23", "licence": "CC0", "energy_axis": "absolute", "title": "a, b: c"}
    again = from_csv(to_csv(MeasuredSpectrum(energy, np.sin(energy), told)))
    assert np.array_equal(again.energy, energy)
    assert np.array_equal(again.intensity, np.sin(energy))
    assert again.metadata == told


def test_a_table_is_written_side_by_side():
    energy = np.array([280.0, 281.0, 282.0])
    rows = [{"element": "C", "edge": "K", "energy": energy + n, "intensity": energy, "formula": "a,b"} for n in (0, 1)]
    lines = table_to_csv(table_from_rows(rows, 1.0)).splitlines()
    assert lines[:2] == ["# element: C", "# edge: K"]
    assert "# formula,a;b,a;b" in lines
    at = lines.index("energy_eV,spectrum_0,spectrum_1")
    assert lines[at + 1 :] == ["280.0,280.0,", "281.0,281.0,280.0", "282.0,282.0,281.0", "283.0,,282.0"]
