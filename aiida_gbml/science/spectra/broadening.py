"""Widths of a spectrum: instrument, lifetimes of the hole and of the excited electron.

Widths are full widths at half maximum in eV. A width belongs to the energy from which intensity is taken, so that the
area stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.special import ndtr

from aiida_gbml.science.archive import Array

FWHM_OF_SIGMA = 2 * np.sqrt(2 * np.log(2))
"""Full width at half maximum of a Gaussian of standard deviation 1."""

_SOURCES = 256
"""Energies whose lines are held in memory at a time."""

_WIDTHS = ("gaussian", "lorentzian", "instrument")
_ARCTANGENT = ("maximum", "center", "onset")


class BroadeningError(ValueError):
    """The settings of a broadening make no sense."""


def validate(settings: Mapping[str, Any]) -> None:
    """Refuse settings of a broadening that are not known or no widths.

    :param settings: ``gaussian``, ``lorentzian`` and ``instrument`` (a Gaussian too), each a width in eV; and
        ``arctangent``, which adds the width of :func:`arctangent_width` to the Lorentzian one, with its ``maximum`` in
        eV, ``center`` in eV and ``onset`` in eV on the axis of the spectrum. All may be left out.
    :raises BroadeningError: naming the setting.
    """
    unknown = sorted(set(settings) - {*_WIDTHS, "arctangent"})
    if unknown:
        raise BroadeningError(
            f"unknown broadening '{unknown[0]}', known are {', '.join(_WIDTHS)} and arctangent, widths (FWHM) in eV"
        )
    for name in _WIDTHS:
        _check_number(settings.get(name, 0.0), f"the width '{name}'", least=0.0)
    if "arctangent" in settings:
        law = settings["arctangent"]
        if not isinstance(law, Mapping) or set(law) != set(_ARCTANGENT):
            raise BroadeningError(f"the broadening 'arctangent' has {', '.join(_ARCTANGENT)}, all in eV, got {law!r}")
        _check_number(law["maximum"], "the 'maximum' of the arctangent", least=0.0)
        _check_number(law["center"], "the 'center' of the arctangent", least=1e-6)
        _check_number(law["onset"], "the 'onset' of the arctangent", least=-np.inf)


def broaden(energy: Array, intensity: Array, settings: Mapping[str, Any]) -> Array:
    """Return a spectrum broadened on its own grid.

    First the lifetimes act, then instrument and other Gaussian widths. What leaves the grid at its ends is lost: the
    last widths of the grid are too low.

    :param energy: (m,) in eV, ascending, not necessarily uniform.
    :param intensity: (m,) or (k, m), k spectra.
    :param settings: see :func:`validate`; nothing changes without settings.
    :raises BroadeningError: for settings and spectra that make no sense.
    """
    validate(settings)
    energy, intensity = np.asarray(energy, dtype=float), np.asarray(intensity, dtype=float)
    if energy.ndim != 1 or len(energy) < 2 or intensity.shape[-1:] != energy.shape or not np.all(np.diff(energy) > 0):
        raise BroadeningError(f"no spectrum: energies of the shape {energy.shape}, intensities of {intensity.shape}")
    lifetime = lorentzian_width(energy, settings)
    gaussian = np.full(len(energy), np.hypot(settings.get("gaussian", 0.0), settings.get("instrument", 0.0)))
    for widths, density, cumulative in ((lifetime, lorentzian, _lorentzian_below), (gaussian, normal, _normal_below)):
        if np.any(widths > 0):
            intensity = _spread(energy, intensity, widths, density, cumulative)
    return intensity


def lorentzian_width(energy: Array, settings: Mapping[str, Any]) -> Array:
    """Return the (m,) Lorentzian widths in eV at (m,) energies in eV under the settings of :func:`validate`."""
    hole = settings.get("lorentzian", 0.0)
    if "arctangent" in settings:
        return arctangent_width(energy, hole, **settings["arctangent"])
    return np.full(np.shape(energy), float(hole))


def arctangent_width(energy: Array, hole: float, maximum: float, center: float, onset: float) -> Array:
    """Return Lorentzian widths in eV that grow from the lifetime of the hole with the energy of the electron.

    G(E) = G_hole + G_max [1/2 + arctan(e - 1/e²)/π] with e = (E - E_onset)/E_center, and G_hole below the onset
    (Bunău & Calandra, Phys. Rev. B 87, 205105 (2013)).

    :param energy: (m,) in eV.
    :param hole: width at the onset in eV.
    :param maximum: by which the width grows in the end, in eV.
    :param center: energy above the onset at which it has grown by half, in eV.
    :param onset: energy of the edge in eV, on the same axis.
    """
    above = np.asarray(energy, dtype=float) - onset > 0
    reduced = np.where(above, np.asarray(energy, dtype=float) - onset, center) / center
    with np.errstate(over="ignore", divide="ignore"):
        growth = 0.5 + np.arctan(reduced - reduced**-2.0) / np.pi
    widths: Array = hole + np.where(above, maximum * growth, 0.0)
    return widths


def lorentzian(distance: Array, fwhm: Array) -> Array:
    """Return a Lorentzian of area 1."""
    value: Array = fwhm / (2 * np.pi) / (distance**2 + (fwhm / 2) ** 2)
    return value


def normal(distance: Array, fwhm: Array) -> Array:
    """Return a Gaussian of area 1."""
    sigma = fwhm / FWHM_OF_SIGMA
    value: Array = np.exp(-((distance / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi))
    return value


def _lorentzian_below(distance: Array, fwhm: Array) -> Array:
    """Return the area of a Lorentzian below a distance from its middle."""
    below: Array = 0.5 + np.arctan(2 * distance / fwhm) / np.pi
    return below


def _normal_below(distance: Array, fwhm: Array) -> Array:
    """Return the area of a Gaussian below a distance from its middle."""
    below: Array = ndtr(distance * FWHM_OF_SIGMA / fwhm)
    return below


def _spread(
    energy: Array,
    intensity: Array,
    widths: Array,
    density: Callable[[Array, Array], Array],
    cumulative: Callable[[Array, Array], Array],
) -> Array:
    """Return intensities spread by a line of its own width from each energy.

    The sum over a line on the grid is made what its integral over the grid is, which keeps the area exactly and lets
    lines that are narrower than the grid stay where they are.

    :param widths: (m,) in eV; where one is zero, the intensity stays.
    """
    steps = np.gradient(energy)
    steps[[0, -1]] /= 2  # weights of the trapezoidal rule
    safe = np.maximum(widths, 1e-3 * steps)
    inside = cumulative(energy[-1] - energy, safe) - cumulative(energy[0] - energy, safe)
    spread = np.zeros_like(intensity)
    for start in range(0, len(energy), _SOURCES):
        own = slice(start, start + _SOURCES)
        kernel = density(energy[:, None] - energy[own], safe[own])
        kernel *= inside[own] / (steps @ kernel)
        spread += (intensity * steps)[..., own] @ kernel.T
    return spread


def _check_number(value: Any, name: str, least: float) -> None:
    """Refuse what is no finite number or too small."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and np.isfinite(value) and value >= least):
        bound = "" if least == -np.inf else " and not negative" if least == 0 else " and positive"
        raise BroadeningError(f"{name} must be a finite number of eV{bound}, got {value!r}")
