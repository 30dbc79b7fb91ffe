"""Tests of aiida_gbml.science.spectra.formats.spectrum."""

import numpy as np
import pytest

from aiida_gbml.science.spectra.formats.spectrum import (
    FormatError,
    MeasuredSpectrum,
    known_edge,
    number,
    read_text,
    spectrum_of_points,
    spectrum_of_row,
    tables_of_spectra,
)
from aiida_gbml.science.spectra.table import table_from_rows


def test_points_are_sorted_and_those_without_value_left_out():
    energy = np.array([3.0, 1.0, np.nan, 2.0, 1.0, 4.0])
    intensity = np.array([30.0, 10.0, 0.0, 20.0, 11.0, np.inf])
    spectrum = spectrum_of_points(energy, intensity, {"title": "", "sample": "soot"})
    assert spectrum.energy.tolist() == [1, 2, 3]
    assert spectrum.intensity.tolist() == [10, 20, 30]
    assert spectrum.metadata == {"sample": "soot"}


@pytest.mark.parametrize(
    ("energy", "intensity", "message"),
    [
        ([1.0], [1.0], "two points"),
        ([1.0, 2.0], [1.0], "two points"),
        ([1.0, np.nan], [1.0, 1.0], "finite"),
        ([1.0, 1.0], [1.0, 1.0], "rise"),
    ],
)
def test_what_is_no_spectrum_is_refused(energy, intensity, message):
    with pytest.raises(FormatError, match=message):
        MeasuredSpectrum(np.array(energy), np.array(intensity))


def test_a_row_of_a_table_and_back():
    energy = np.arange(280, 290, 0.1)
    row = {"element": "Si", "edge": "L23", "energy": energy, "intensity": energy - 200, "site": 3, "treatment": "full"}
    table = table_from_rows([row, {"element": "Si", "edge": "L23", "reason": "lost", "transition_energy": 5.0}], 0.1)
    spectrum = spectrum_of_row(table, 0)
    told = {"element": "Si", "edge": "L23", "site": 3, "treatment": "full", "energy_axis": "absolute"}
    assert told.items() <= spectrum.metadata.items()
    assert "transition_energy" not in spectrum.metadata
    (again,) = tables_of_spectra([spectrum], 0.1)
    assert np.allclose(again.intensity, table.intensity[:1])
    assert again.columns["treatment"].tolist() == ["full"]
    with pytest.raises(FormatError, match="row 1 of Si_L23 failed: lost"):
        spectrum_of_row(table, 1)
    with pytest.raises(FormatError, match="element and edge"):
        tables_of_spectra([MeasuredSpectrum(energy, energy)], 0.1)


def test_a_row_counted_from_a_level_says_so():
    row = {"element": "C", "edge": "K", "energy": [0.0, 0.1], "intensity": [0.0, 1.0], "alignment": "fermi"}
    assert spectrum_of_row(table_from_rows([row], 0.1), 0).metadata["energy_axis"] == "relative"


@pytest.mark.parametrize(
    ("element", "edge", "known"),
    [
        ("cu", "k", {"element": "Cu", "edge": "K"}),
        ("Si", "L2,3", {"element": "Si", "edge": "L23"}),
        ("Fe", "L", {"element": "Fe", "edge": "L23"}),
        ("Fe", "LIII", {"element": "Fe", "edge": "L3"}),
        ("soot", "?", {}),
    ],
)
def test_elements_and_edges_have_our_names(element, edge, known):
    assert known_edge(element, edge) == known


def test_texts_of_old_programs_are_read(tmp_path):
    path = tmp_path / "old.csv"
    path.write_bytes("Å".encode("latin-1"))
    assert read_text(path) == "Å"
    path.write_bytes("Å".encode())
    assert read_text(path) == "Å"


def test_numbers_are_named_when_they_are_none():
    assert number(" 1.5 ", "#OFFSET") == 1.5
    for text in ("inf", "nan", "one"):
        with pytest.raises(FormatError, match="#OFFSET"):
            number(text, "#OFFSET")
