"""Differences between spectra whose differences are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiida_gbml.science.spectra.comparison import (
    ComparisonError,
    best_shift,
    compare,
    first_peak,
    median_energy,
    peaks,
    spectral_change,
    weighted_spectrum,
)

ENERGY = np.arange(-10, 50, 0.1)


def line(center: float, height: float = 1.0, sigma: float = 1.0, energy: np.ndarray = ENERGY) -> np.ndarray:
    return height * np.exp(-(((energy - center) / sigma) ** 2) / 2)


@given(center=st.floats(0, 10), height=st.floats(0.2, 1.0))
@settings(max_examples=30, deadline=None)
def test_peaks_are_found_between_the_points_of_the_grid(center: float, height: float) -> None:
    found = peaks(ENERGY, line(center, height) + line(25.0))
    assert np.allclose(found, [[center, height], [25.0, 1.0]], atol=2e-3)


def test_ripples_are_no_peaks() -> None:
    rippled = line(5.0) + line(20.0, 0.8) + line(-5.0, 0.02)
    assert np.allclose(peaks(ENERGY, rippled)[:, 0], [5, 20], atol=1e-3)
    assert len(peaks(ENERGY, rippled, prominence=0.01)) == 3
    assert first_peak(ENERGY, rippled)[0] == pytest.approx(5, abs=1e-3)


def test_the_median_halves_the_area() -> None:
    assert median_energy(ENERGY, line(7.3)) == pytest.approx(7.3, abs=1e-3)
    assert median_energy(ENERGY, line(0.0) + line(20.0, 3.0)) == pytest.approx(19.57, abs=2e-2)  # 20 + Phi^-1(1/3) sd


def test_a_spectrum_equals_itself_and_its_multiples() -> None:
    spectrum = line(3) + line(12, 2.0, 2.0)
    for other in (spectrum, 5 * spectrum):
        assert compare(ENERGY, spectrum, other) == pytest.approx(
            {
                "first_peak_shift": 0,
                "first_peak_height_ratio": 1,
                "median_shift": 0,
                "threshold_area_ratio": 1,
                "cosine": 1,
            }
        )


def test_a_shift_is_a_shift() -> None:
    found = compare(ENERGY, line(5) + line(15, 2.0), line(3.5) + line(13.5, 2.0))
    assert found["first_peak_shift"] == pytest.approx(-1.5, abs=1e-3)
    assert found["median_shift"] == pytest.approx(-1.5, abs=1e-3)
    assert found["first_peak_height_ratio"] == pytest.approx(1, abs=1e-3)
    assert found["threshold_area_ratio"] == pytest.approx(1, abs=1e-2)
    assert found["cosine"] < 0.9


def test_weight_that_moves_to_the_threshold_is_seen() -> None:
    found = compare(ENERGY, line(5, 0.5) + line(20), line(5) + line(20, 0.5))
    assert found["first_peak_shift"] == pytest.approx(0, abs=1e-3)
    assert found["first_peak_height_ratio"] == pytest.approx(2, abs=1e-3)
    assert found["threshold_area_ratio"] == pytest.approx(2, rel=1e-2)  # 1/3 and 2/3 of the area
    assert found["median_shift"] < -10


def test_the_largest_difference_on_the_common_range() -> None:
    assert spectral_change(ENERGY, line(5), ENERGY, line(5)) == 0
    assert spectral_change(ENERGY, line(5), ENERGY, line(5, 0.9)) == pytest.approx(0.1)
    finer = np.arange(-5, 60, 0.05)
    assert spectral_change(ENERGY, line(5), finer, line(5, energy=finer)) == pytest.approx(0, abs=1e-3)
    other = spectral_change(finer, line(5, energy=finer), ENERGY, line(5, 0.9))
    assert other == pytest.approx(0.1, abs=1e-3)
    with pytest.raises(ComparisonError, match="too little in common"):
        spectral_change(ENERGY, line(5), ENERGY + 40, line(5))


def test_the_sum_over_sites_is_weighted_on_multiples_of_the_step() -> None:
    shifted = ENERGY + 0.033
    grid, total = weighted_spectrum([ENERGY, shifted], [line(5), line(7, energy=shifted)], [3, 1], 0.1)
    assert np.allclose(grid / 0.1, np.round(grid / 0.1))
    assert np.allclose(total, (3 * line(5, energy=grid) + line(7, energy=grid)) / 4, atol=2e-3)
    assert np.trapezoid(total, grid) == pytest.approx(np.sqrt(2 * np.pi), rel=1e-3)  # each site has that area


def test_a_sum_begins_with_the_first_spectrum_and_ends_with_the_shortest() -> None:
    early, late = np.arange(0, 30, 0.1), np.arange(5, 40, 0.1)
    grid, total = weighted_spectrum([early, late], [line(15, energy=early), line(15, energy=late)], [1, 1], 0.1)
    assert (grid[0], grid[-1]) == pytest.approx((0.0, 29.9))
    assert total[20] == pytest.approx(line(15, energy=np.array(2.0)) / 2)


@pytest.mark.parametrize(
    ("energies", "weights", "message"),
    [
        ([ENERGY, ENERGY], [1, 0], "positive multiplicity"),
        ([ENERGY, ENERGY], [1], "positive multiplicity"),
        ([], [], "positive multiplicity"),
        ([ENERGY, ENERGY + 100], [1, 1], "no energy in common"),
    ],
)
def test_sums_that_make_no_sense_are_refused(energies: list[np.ndarray], weights: list[float], message: str) -> None:
    with pytest.raises(ComparisonError, match=message):
        weighted_spectrum(energies, [line(5)] * len(energies), weights)


@pytest.mark.parametrize(
    ("energy", "intensity", "message"),
    [
        (ENERGY[::-1], line(5), "ascending"),
        (ENERGY, line(5) * np.nan, "finite"),
        (ENERGY[:-1], line(5), "as many energies as intensities"),
        (ENERGY[:2], line(5)[:2], "as many energies"),
        (ENERGY, 0 * ENERGY, "zero everywhere"),
    ],
)
def test_what_is_no_spectrum_is_refused(energy: np.ndarray, intensity: np.ndarray, message: str) -> None:
    with pytest.raises(ComparisonError, match=message):
        peaks(energy, intensity)
    with pytest.raises(ComparisonError, match=message):
        compare(energy, intensity, intensity)


def test_without_a_peak_nothing_is_compared() -> None:
    with pytest.raises(ComparisonError, match="has no peak"):
        compare(ENERGY, ENERGY + 11, line(5))


@given(shift=st.floats(-9, 9))
@settings(max_examples=15, deadline=None)
def test_a_measured_spectrum_is_moved_back_to_where_it_was(shift: float) -> None:
    measured_energy = np.arange(-15, 60, 0.13)
    measured = 400 * (line(5, energy=measured_energy + shift) + line(12, 2.0, 2.0, energy=measured_energy + shift))
    calculated = line(5) + line(12, 2.0, 2.0)
    assert best_shift(ENERGY, calculated, measured_energy, measured) == pytest.approx(shift, abs=0.06)


def test_a_measured_spectrum_of_another_edge_is_refused() -> None:
    with pytest.raises(ComparisonError, match="is farther than 12 eV from the calculated one"):
        best_shift(ENERGY, line(5), ENERGY + 250, line(5))
