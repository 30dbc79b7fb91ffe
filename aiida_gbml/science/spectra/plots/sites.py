"""Spectra of the sites of a structure over each other, with their weighted sum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.plot_style import BLACK, BLUE, PAGE_WIDTH, STYLE
from aiida_gbml.science.spectra.comparison import weighted_spectrum
from aiida_gbml.science.spectra.plots.curve import COLOURS, DASHES, Curve, drawable, label_energy, label_right

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_STACKED = 10
_STEP = 0.05  # eV, of the sum
_DISTANCE = 1.08  # of stacked baselines, in heights of the highest curve


def plot_sites(curves: Sequence[Curve], title: str = "", is_absolute: bool = True) -> Figure:
    """Draw the spectra of sites, and if there are several, below them their average over all atoms.

    Up to ten sites stand one above the other, on one scale; more are thin lines behind their average.

    :param curves: one a site, with its multiplicity.
    :param title: such as 'O K of SiO2'.
    :param is_absolute: whether the energies are transition energies; otherwise they count from a level.
    :raises ValueError: when there is nothing to draw or the sites have no energy in common.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    known = drawable(curves)
    total = Curve(
        "average",
        *weighted_spectrum(
            [one.energy for one in known], [one.intensity for one in known], [one.multiplicity for one in known], _STEP
        ),
    )
    draw, rows = (_draw_stacked, len(known) + 1) if len(known) <= _MOST_STACKED else (_draw_behind, 4)
    with rc_context(STYLE):
        figure = Figure(figsize=(PAGE_WIDTH * 0.75, 1.4 + 0.55 * max(3, rows)), layout="constrained")
        axes = figure.subplots()
        draw(axes, known, total)
        label_energy(axes, known, is_absolute)
        axes.set_yticks([])
        axes.set_title(title, loc="left")
    return figure


def _draw_stacked(axes: Axes, curves: Sequence[Curve], total: Curve) -> None:
    """Draw each curve on a baseline of its own, the average lowest, with names to the right."""
    distance = _DISTANCE * max(curve.height for curve in curves)
    rows = [*curves, total] if len(curves) > 1 else curves
    for number, curve in enumerate(rows):
        base = (len(rows) - 1 - number) * distance
        axes.axhline(base, color=BLACK, lw=0.3, alpha=0.5)
        if curve is total:
            axes.plot(curve.energy, curve.intensity + base, color=BLACK, lw=1.8)
            label_right(axes, base, curve.label)
        else:
            dashes, colour = DASHES[number // len(COLOURS) % len(DASHES)], COLOURS[number % len(COLOURS)]
            axes.plot(curve.energy, curve.intensity + base, dashes, color=colour, lw=1.2)
            label_right(axes, base, f"{curve.label} (×{curve.multiplicity})")
    axes.set_ylim(-0.04 * distance, len(rows) * distance)
    axes.set_ylabel("intensity (arb. units), shifted")


def _draw_behind(axes: Axes, curves: Sequence[Curve], total: Curve) -> None:
    """Draw all curves as thin lines on one baseline, and their average before them."""
    opacity = float(np.clip(6 / len(curves), 0.08, 0.6))
    for number, curve in enumerate(curves):
        label = f"{len(curves)} sites" if number == 0 else None
        axes.plot(curve.energy, curve.intensity, color=BLUE, lw=0.8, alpha=opacity, label=label)
    axes.plot(total.energy, total.intensity, color=BLACK, lw=1.8, label=total.label)
    axes.set_ylim(0, 1.03 * max(curve.height for curve in curves))
    axes.set_ylabel("intensity (arb. units)")
    legend = axes.figure.legend(loc="outside upper right", ncols=2)
    for handle in legend.get_lines():
        handle.set_alpha(1)
