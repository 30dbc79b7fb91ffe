"""The course of a search: energy against evaluation, with the best so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.plot_style import BLACK, BLUE, GREEN, GREY, PAGE_WIDTH, STYLE, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHOWN = 0.85  # of the energies above the best lie inside the axes, the highest ones are arrows at their upper edge


def plot_convergence(
    energies: Array, n_initial: int = 0, expected_regrets: Array | None = None, tolerance: float | None = None
) -> Figure:
    """Draw the energy of each evaluation and the lowest so far; below, how much may still be gained.

    :param energies: (n,) excess energies in J/m² in the order of evaluation, NaN where an evaluation failed.
    :param n_initial: so many evaluations at the beginning are the initial design.
    :param expected_regrets: (k, 2) number of evaluations known and expected regret in J/m² at that moment.
    :param tolerance: expected regret in J/m² at which the search stops.
    :raises ValueError: when no evaluation succeeded.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    if not np.any(np.isfinite(energies)):
        raise ValueError("there is nothing to draw: no evaluation has succeeded")
    regrets = np.zeros((0, 2)) if expected_regrets is None else np.asarray(expected_regrets, dtype=float)
    regrets = regrets[np.isfinite(regrets[:, 1]) & (regrets[:, 1] > 0)]
    with rc_context(STYLE):
        figure = Figure(figsize=(PAGE_WIDTH * 0.75, 4.6 if len(regrets) else 3.2), layout="constrained")
        if len(regrets):
            upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 1))
            _draw_regrets(lower, regrets, tolerance)
        else:
            upper = lower = figure.subplots()
        _draw_energies(upper, np.asarray(energies, dtype=float), n_initial)
        lower.set_xlabel("evaluation")
        lower.set_xlim(0, len(energies) + 1)
        lower.xaxis.get_major_locator().set_params(integer=True)
    return figure


def _draw_energies(axes: Axes, energies: Array, n_initial: int) -> None:
    """Draw points, the running minimum, failures along the upper edge, and the initial design as a shaded band."""
    number = np.arange(1, len(energies) + 1)
    running = np.fmin.accumulate(energies)
    best = int(np.nanargmin(energies))
    top = _top(energies)
    inside, above = energies <= top, energies > top
    axes.set_ylim(energies[best] - 0.08 * (top - energies[best]), top + 0.12 * (top - energies[best]))
    if n_initial:
        axes.axvspan(0, n_initial + 0.5, color=GREY, alpha=0.15, lw=0, label="initial design")
    axes.plot(number[inside], energies[inside], "o", ms=4, mfc="white", mec=BLUE, mew=1, label="evaluated")
    edge = axes.get_xaxis_transform()
    if above.any():
        axes.plot(
            number[above], np.full(above.sum(), 0.95), "^", ms=4, color=BLUE, transform=edge, label="off the scale"
        )
    failed = np.isnan(energies)
    if failed.any():
        axes.plot(
            number[failed],
            np.full(failed.sum(), 0.95),
            "x",
            ms=5,
            mew=1.4,
            color=VERMILION,
            transform=edge,
            label="failed",
        )
    axes.step(number, running, where="post", color=BLACK, lw=1.3, label="best so far", zorder=1.5)
    axes.plot(
        number[best],
        energies[best],
        "*",
        ms=12,
        color=GREEN,
        mec="white",
        mew=0.8,
        label=f"best: {energies[best]:.4f} J/m² (evaluation {number[best]})",
    )
    axes.set_ylabel("excess energy (J/m²)")
    axes.figure.legend(loc="outside upper center", ncols=3, columnspacing=1.6, handletextpad=0.5)


def _top(energies: Array) -> float:
    """Return the highest energy that is drawn to scale: a few bad starts must not flatten all the others."""
    known = energies[np.isfinite(energies)]
    top = float(np.quantile(known, _SHOWN))
    return top if top > known.min() else float(known.min()) + 0.1


def _draw_regrets(axes: Axes, regrets: Array, tolerance: float | None) -> None:
    axes.semilogy(regrets[:, 0], regrets[:, 1], "-", color=BLUE, lw=1.3, marker="o", ms=3)
    axes.set_ylabel("expected\nregret (J/m²)")
    if tolerance:
        axes.axhline(tolerance, color=VERMILION, lw=1, ls="--")
        axes.annotate(
            f"stops below {tolerance:g} J/m²",
            (0.01, tolerance),
            xycoords=("axes fraction", "data"),
            xytext=(0, 3),
            textcoords="offset points",
            color=VERMILION,
            fontsize=8,
        )
