"""The checks of a pseudopotential that are seen better than read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.plot_style import BLACK, BLUE, ORANGE, PAGE_WIDTH, STYLE, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LETTERS = "spdf"


def plot_log_derivatives(
    energies: Array, all_electron: Array, pseudo: Array, limit: float | None = None, title: str = ""
) -> Figure:
    """Draw the logarithmic derivatives of all-electron and pseudo atom for each angular momentum, and how they differ.

    The arctangent of a derivative is drawn, which has no poles; its difference counts up to multiples of π.

    :param energies: (k,) in Ry, ascending.
    :param all_electron: (k, n) logarithmic derivatives, one column for each angular momentum from 0.
    :param pseudo: (k, n) the same.
    :param limit: of the difference in rad, beyond which the dataset is not accepted.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    angles = [np.unwrap(np.arctan(values), period=np.pi, axis=0) for values in (all_electron, pseudo)]
    turns = np.round((angles[1] - angles[0]) / np.pi)
    angles[1] = angles[1] - np.pi * turns[0]
    difference = np.abs(angles[1] - angles[0])
    difference = np.abs(difference - np.pi * np.round(difference / np.pi))
    with rc_context(STYLE):
        figure = Figure(figsize=(PAGE_WIDTH, 3.6), layout="constrained")
        panels = figure.subplots(
            2, all_electron.shape[1], sharex=True, sharey="row", height_ratios=(2, 1), squeeze=False
        )
        for momentum, (upper, lower) in enumerate(panels.T):
            upper.plot(energies, angles[0][:, momentum], color=BLUE, lw=2.2, label="all-electron")
            upper.plot(energies, angles[1][:, momentum], color=ORANGE, lw=1.2, ls="--", label="pseudo")
            upper.set_title(f"{_LETTERS[momentum]}  (l = {momentum})", loc="left")
            _draw_difference(lower, energies, difference[:, momentum], limit, is_first=momentum == 0)
        panels[0, 0].set_ylabel("arctan of the log.\nderivative (rad)")
        panels[1, 0].set_ylabel("difference (rad)")
        figure.suptitle(title, x=0.01, ha="left", fontsize=9)
        figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return figure


def _draw_difference(axes: Axes, energies: Array, difference: Array, limit: float | None, is_first: bool) -> None:
    """Draw a difference over the energy, on a logarithmic scale, and the limit."""
    axes.semilogy(energies, np.maximum(difference, 1e-6), color=BLACK, lw=1)
    axes.set_xlim(energies[0], energies[-1])
    axes.set_ylim(1e-5, 5)
    axes.set_xlabel("energy (Ry)")
    if limit is None:
        return
    axes.axhline(limit, color=VERMILION, lw=1, ls="--")
    if is_first:
        axes.annotate(
            f"limit {limit:g}",
            (0.03, limit),
            xycoords=("axes fraction", "data"),
            xytext=(0, 3),
            textcoords="offset points",
            color=VERMILION,
            fontsize=8,
        )
