"""A map of ions: near each other are those that a recommender has learned to be alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition import SYMBOLS
from aiida_gbml.science.compounds.elements import element_table
from aiida_gbml.science.plot_style import BLACK, BLUE, GREEN, GREY, ORANGE, PAGE_WIDTH, STYLE, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from aiida_gbml.science.compounds.recommenders.base import IonVectors

_PURPLE, _SKY = "#CC79A7", "#56B4E9"  # of the same colour set as the others

FAMILIES: dict[str, str] = {
    "alkali metals": VERMILION,
    "alkaline earths": ORANGE,
    "rare earths": GREEN,
    "actinides": GREY,
    "early transition metals": BLUE,
    "late transition metals": _SKY,
    "p-block metals": _PURPLE,
    "non-metals": BLACK,
}
"""Colours of the families of elements."""

_NON_METALS = {1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 33, 34, 35, 52, 53}
_LANTHANIDES, _ACTINIDES = range(57, 72), range(89, 104)
_LAST_EARLY = 7  # group of manganese
_ROUNDS = 300
_ROOM = np.array([0.032, 0.026])  # of a symbol, as parts of the axes


def plot_factor_map(vectors: Mapping[str, IonVectors], title: str = "") -> Figure:
    """Draw the symbols of ions in two dimensions, coloured by family, one picture for each role.

    The places are the two leading principal components of the vectors, all brought to the same length: what counts is
    their direction, not how common an ion is. Symbols that would cover each other are moved apart.

    :param vectors: of ``cations`` and, where there are any, of ``anions``.
    :raises ValueError: when there are fewer than three ions to draw.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    maps = {role: (_seen(one), project(_directions(one))) for role, one in vectors.items() if len(_seen(one)) > 2}
    if not maps:
        raise ValueError("the model has no factors of three ions or more, so that there is nothing to draw")
    with rc_context(STYLE):
        figure = Figure(figsize=(PAGE_WIDTH, 5.4), layout="constrained")
        widths = [3, 1.3][: len(maps)]
        parts = figure.subplots(1, len(maps), width_ratios=widths, squeeze=False)[0]
        drawn: set[str] = set()
        for axes, (role, (numbers, (points, share))) in zip(parts, maps.items(), strict=True):
            _draw(axes, numbers, points, sum(widths) / widths[list(maps).index(role)])
            axes.set_title(f"{title}: {len(numbers)} {role}" if title and len(maps) == 1 else f"{len(numbers)} {role}")
            axes.set_xlabel(f"first component ({100 * share[0]:.0f} % of the variance)")
            axes.set_ylabel(f"second component ({100 * share[1]:.0f} %)")
            drawn |= {family(int(number)) for number in numbers}
        handles = [
            Line2D([], [], color=colour, marker="o", ms=5, ls="none", label=name)
            for name, colour in FAMILIES.items()
            if name in drawn
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=4, handletextpad=0.2)
        if title and len(maps) > 1:
            figure.suptitle(title, fontsize=9)
    return figure


def family(number: int) -> str:
    """Return the family of an element, one of :data:`FAMILIES`."""
    if number in _NON_METALS:
        return "non-metals"
    if number in _ACTINIDES:
        return "actinides"
    if number in _LANTHANIDES or number in (21, 39):
        return "rare earths"
    group = int(element_table().of(np.array([number]), ["group"])[0, 0])
    if group <= 2:
        return ("alkali metals", "alkaline earths")[group - 1]
    if group > 12:
        return "p-block metals" if group < 18 else "non-metals"
    return "early transition metals" if group <= _LAST_EARLY else "late transition metals"


def project(vectors: Array) -> tuple[Array, Array]:
    """Return the (n, 2) leading principal components of (n, R) vectors, and the parts of the variance of the two.

    The larger absolute coordinate of each axis is positive, so that the picture does not flip.
    """
    centred = vectors - vectors.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    points = np.zeros((len(vectors), 2))
    width = min(2, len(values))
    points[:, :width] = left[:, :width] * values[:width]
    highest = points[np.argmax(np.abs(points), axis=0), [0, 1]]
    total = float(np.sum(values**2)) or 1.0
    share = np.zeros(2)
    share[:width] = values[:width] ** 2 / total
    return points * np.where(highest < 0, -1.0, 1.0), share


def spread(places: Array, room: Array) -> Array:
    """Return (n, 2) places in the unit square moved apart, so that boxes of a size around them hardly overlap.

    :param room: (2,) width and height of a box.
    """
    moved = places + 1e-6 * np.arange(len(places))[:, None] * [1.0, -1.0]  # equal places go different ways
    for _ in range(_ROUNDS):
        apart = moved[:, None] - moved[None]
        overlap = np.maximum(room - np.abs(apart), 0.0)
        overlap[np.arange(len(moved)), np.arange(len(moved))] = 0.0
        both = (overlap > 0).all(axis=2)
        if not both.any():
            break
        shorter = overlap[..., 0] / room[0] < overlap[..., 1] / room[1]  # the nearer way out of the overlap
        push = np.where(np.stack([shorter, ~shorter], axis=2), overlap * np.sign(apart), 0.0)
        moved = moved + 0.3 * np.where(both[..., None], push, 0.0).sum(axis=1)
    return moved


def _draw(axes: Axes, numbers: Array, points: Array, wider: float) -> None:
    """Write the symbols, with a line to their places where they were moved."""
    low, high = points.min(axis=0), points.max(axis=0)
    size = np.where(high > low, high - low, 1.0)
    texts = low + size * spread((points - low) / size, _ROOM * [wider, 1.0])
    for number, point, text in zip(numbers.tolist(), points, texts, strict=True):
        colour = FAMILIES[family(number)]
        axes.plot(*np.stack([point, text], axis=1), color=colour, lw=0.5, alpha=0.5)
        axes.text(
            text[0], text[1], SYMBOLS[number], color=colour, ha="center", va="center", fontsize=8, fontweight="bold"
        )
    margin = 0.05 * size
    axes.set_xlim(min(low[0], texts[:, 0].min()) - margin[0], max(high[0], texts[:, 0].max()) + margin[0])
    axes.set_ylim(min(low[1], texts[:, 1].min()) - margin[1], max(high[1], texts[:, 1].max()) + margin[1])


def _seen(one: IonVectors) -> Array:
    """Return the numbers of the ions that have a vector."""
    return one.numbers[_lengths(one) > 0]


def _directions(one: IonVectors) -> Array:
    """Return the vectors of the ions that have one, of length one."""
    lengths = _lengths(one)
    directions: Array = one.vectors[lengths > 0] / lengths[lengths > 0, None]
    return directions


def _lengths(one: IonVectors) -> Array:
    lengths = np.linalg.norm(one.vectors, axis=1)
    return np.where(lengths > 1e-6 * lengths.max(initial=0.0), lengths, 0.0)
