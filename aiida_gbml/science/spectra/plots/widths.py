"""The widths that a broadening gives to each energy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.plot_style import BLUE, ORANGE, PAGE_WIDTH, STYLE
from aiida_gbml.science.spectra.broadening import lorentzian_width, validate

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_widths(energy: Array, settings: Mapping[str, Any]) -> Figure:
    """Draw the Lorentzian and the Gaussian width of a broadening over the energy.

    :param energy: (m,) in eV, of the spectrum.
    :param settings: of the broadening.
    :raises BroadeningError: for settings that make no sense.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    validate(settings)
    lifetime = lorentzian_width(energy, settings)
    gaussian = float(np.hypot(settings.get("gaussian", 0.0), settings.get("instrument", 0.0)))
    with rc_context(STYLE):
        figure = Figure(figsize=(PAGE_WIDTH * 0.6, 2.6), layout="constrained")
        axes = figure.subplots()
        axes.plot(energy, lifetime, color=BLUE, lw=1.5, label="Lorentzian, lifetime")
        axes.plot(energy, np.full(len(energy), gaussian), color=ORANGE, lw=1.5, ls="--", label="Gaussian, instrument")
        axes.set_xlim(energy[0], energy[-1])
        axes.set_ylim(0, 1.1 * max(float(lifetime.max()), gaussian, 0.1))
        axes.set_xlabel("energy (eV)")
        axes.set_ylabel("full width at half maximum (eV)")
        axes.ticklabel_format(axis="x", useOffset=False)
        figure.legend(loc="outside upper center", ncols=2)
    return figure
