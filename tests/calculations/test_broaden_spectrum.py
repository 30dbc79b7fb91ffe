"""Widths of a spectrum node."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from aiida import orm
from core_hole_data import DETAILS

from aiida_gbml.calculations.broaden_spectrum import broaden_spectrum, with_onset
from aiida_gbml.data.spectrum import SpectrumData

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")
ENERGY = np.linspace(500.0, 560.0, 1201)
LINE = np.exp(-((ENERGY - 530.0) ** 2) / 2 / 0.5**2)  # standard deviation 0.5 eV


def spectrum(**changes: Any) -> SpectrumData:
    """Return the spectrum of one line."""
    return SpectrumData(ENERGY, LINE, {"direction_0": LINE}, {**DETAILS, **changes})


def test_two_gaussians_add_as_squares_and_the_directions_are_broadened_too() -> None:
    factor = 2 * np.sqrt(2 * np.log(2))
    broad = broaden_spectrum(spectrum(), orm.Dict({"gaussian": 1.2 * factor}))["broadened"]
    width = np.sqrt(0.5**2 + 1.2**2)
    expected = 0.5 / width * np.exp(-((ENERGY - 530.0) ** 2) / 2 / width**2)
    np.testing.assert_allclose(broad.intensity, expected, atol=1e-3)
    np.testing.assert_array_equal(broad.directions["direction_0"], broad.intensity)
    assert broad.details["broadening"] == f"none; gaussian {1.2 * factor:g} eV"
    assert broad.details["transition_energy"] == 528.0


def test_the_onset_of_the_arctangent_is_where_the_spectrum_begins() -> None:
    law = {"arctangent": {"maximum": 5.0, "center": 10.0}}
    assert with_onset(law, spectrum())["arctangent"]["onset"] == 528.0
    assert with_onset(law, spectrum(alignment="fermi"))["arctangent"]["onset"] == 0.0
    given = {"arctangent": {**law["arctangent"], "onset": 530.0}}
    assert with_onset(given, spectrum())["arctangent"]["onset"] == 530.0
    assert "onset 528 eV" in broaden_spectrum(spectrum(), orm.Dict(law))["broadened"].details["broadening"]


def test_unknown_widths_are_refused() -> None:
    _, node = broaden_spectrum.run_get_node(spectrum(), orm.Dict({"gauss": 1.0}))
    assert "unknown broadening 'gauss'" in node.exit_message
