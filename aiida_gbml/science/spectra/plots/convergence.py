"""How a spectrum settles while its cell grows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.plot_style import BLACK, PAGE_WIDTH, STYLE, VERMILION
from aiida_gbml.science.spectra.plots.curve import Curve, drawable, label_energy, label_right

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DISTANCE = 0.45  # of baselines, in heights of the highest curve: neighbours are compared where they come close


def plot_cell_convergence(
    curves: Sequence[Curve],
    n_atoms: Sequence[int],
    changes: Sequence[float],
    tolerance: float | None = None,
    title: str = "",
) -> Figure:
    """Draw the spectra of growing cells, and how much each differs from the one before.

    :param curves: one a cell, smallest first; all have points.
    :param n_atoms: number of atoms of each cell.
    :param changes: of every cell but the first, the largest difference in units of the highest point.
    :param tolerance: change below which the spectrum counts as converged.
    :raises ValueError: when the numbers do not fit or there is nothing to draw.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    known = drawable(curves)
    if not len(known) == len(n_atoms) == len(changes) + 1:
        raise ValueError(f"{len(known)} spectra have {len(n_atoms)} cells and {len(changes)} changes")
    with rc_context(STYLE):
        figure = Figure(figsize=(PAGE_WIDTH, 3.4), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.7, 1))
        _draw_spectra(left, known)
        _draw_changes(right, n_atoms, changes, tolerance)
        left.set_title(title, loc="left")
    return figure


def _draw_spectra(axes: Axes, curves: Sequence[Curve]) -> None:
    """Draw the curves one above the other, the largest cell on top and darkest."""
    from matplotlib import colormaps

    distance = _DISTANCE * max(curve.height for curve in curves)
    shades = colormaps["cividis"](np.linspace(0.75, 0.0, len(curves)))
    for row, (curve, shade) in enumerate(zip(curves, shades, strict=True)):
        axes.plot(curve.energy, curve.intensity + row * distance, color=shade, lw=1.3)
        label_right(axes, float(curve.intensity[-1]) + row * distance, curve.label)
    label_energy(axes, curves)
    axes.set_yticks([])
    axes.set_ylabel("intensity (arb. units), shifted")


def _draw_changes(axes: Axes, n_atoms: Sequence[int], changes: Sequence[float], tolerance: float | None) -> None:
    """Draw the changes over the number of atoms, and what is tolerated."""
    percent = 100 * np.asarray(changes, dtype=float)
    axes.plot(n_atoms[1:], percent, "o-", color=BLACK, lw=1.2, ms=4)
    if tolerance is not None:
        axes.axhline(100 * tolerance, color=VERMILION, lw=1, ls="--", label=f"converged below {100 * tolerance:g} %")
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)
    axes.set_ylim(0, 1.15 * max([*percent, 200 * (tolerance or 0.0), 1.0]))
    axes.set_xlim(0, 1.08 * max(n_atoms))
    axes.set_xlabel("atoms in the cell")
    axes.set_ylabel("change (% of the highest point)")
