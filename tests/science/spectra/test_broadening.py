"""Broadened lines are those of the textbooks, and the area stays."""

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import voigt_profile

from aiida_gbml.science.spectra.broadening import (
    FWHM_OF_SIGMA,
    BroadeningError,
    arctangent_width,
    broaden,
    lorentzian,
    lorentzian_width,
    normal,
    validate,
)

ENERGY = np.linspace(-40, 40, 801)
LINE = np.where(np.arange(801) == 400, 10.0, 0.0)  # of area 1, at 0 eV
LAW = {"maximum": 15.0, "center": 30.0, "onset": 2.0}


def area(intensity: np.ndarray, energy: np.ndarray = ENERGY) -> float:
    return float(np.trapezoid(intensity, energy))


def test_lines_have_the_width_and_the_area_they_should() -> None:
    for line in (normal, lorentzian):
        assert line(np.array(0.35), 0.7) == pytest.approx(line(np.array(0.0), 0.7) / 2)
    assert area(normal(ENERGY, 0.7)) == pytest.approx(1)


@given(first=st.floats(0.5, 3), second=st.floats(0.5, 3))
@settings(max_examples=10, deadline=None)
def test_gaussian_widths_add_in_squares(first: float, second: float) -> None:
    twice = broaden(ENERGY, broaden(ENERGY, LINE, {"gaussian": first}), {"gaussian": second})
    assert np.allclose(twice, normal(ENERGY, np.hypot(first, second)), atol=1e-3 * twice.max())
    assert np.allclose(twice, broaden(ENERGY, LINE, {"gaussian": first, "instrument": second}), atol=1e-6)


@given(first=st.floats(0.5, 3), second=st.floats(0.5, 3))
@settings(max_examples=10, deadline=None)
def test_lorentzian_widths_add(first: float, second: float) -> None:
    twice = broaden(ENERGY, broaden(ENERGY, LINE, {"lorentzian": first}), {"lorentzian": second})
    middle = np.abs(ENERGY) < 10
    assert np.allclose(twice[middle], lorentzian(ENERGY, first + second)[middle], atol=1e-3 * twice.max())


def test_both_make_a_voigt_line() -> None:
    found = broaden(ENERGY, LINE, {"gaussian": 1.0, "lorentzian": 0.6})
    assert np.allclose(found, voigt_profile(ENERGY, 1.0 / FWHM_OF_SIGMA, 0.3), atol=1e-4)


@given(width=st.floats(0, 2), onset=st.floats(-20, 0), where=st.floats(-10, 10))
@settings(max_examples=10, deadline=None)
def test_the_area_is_conserved(width: float, onset: float, where: float) -> None:
    energy = np.linspace(-800, 800, 1001)
    bump = np.exp(-((energy - where) ** 2) / 20)
    law = {"gaussian": width, "lorentzian": width / 2, "arctangent": {"maximum": 3.0, "center": 10.0, "onset": onset}}
    assert area(broaden(energy, bump, law), energy) == pytest.approx(area(bump, energy), rel=2e-3)
    assert area(broaden(energy, bump, {"gaussian": width}), energy) == pytest.approx(area(bump, energy), rel=1e-9)


def test_the_area_is_conserved_on_a_grid_that_is_not_uniform() -> None:
    energy = np.concatenate([np.linspace(-30, 0, 200), np.linspace(0.3, 40, 90)])
    bump = normal(energy - 2, 3.0)
    found = broaden(energy, bump, {"gaussian": 1.5})
    assert area(found, energy) == pytest.approx(area(bump, energy), rel=1e-9)
    assert np.allclose(found, normal(energy - 2, np.hypot(3.0, 1.5)), atol=0.02 * found.max())


def test_lines_narrower_than_the_grid_stay() -> None:
    assert np.allclose(broaden(ENERGY, LINE, {"gaussian": 1e-3, "lorentzian": 1e-7}), LINE, atol=1e-4)


def test_no_settings_change_nothing_and_many_spectra_are_broadened_at_once() -> None:
    spectra = np.array([LINE, np.roll(LINE, 100)])
    assert np.array_equal(broaden(ENERGY, spectra, {}), spectra)
    found = broaden(ENERGY, spectra, {"gaussian": 0.8, "lorentzian": 0.1})
    assert np.allclose(found[1], broaden(ENERGY, spectra[1], {"gaussian": 0.8, "lorentzian": 0.1}))


def test_the_width_is_that_of_the_energy_from_which_intensity_is_taken() -> None:
    law = {"lorentzian": 0.5, "arctangent": {"maximum": 8.0, "center": 10.0, "onset": -10.0}}
    at_zero = float(lorentzian_width(np.array([0.0]), law)[0])
    assert at_zero == pytest.approx(0.5 + 8.0 / 2)
    assert np.allclose(broaden(ENERGY, LINE, law), lorentzian(ENERGY, at_zero), atol=1e-3)


def test_the_limits_of_the_arctangent() -> None:
    def width(energy: float) -> float:
        return float(arctangent_width(np.array([energy]), 0.5, **LAW)[0])

    assert [width(-40.0), width(1.9), width(2.0)] == [0.5, 0.5, 0.5]
    assert width(2.0 + 30.0) == pytest.approx(0.5 + 15.0 / 2)
    assert width(1e9) == pytest.approx(15.5, abs=1e-5)
    assert width(2.0 + 1e-9) == pytest.approx(0.5)


@given(hole=st.floats(0, 2), maximum=st.floats(0, 20), center=st.floats(1, 50), onset=st.floats(-1000, 1000))
def test_the_arctangent_never_falls(hole: float, maximum: float, center: float, onset: float) -> None:
    widths = arctangent_width(onset + np.linspace(-5, 200, 1000), hole, maximum, center, onset)
    assert np.all(np.diff(widths) >= -1e-12)
    assert np.all((widths >= hole) & (widths <= hole + maximum))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"gauss": 1.0}, "unknown broadening 'gauss', known are gaussian, lorentzian, instrument and arctangent"),
        ({"gaussian": -0.1}, "the width 'gaussian' must be a finite number of eV and not negative, got -0.1"),
        ({"instrument": "wide"}, "the width 'instrument' must be a finite number"),
        ({"lorentzian": float("inf")}, "the width 'lorentzian' must be a finite number"),
        ({"lorentzian": True}, "the width 'lorentzian' must be a finite number"),
        ({"arctangent": 15.0}, "'arctangent' has maximum, center, onset, all in eV, got 15.0"),
        ({"arctangent": {"maximum": 15.0}}, "'arctangent' has maximum, center, onset"),
        ({"arctangent": LAW | {"center": 0}}, "the 'center' of the arctangent must be a finite .* positive"),
        ({"arctangent": LAW | {"onset": None}}, "the 'onset' of the arctangent must be .* got None"),
    ],
)  # fmt: skip
def test_senseless_settings_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(BroadeningError, match=message):
        validate(wrong)


@pytest.mark.parametrize("energy", [ENERGY[::-1], ENERGY[:-1], ENERGY[:1], np.zeros((2, 801))])
def test_what_is_no_spectrum_is_refused(energy: np.ndarray) -> None:
    with pytest.raises(BroadeningError, match="no spectrum"):
        broaden(energy, LINE, {"gaussian": 1.0})


def test_a_long_spectrum_does_not_fill_the_memory() -> None:
    """A matrix of 4000 by 4000 numbers takes 128 MB."""
    energy = np.linspace(0, 40, 4000)
    tracemalloc.start()
    spread = broaden(energy, np.exp(-((energy - 20) ** 2)), {"lorentzian": 0.5, "gaussian": 0.5})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64e6
    assert energy[spread.argmax()] == pytest.approx(20, abs=0.011)
