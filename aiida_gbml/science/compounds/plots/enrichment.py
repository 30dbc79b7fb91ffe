"""How much better than chance rankings are, along their length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.evaluation.enrichment import wilson
from aiida_gbml.science.plot_style import BLACK, BLUE, GREEN, GREY, ORANGE, PAGE_WIDTH, STYLE, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LOOKS = [(colour, line) for line in ("-", "--", ":") for colour in (BLUE, ORANGE, GREEN, VERMILION)]
MOST_CURVES = len(_LOOKS)
"""Rankings that can be told apart in one picture."""


def plot_enrichment(
    points: Array, hits: Mapping[str, Array], n_later: int, n_candidates: int, *, title: str = "", unseen: str = "later"
) -> Figure:
    """Draw hits and enrichment of rankings over the length of the list; of the first with the 95 % interval (Wilson).

    :param points: (c,) lengths of lists, ascending.
    :param hits: (c,) hits in them, by name of the ranking; the first one is the one that the picture is about.
    :param n_later: candidates that are to be found.
    :param n_candidates: all that are not known.
    :param unseen: what those are that are to be found: later, or held-out.
    :raises ValueError: when there is nothing to draw, or too much.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    if not 0 < len(hits) <= MOST_CURVES or any(np.shape(curve) != np.shape(points) for curve in hits.values()):
        raise ValueError(f"from 1 to {MOST_CURVES} curves of {len(points)} points can be drawn, got {len(hits)}")
    rate = n_later / n_candidates
    with rc_context(STYLE):
        figure = Figure(figsize=(PAGE_WIDTH, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        _draw(left, points, hits, np.ones(len(points)))
        _draw(right, points, hits, points * rate)
        left.plot(points, np.maximum(points * rate, 1e-9), color=GREY, lw=1, ls="-.", label="chance")
        left.plot(points, np.minimum(points, n_later), color=GREY, lw=1, label="perfect ranking")
        right.plot(points, np.minimum(points, n_later) / points / rate, color=GREY, lw=1)
        right.axhline(1, color=GREY, lw=1, ls="-.")
        left.set_ylabel(f"hits (of {n_later:,} {unseen} compositions)")
        right.set_ylabel("enrichment over chance")
        left.set_ylim(0.7, None)
        right.set_ylim(0.7, None)
        for axes in (left, right):
            axes.set_xlabel(f"length of the list (of {n_candidates:,} candidates)")
        left.set_title(title, loc="left")
        figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def _draw(axes: Axes, points: Array, hits: Mapping[str, Array], unit: Array) -> None:
    """Draw curves of hits in some unit on logarithmic scales; where there is no hit yet there is no curve."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    for number, ((name, curve), (colour, line)) in enumerate(zip(hits.items(), _LOOKS, strict=False)):
        seen = curve > 0
        axes.plot(points[seen], curve[seen] / unit[seen], color=colour, ls=line, lw=1.6 if number else 2.2, label=name)
        if number == 0:
            pairs = zip(curve[seen].tolist(), points[seen].tolist(), strict=True)
            bounds = np.array([wilson(*pair) for pair in pairs]).reshape(-1, 2)
            ends = bounds.T * points[seen] / unit[seen]
            axes.fill_between(points[seen], *ends, color=colour, alpha=0.18, lw=0, label=f"{name}, 95 % interval")
    axes.grid(True, which="major", color=BLACK, alpha=0.08, lw=0.6)
