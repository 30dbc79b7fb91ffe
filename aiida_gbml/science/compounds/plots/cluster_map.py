"""A map of families of compounds: two components of their descriptors, and the criterion of the number of families."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.plot_style import BLACK, BLUE, GREY, PAGE_WIDTH, STYLE, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from aiida_gbml.science.compounds.clustering import Clustering

_MARKERS = "osD^vP*X<>"
_APART = 0.045  # of the axes between two texts
_BESIDE = 4  # points from a mark to its name
_LETTER = 0.02  # of the axes, the width of one


def plot_cluster_map(clustering: Clustering, names: Sequence[str]) -> Figure:
    """Draw compounds by the two leading components, coloured by group, and the silhouette of each number of groups.

    :param clustering: the groups of n compounds.
    :param names: (n,) of the compounds.
    """
    from matplotlib import colormaps, rc_context
    from matplotlib.figure import Figure

    points, labels, nearest = clustering.components.points, clustering.labels, clustering.nearest
    silhouettes = clustering.silhouettes
    flat = np.column_stack([points, np.zeros(len(points))])[:, :2]
    share = [*(100 * clustering.components.explained), 0.0]
    with rc_context(STYLE):
        figure = Figure(figsize=(PAGE_WIDTH, 3.8), layout="constrained")
        several = len(silhouettes) > 1
        parts = figure.subplots(1, 2, width_ratios=(2.4, 1)) if several else [figure.subplots()]
        colours = colormaps["tab10"]
        size = 4 if len(points) < 500 else 2.5
        for label in range(int(labels.max()) + 1):
            own = labels == label
            what = f"group {label + 1}: {own.sum()}, like {names[nearest[label][0]]}"
            parts[0].plot(
                *flat[own].T, _MARKERS[label % 10], ms=size, color=colours(label % 10), mew=0, alpha=0.65, label=what
            )
        _name_centres(parts[0], flat, nearest, names)
        parts[0].set_xlabel(f"first component ({share[0]:.0f} % of the variance)")
        parts[0].set_ylabel(f"second component ({share[1]:.0f} %)")
        parts[0].legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, handletextpad=0.3, markerscale=1.6)
        if several:
            _draw_silhouettes(parts[1], silhouettes, int(labels.max()) + 1)
    return figure


def _name_centres(axes: Axes, flat: Array, nearest: Sequence[Sequence[int]], names: Sequence[str]) -> None:
    """Name the compound nearest to each centre: left of it near the end of the axis, higher where two would overlap."""
    from matplotlib.patheffects import withStroke

    low, high = flat.min(axis=0), flat.max(axis=0)
    room = np.where(high > low, high - low, 1.0)
    taken: list[tuple[float, float, float]] = []
    for rows in sorted(nearest, key=lambda rows: tuple(flat[rows[0]])):
        text = (flat[rows[0]] - low) / room
        width = _LETTER * len(names[rows[0]])
        to_the_left = text[0] > 0.5 and text[0] + width > 1
        begin = text[0] - width * to_the_left
        while any(abs(text[1] - y) < _APART and begin < end and start < begin + width for start, end, y in taken):
            text[1] += _APART
        taken.append((begin, begin + width, text[1]))
        x, y = flat[rows[0]]
        axes.plot([x, x], [y, (low + text * room)[1]], color=GREY, lw=0.5)
        axes.plot(x, y, "o", ms=6, mfc="none", mec=BLACK, mew=1)
        named = axes.annotate(
            names[rows[0]],
            low + text * room,
            xytext=(-_BESIDE if to_the_left else _BESIDE, 0),
            textcoords="offset points",
            fontsize=8,
            fontweight="bold",
            ha="right" if to_the_left else "left",
            va="bottom",
        )
        named.set_path_effects([withStroke(linewidth=2, foreground="white")])  # legible above points


def _draw_silhouettes(axes: Any, silhouettes: Mapping[int, float], chosen: int) -> None:
    numbers = sorted(silhouettes)
    axes.plot(numbers, [silhouettes[number] for number in numbers], "-o", color=BLUE, ms=4, lw=1.2)
    axes.plot(chosen, silhouettes[chosen], "o", ms=9, mfc="none", mec=VERMILION, mew=1.4, label=f"chosen: {chosen}")
    axes.axhline(0, color=GREY, lw=0.6)
    axes.set_xlabel("number of groups")
    axes.set_ylabel("mean silhouette")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(loc="best")
