"""The excited electron in bands made by hand."""

import numpy as np

from aiida_gbml.science.spectra.excited_electron import excited_electron

BANDS = np.array(
    [
        [[-5.0, 0.0, 4.0, 9.0], [-4.0, 1.0, 5.0, 8.0]],
        [[-4.8, 0.5, 6.0, 9.5], [-3.8, 1.5, 7.0, 8.5]],
    ]
)


def occupations(up: int, down: int) -> np.ndarray:
    """Return occupations of the lowest bands of each spin."""
    filled = np.zeros((2, 2, 4))
    filled[0, :, :up] = filled[1, :, :down] = 1
    return filled


def test_its_band_is_the_highest_that_only_one_spin_fills() -> None:
    electron = excited_electron(BANDS, occupations(3, 2))
    assert (electron.bottom, electron.top, electron.width) == (4.0, 5.0, 1.0)
    assert electron.valence_top == 1.5  # the other spin reaches higher than the own valence bands at 1.0


def test_the_cut_lies_in_the_middle_of_the_gap_below_it() -> None:
    assert excited_electron(BANDS, occupations(3, 2)).cut == 2.75


def test_a_cell_with_one_electron_has_no_valence_bands() -> None:
    electron = excited_electron(BANDS, occupations(1, 0))
    assert electron.bottom == -5.0
    assert electron.cut < electron.bottom


def test_a_filled_band_lifts_the_electron_by_what_its_k_points_weigh() -> None:
    assert excited_electron(BANDS, occupations(3, 2)).filling == 0.5
    assert excited_electron(BANDS, occupations(3, 2), np.array([0.75, 0.25])).filling == 0.25


def test_a_parabolic_band_lifts_the_electron_by_three_fifths_of_its_top() -> None:
    # free electrons that fill a sphere: mean 3/5 of the Fermi energy (any textbook of solids)
    radius = np.linspace(0.0, 1.0, 2001)
    bands = np.broadcast_to(radius[:, None] ** 2, (2, 2001, 1))
    filled = np.array([1.0, 0.0])[:, None, None] * np.ones((2, 2001, 1))
    assert abs(excited_electron(bands, filled, radius**2).filling - 0.6) < 1e-3
