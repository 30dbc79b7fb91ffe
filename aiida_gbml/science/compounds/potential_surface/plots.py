"""Pictures of a search for the path of a mobile atom: the energy along the path, and the course of the search.

Every function takes plain arrays and returns a matplotlib ``Figure`` that belongs to no window and no global state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.plot_style import BLACK, BLUE, GREEN, GREY, PAGE_WIDTH, STYLE, VERMILION

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_path(distances: Array, energies: Array, is_evaluated: Array, deviations: Array | None = None) -> Figure:
    """Draw the energy along the lowest path from a site to its image.

    :param distances: (k,) along the path, Å.
    :param energies: (k,) above the site, eV.
    :param is_evaluated: (k,) whether a point was evaluated; the others are predicted.
    :param deviations: (k,) standard deviations of the predictions, eV.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    top = int(np.argmax(energies))
    with rc_context(STYLE):
        figure = Figure(figsize=(PAGE_WIDTH * 0.75, 3.2), layout="constrained")
        axes = figure.subplots()
        if deviations is not None and np.any(deviations > 0):
            band = 2 * deviations
            axes.fill_between(distances, energies - band, energies + band, color=BLUE, alpha=0.2, lw=0, label="± 2 σ")
        axes.plot(distances, energies, "-", color=GREY, lw=1, zorder=1)
        for own, face, label in ((~is_evaluated, "white", "predicted"), (is_evaluated, BLUE, "evaluated")):
            if own.any():
                axes.plot(distances[own], energies[own], "o", ms=3.5, mfc=face, mec=BLUE, mew=0.8, label=label)
        text = f"bottleneck: {energies[top]:.3f} eV"
        axes.plot(distances[top], energies[top], "*", ms=12, color=VERMILION, mec="white", mew=0.8, label=text)
        axes.set_xlabel("distance along the path (Å)")
        axes.set_ylabel("energy above the site (eV)")
        axes.set_xlim(distances[0], distances[-1])
        figure.legend(loc="outside upper center", ncols=4, columnspacing=1.6, handletextpad=0.5)
    return figure


def plot_course(
    counts: Array, barriers: Array, agreements: Array, *, n_points: int, final: float, exhaustive: float | None = None
) -> Figure:
    """Draw the barrier as it is believed to be against the evaluations, and how certain it is.

    :param counts: (k,) evaluations known at each proposal.
    :param barriers: (k,) eV, NaN while there is no path.
    :param agreements: (k,) shares of the drawn surfaces with this barrier.
    :param n_points: evaluations of an exhaustive search.
    :param final: the barrier in the end, eV.
    :param exhaustive: the barrier of an exhaustive search, eV.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(STYLE):
        figure = Figure(figsize=(PAGE_WIDTH * 0.75, 4.2), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 1))
        reference = final if exhaustive is None else exhaustive
        upper.axhspan(0.99 * reference, 1.01 * reference, color=GREEN, alpha=0.25, lw=0, label="within 1 %")
        if exhaustive is not None:
            text = f"exhaustive, {n_points} evaluations: {exhaustive:.3f} eV"
            upper.axhline(exhaustive, color=GREEN, lw=1.3, label=text)
        upper.plot(counts, barriers, "-o", color=BLUE, ms=3.5, lw=1.3, label="believed")
        last = float(counts[-1])
        upper.plot(last, final, "*", ms=12, color=VERMILION, mec="white", label=f"in the end: {final:.3f} eV")
        known = [*barriers[np.isfinite(barriers)], 0.96 * reference, 1.04 * reference]
        upper.set_ylim(min(known) - 0.01 * reference, max(known) + 0.01 * reference)
        upper.set_ylabel("barrier (eV)")
        lower.plot(counts, 100 * agreements, "-o", color=BLACK, ms=3, lw=1.0)
        lower.set_ylim(-5, 105)
        lower.set_ylabel("surfaces\nthat agree (%)")
        lower.set_xlabel("evaluations")
        lower.set_xlim(0, last * 1.05)
        share = lower.secondary_xaxis(-0.55, functions=(lambda n: 100 * n / n_points, lambda s: s * n_points / 100))
        share.set_xlabel(f"% of {n_points} points")
        figure.legend(loc="outside upper center", ncols=2, columnspacing=1.6, handletextpad=0.5)
    return figure
