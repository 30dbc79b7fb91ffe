"""What a hole does to a spectrum of one peak."""

from __future__ import annotations

import numpy as np
import pytest
from core_hole_data import DETAILS

from aiida_gbml.calculations.compare_spectra import compare_spectra
from aiida_gbml.data.spectrum import SpectrumData

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")


def peak(place: float, shift: float = 0.0) -> SpectrumData:
    """Return a peak on an axis of its own."""
    energy = np.linspace(520.0, 545.0, 501) + shift
    return SpectrumData(energy, np.exp(-((energy - place) ** 2)), {}, DETAILS)


def test_the_reference_is_the_smallest_hole_and_the_axes_may_differ() -> None:
    compared = compare_spectra(full=peak(531.0, 0.013), none=peak(533.0), excited=peak(530.0))["comparison"].get_dict()
    assert set(compared) == {"none_to_full", "none_to_excited"}
    assert compared["none_to_full"]["first_peak_shift"] == pytest.approx(-2.0, abs=1e-3)
    assert compared["none_to_excited"]["median_shift"] == pytest.approx(-3.0, abs=1e-3)


def test_spectra_without_a_common_energy_are_refused() -> None:
    _, node = compare_spectra.run_get_node(none=peak(531.0), full=peak(631.0, 100.0))
    assert node.exit_status == 301
