"""Energies are placed as in the published formula, and levels found between bands."""

import numpy as np
import pytest
from scipy.constants import physical_constants

from aiida_gbml.science.spectra.transition_energy import (
    TransitionError,
    absolute_energies,
    edge_onset,
    levels,
    transition_energy,
)

RYDBERG = physical_constants["Rydberg constant times hc in eV"][0]


def test_the_formula_with_the_core_term_of_published_numbers() -> None:
    # Si 2p: total energies of the all-electron and the pseudo atom, with hole and without, in Ry; term 153.760 eV
    all_electron, pseudo = -571.586648 + 579.674871, -14.235273 + 11.022319
    assert transition_energy(0.0, 0.0, (all_electron - pseudo) * RYDBERG) == pytest.approx(153.760, abs=5e-4)
    # MgO, 16 atoms, with the O 1s term of 746.845 eV: 538.50 eV
    assert transition_energy(-345.399497 * RYDBERG, -360.712428 * RYDBERG, 746.845) == pytest.approx(538.50, abs=5e-3)


def test_energies_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(TransitionError, match="must be finite, got nan"):
        transition_energy(float("nan"), 0.0, 0.0)


BANDS = np.array([[-5.0, 1.0, 4.0], [-4.5, 1.5, 3.5]])


def test_levels_of_an_insulator() -> None:
    found = levels(BANDS, np.array([[2.0, 2.0, 0.0]] * 2))
    assert (found.homo, found.lumo, found.fermi) == (1.5, 3.5, 2.5)


def test_levels_of_two_spins_are_those_of_both() -> None:
    occupations = np.array([[[1.0, 1.0, 1.0]] * 2, [[1.0, 1.0, 0.0]] * 2])
    found = levels(np.array([BANDS, BANDS + 0.2]), occupations)
    assert found.homo == 4.0
    assert found.lumo == pytest.approx(3.7)


def test_without_empty_bands_there_is_no_lowest_one() -> None:
    found = levels(BANDS[:, :2], np.full((2, 2), 2.0))
    assert (found.homo, found.lumo, found.fermi) == (1.5, None, 1.5)


def test_a_metal_has_the_fermi_level_of_its_program() -> None:
    occupations = np.array([[2.0, 1.7, 0.2], [2.0, 1.2, 0.4]])
    assert levels(BANDS, occupations, metallic=True, fermi=2.2).fermi == 2.2
    with pytest.raises(TransitionError, match="must come from the program"):
        levels(BANDS, occupations, metallic=True)


def test_arrays_that_tell_no_levels_are_refused() -> None:
    with pytest.raises(TransitionError, match="tell no levels"):
        levels(BANDS, np.ones((2, 2)))
    with pytest.raises(TransitionError, match="tell no levels"):
        levels(BANDS * np.nan, np.ones((2, 3)))
    with pytest.raises(TransitionError, match="no band is occupied"):
        levels(BANDS, np.zeros((2, 3)))


def test_the_first_final_state_stands_at_the_transition_energy() -> None:
    zero, level = 13.3, 17.5
    energy = np.array([-1.0, level - zero, 10.0])
    assert np.allclose(absolute_energies(energy, zero, level, 538.5), [533.3, 538.5, 544.3])


def test_the_onset_is_half_of_the_first_peak() -> None:
    energy = np.linspace(0, 20, 401)
    gaussian = np.exp(-((energy - 8.0) ** 2) / 2) + 3 * np.exp(-((energy - 15) ** 2) / 2)
    assert edge_onset(energy, gaussian) == pytest.approx(8 - np.sqrt(2 * np.log(2)), abs=2e-3)
    assert edge_onset(energy, gaussian, 0.25) == pytest.approx(8 - np.sqrt(2 * np.log(4)), abs=2e-3)


def test_without_an_edge_there_is_no_onset() -> None:
    energy = np.linspace(0, 10, 101)
    with pytest.raises(TransitionError, match="there is no edge: the spectrum has no peak"):
        edge_onset(energy, 1 + energy)
    with pytest.raises(TransitionError, match="above its edge already where it begins"):
        edge_onset(energy, 5 + np.exp(-((energy - 5) ** 2)))
