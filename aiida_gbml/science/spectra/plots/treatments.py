"""The ground state against the core hole, with what was measured laid over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.plot_style import GREY, PAGE_WIDTH, STYLE
from aiida_gbml.science.spectra.plots.curve import COLOURS, DASHES, Curve, drawable, label_energy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BESIDE = 0.1  # of the calculated range, by which a measured spectrum may be longer in the picture


def plot_treatments(
    curves: Sequence[Curve],
    measured: Curve | None = None,
    shift: float = 0.0,
    title: str = "",
    is_absolute: bool = True,
) -> Figure:
    """Draw the spectra of one site under several treatments, and a measured one behind them.

    The measured spectrum is scaled to the height of the calculated ones and moved as told; the legend says both.

    :param curves: one a treatment, e.g. the ground state and the full hole.
    :param shift: added to the measured energies, in eV.
    :param title: such as 'O K of MgO'.
    :param is_absolute: whether the energies are transition energies; otherwise they count from a level.
    :raises ValueError: when there is nothing to draw, or the measured spectrum is not in the calculated range.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    known = drawable(curves)
    top = max(curve.height for curve in known)
    with rc_context(STYLE):
        figure = Figure(figsize=(PAGE_WIDTH * 0.75, 3.4), layout="constrained")
        axes = figure.subplots()
        label_energy(axes, known, is_absolute)
        if measured is not None:
            _draw_measured(axes, measured.known(), shift, top)
        for number, curve in enumerate(known):
            colour, dashes = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
            axes.plot(curve.energy, curve.intensity, dashes, color=colour, lw=1.5, label=curve.label)
        axes.set_ylim(min(0.0, *(float(np.min(curve.intensity)) for curve in known)), 1.05 * top)
        axes.set_ylabel("intensity (arb. units)")
        axes.set_yticks([])
        axes.set_title(title, loc="left")
        figure.legend(loc="outside upper center", ncols=2, columnspacing=1.6, handlelength=2.8)
    return figure


def _draw_measured(axes: Axes, measured: Curve, shift: float, top: float) -> None:
    """Draw a measured spectrum as a grey area, as far as there are calculated ones."""
    low, high = axes.get_xlim()
    margin = _BESIDE * (high - low)
    energy = measured.energy + shift
    inside = (energy >= low - margin) & (energy <= high + margin)
    if not inside.any() or not np.max(measured.intensity[inside]) > 0:
        raise ValueError(
            f"the measured spectrum '{measured.label}', {measured.energy[0]:.1f} to {measured.energy[-1]:.1f} eV "
            f"moved by {shift:+.2f} eV, is not within the calculated range of {low:.1f} to {high:.1f} eV"
        )
    scaled = measured.intensity[inside] * top / np.max(measured.intensity[inside])
    moved = f"moved by {shift:+.2f} eV, scaled".replace("-", "−") if shift else "not moved, scaled"
    axes.fill_between(energy[inside], scaled, color=GREY, alpha=0.3, lw=0, label=f"{measured.label} ({moved})")
    axes.plot(energy[inside], scaled, color=GREY, lw=0.8)
    axes.set_xlim(min(low, energy[inside][0]), max(high, energy[inside][-1]))
