"""How much, and how, one spectrum differs from another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aiida_gbml.science.archive import Array

_PROMINENCE = 0.05  # of a peak, in heights of the highest one: lower ones are ripples
_THRESHOLD = 5.0  # eV above the edge, where a hole acts most
_ONSET = 0.5  # of the first peak's height
_LEAST_OVERLAP = 0.5  # of the shorter spectrum
_SHIFT_STEP = 0.05  # eV


class ComparisonError(ValueError):
    """The spectra cannot be compared."""


def peaks(energy: Array, intensity: Array, prominence: float = _PROMINENCE) -> Array:
    """Return the (k, 2) energies in eV and heights of the peaks, lowest energy first.

    The place is that of the parabola through the highest point and its neighbours.

    :param energy: (m,) in eV, ascending.
    :param intensity: (m,) in any unit.
    :param prominence: least rise of a peak above its surroundings, in heights of the highest point.
    """
    from scipy.signal import find_peaks

    energy, intensity = _spectrum(energy, intensity)
    found, _ = find_peaks(intensity, prominence=prominence * intensity.max())
    return np.array([_vertex(energy[i - 1 : i + 2], intensity[i - 1 : i + 2]) for i in found]).reshape(-1, 2)


def first_peak(energy: Array, intensity: Array) -> tuple[float, float]:
    """Return the energy in eV and height of the first peak.

    :raises ComparisonError: when there is none.
    """
    found = peaks(energy, intensity)
    if not len(found):
        raise ComparisonError("the spectrum has no peak")
    return float(found[0, 0]), float(found[0, 1])


def median_energy(energy: Array, intensity: Array) -> float:
    """Return the energy in eV below which half of the area lies."""
    energy, intensity = _spectrum(energy, intensity)
    area = np.concatenate([[0.0], np.cumsum(np.diff(energy) * (intensity[1:] + intensity[:-1]) / 2)])
    return float(np.interp(area[-1] / 2, area, energy))


def compare(energy: Array, reference: Array, other: Array) -> dict[str, float]:
    """Return what changes from a reference spectrum, e.g. of the ground state, to another, e.g. with the core hole.

    - ``first_peak_shift``: of the first peak's energy, in eV, positive upwards.
    - ``first_peak_height_ratio``: of the first peak's heights, each in units of its own highest point.
    - ``median_shift``: of the energy that halves the area, in eV.
    - ``threshold_area_ratio``: of the areas in the first 5 eV above the edge (half of the first peak), each as a share
      of its own whole area.
    - ``cosine``: similarity, 1 for spectra of one shape.

    :param energy: (m,) in eV, ascending, of both.
    :param reference: (m,) in any unit.
    :param other: (m,) in any unit.
    :raises ComparisonError: for spectra without a peak and what are not spectra.
    """
    energy, reference = _spectrum(energy, reference)
    energy, other = _spectrum(energy, other)
    old, new = first_peak(energy, reference), first_peak(energy, other)
    return {
        "first_peak_shift": new[0] - old[0],
        "first_peak_height_ratio": float((new[1] / other.max()) / (old[1] / reference.max())),
        "median_shift": median_energy(energy, other) - median_energy(energy, reference),
        "threshold_area_ratio": _threshold_share(energy, other, new) / _threshold_share(energy, reference, old),
        "cosine": float(reference @ other / (np.linalg.norm(reference) * np.linalg.norm(other))),
    }


def spectral_change(first_energy: Array, first: Array, second_energy: Array, second: Array) -> float:
    """Return the largest difference of two spectra where both are known, in units of their highest point.

    :param first_energy: (m,) in eV.
    :param second_energy: (n,) in eV; the second spectrum is interpolated.
    :raises ComparisonError: when less than half of the shorter one is common to both.
    """
    first_energy, first = _spectrum(first_energy, first)
    second_energy, second = _spectrum(second_energy, second)
    low, high = max(first_energy[0], second_energy[0]), min(first_energy[-1], second_energy[-1])
    if high - low < _LEAST_OVERLAP * min(np.ptp(first_energy), np.ptp(second_energy)):
        raise ComparisonError(
            f"the spectra have too little in common: {first_energy[0]:.1f} to {first_energy[-1]:.1f} eV and "
            f"{second_energy[0]:.1f} to {second_energy[-1]:.1f} eV"
        )
    common = (first_energy >= low) & (first_energy <= high)
    interpolated = np.interp(first_energy[common], second_energy, second)
    highest = max(first[common].max(), interpolated.max())
    return float(np.abs(first[common] - interpolated).max() / highest)


def best_shift(energy: Array, intensity: Array, measured_energy: Array, measured: Array, reach: float = 12.0) -> float:
    """Return by how many eV a measured spectrum is moved to be most like a calculated one.

    That is where the cosine is highest, among the shifts that leave half of the shorter spectrum in common.

    :param energy: (m,) in eV, of the calculated spectrum.
    :param measured_energy: (n,) in eV.
    :param reach: largest shift in eV.
    :raises ComparisonError: when no shift brings the spectra together.
    """
    energy, intensity = _spectrum(energy, intensity)
    measured_energy, measured = _spectrum(measured_energy, measured)
    least = _LEAST_OVERLAP * min(np.ptp(energy), np.ptp(measured_energy))
    shifts = np.linspace(-reach, reach, round(2 * reach / _SHIFT_STEP) + 1)
    cosines = np.full(len(shifts), -np.inf)
    for number, shift in enumerate(shifts):
        common = (energy >= measured_energy[0] + shift) & (energy <= measured_energy[-1] + shift)
        if common.any() and np.ptp(energy[common]) >= least:
            moved = np.interp(energy[common] - shift, measured_energy, measured)
            lengths = np.linalg.norm(moved) * np.linalg.norm(intensity[common])
            cosines[number] = moved @ intensity[common] / lengths if lengths else -np.inf
    if not np.isfinite(cosines).any():
        raise ComparisonError(
            f"the measured spectrum, {measured_energy[0]:.1f} to {measured_energy[-1]:.1f} eV, is farther than "
            f"{reach:g} eV from the calculated one, {energy[0]:.1f} to {energy[-1]:.1f} eV"
        )
    return float(shifts[np.argmax(cosines)])


def weighted_spectrum(
    energies: Sequence[Array], intensities: Sequence[Array], multiplicities: Sequence[float], step: float = 0.1
) -> tuple[Array, Array]:
    """Return the average of the spectra of sites, each as often as its site occurs, on one energy axis.

    Below its first energy a spectrum is zero, as there is nothing below an edge; the axis ends with the spectrum that
    ends first, as nobody knows how it goes on.

    :param energies: of each site, (m,) in eV, ascending.
    :param intensities: of each site, (m,), in one unit and not normalised.
    :param step: in eV; the axis has its integer multiples.
    :returns: energies in eV, and intensities for one atom.
    :raises ComparisonError: for spectra that do not overlap or what are not spectra.
    """
    pairs = [_spectrum(*pair) for pair in zip(energies, intensities, strict=True)]
    weights = np.array(multiplicities, dtype=float)
    if not pairs or len(weights) != len(pairs) or not np.all(weights > 0):
        raise ComparisonError(f"every one of {len(pairs)} spectra needs a positive multiplicity, got {multiplicities}")
    low, high = min(pair[0][0] for pair in pairs), min(pair[0][-1] for pair in pairs)
    if high <= max(pair[0][0] for pair in pairs):
        raise ComparisonError("the spectra of the sites have no energy in common")
    grid = step * np.arange(np.floor(low / step + 1e-9), np.floor(high / step + 1e-9) + 1)
    total = sum(weight * np.interp(grid, *pair, left=0.0) for weight, pair in zip(weights, pairs, strict=True))
    return grid, np.asarray(total / weights.sum())


def _spectrum(energy: Array, intensity: Array) -> tuple[Array, Array]:
    """Return both as arrays of numbers.

    :raises ComparisonError: for what is no spectrum.
    """
    energy, intensity = np.asarray(energy, dtype=float), np.asarray(intensity, dtype=float)
    if energy.ndim != 1 or energy.shape != intensity.shape or len(energy) < 3:
        raise ComparisonError(
            f"a spectrum has as many energies as intensities, got {energy.shape} and {intensity.shape}"
        )
    if not (np.isfinite(energy).all() and np.isfinite(intensity).all() and np.all(np.diff(energy) > 0)):
        raise ComparisonError("a spectrum has finite numbers and ascending energies")
    if not intensity.max() > 0:
        raise ComparisonError("the spectrum is zero everywhere")
    return energy, intensity


def _vertex(x: Array, y: Array) -> tuple[float, float]:
    """Return the highest point of the parabola through three points."""
    curvature, slope, _ = np.polyfit(x - x[1], y, 2)
    if curvature >= 0:
        return float(x[1]), float(y[1])
    shift = -slope / (2 * curvature)
    return float(x[1] + shift), float(y[1] + slope * shift / 2)


def _threshold_share(energy: Array, intensity: Array, peak: tuple[float, float]) -> float:
    """Return the share of the area that lies in the first 5 eV above the edge."""
    start = energy[np.argmax(intensity >= _ONSET * peak[1])]
    window = (energy >= start) & (energy <= start + _THRESHOLD)
    return float(np.trapezoid(intensity[window], energy[window]) / np.trapezoid(intensity, energy))
