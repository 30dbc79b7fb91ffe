"""Where a calculated spectrum stands on the energy axis, by total energies instead of a fit to experiment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.spectra.comparison import ComparisonError, first_peak


class TransitionError(ValueError):
    """The energies do not tell where the spectrum begins."""


@dataclass(frozen=True)
class Levels:
    """Levels of a calculation, in eV on the scale of its bands.

    :param homo: highest occupied level.
    :param lumo: lowest empty level; none when no empty band was calculated.
    :param fermi: Fermi level of a metal; in an insulator the middle of the gap, or the highest occupied level.
    """

    homo: float
    lumo: float | None
    fermi: float


def transition_energy(ground: float, excited: float, core_term: float) -> float:
    """Return the energy in eV at which the core electron reaches the first empty level.

    E = (E_excited - E_ground) + [(E_AE - E_PS)_hole - (E_AE - E_PS)_ground]: the difference of two cells with
    pseudopotentials, and what the atom's core adds to it (Mizoguchi, Tanaka, Gao & Pickard,
    J. Phys.: Condens. Matter 21, 104204 (2009)).

    :param ground: total energy of the cell in the ground state, in eV.
    :param excited: total energy of the same neutral cell with the hole and the excited electron, in eV.
    :param core_term: the square bracket in eV, of the very pair of pseudopotentials.
    :raises TransitionError: for energies that are not finite.
    """
    if not np.isfinite([ground, excited, core_term]).all():
        raise TransitionError(f"energies must be finite, got {ground}, {excited} and {core_term} eV")
    return (excited - ground) + core_term


def levels(bands: Array, occupations: Array, metallic: bool = False, fermi: float | None = None) -> Levels:
    """Return the levels between occupied and empty bands.

    A level is occupied when it holds more than half of what the fullest level holds.

    :param bands: (k, n) or (spins, k, n) in eV.
    :param occupations: of the same shape, in electrons.
    :param metallic: whether the Fermi level is asked for that the program found, instead of the middle of the gap.
    :param fermi: in eV, needed for a metal.
    :raises TransitionError: for arrays that do not fit, no occupied band, or a metal without Fermi level.
    """
    bands, occupations = np.asarray(bands, dtype=float), np.asarray(occupations, dtype=float)
    if bands.shape != occupations.shape or not bands.size or not np.isfinite(bands).all():
        raise TransitionError(f"bands of the shape {bands.shape} and occupations of {occupations.shape} tell no levels")
    is_occupied = occupations > occupations.max() / 2
    if not is_occupied.any():
        raise TransitionError("no band is occupied")
    homo = float(bands[is_occupied].max())
    lumo = None if is_occupied.all() else float(bands[~is_occupied].min())
    if metallic:
        if fermi is None:
            raise TransitionError("the Fermi level of a metal must come from the program that found it")
        return Levels(homo, lumo, fermi)
    return Levels(homo, lumo, homo if lumo is None else (homo + lumo) / 2)


def absolute_energies(energy: Array, energy_zero: float, level: float, transition_energy: float) -> Array:
    """Return a spectrum's (m,) energies in eV with the first final state at the transition energy.

    :param energy: (m,) in eV, counted from ``energy_zero``.
    :param energy_zero: in eV on the scale of the bands.
    :param level: the first final state on the same scale: the excited electron's level where the cell holds it,
        else the lowest empty one.
    """
    absolute: Array = transition_energy + (np.asarray(energy, dtype=float) + energy_zero - level)
    return absolute


def edge_onset(energy: Array, intensity: Array, fraction: float = 0.5) -> float:
    """Return the energy in eV where a spectrum first reaches a fraction of the height of its first peak.

    This is the half-step of a measured edge, for a calculated spectrum that has no step to be normalised by.

    :param energy: (m,) in eV, ascending.
    :param intensity: (m,) in any unit.
    :raises TransitionError: for a spectrum without a peak or that begins above its edge.
    """
    try:
        _, height = first_peak(energy, intensity)
    except ComparisonError as error:
        raise TransitionError(f"there is no edge: {error}") from None
    above = np.asarray(intensity) >= fraction * height
    after = int(np.argmax(above))
    if after == 0:
        raise TransitionError(f"the spectrum is above its edge already where it begins, at {energy[0]:.2f} eV")
    pair = slice(after - 1, after + 1)
    return float(np.interp(fraction * height, np.asarray(intensity)[pair], np.asarray(energy)[pair]))
