"""The gamma-surface: the predicted boundary energy over all translations of one grain against the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.interfaces.candidates import CandidateSet
from aiida_gbml.science.interfaces.translations import TranslationGroup
from aiida_gbml.science.plot_style import BLACK, PAGE_WIDTH, RED, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FINE = 120  # points of the drawn mesh along each vector of the cell
_SHOWN = 0.98  # of the energies lie inside the colour scale
_SAME = 1e-4  # Å: translations closer than this are one


def plot_gamma_surface(
    candidates: CandidateSet, mean: Array, deviation: Array, evaluated: Sequence[int] = (), best: int | None = None
) -> Figure:
    """Draw the predicted energy and its standard deviation over the cell of non-identical displacements.

    At each translation the lowest prediction over gaps, terminations and removed atoms is shown; the symmetry of the
    boundary unfolds it over the cell. A centred cell is drawn as its rectangle.

    :param candidates: the n candidates of a search.
    :param mean: (n,) predicted excess energies in J/m².
    :param deviation: (n,) their standard deviations in J/m².
    :param evaluated: rows that were evaluated.
    :param best: row of the most stable structure found.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    cell = drawn_cell(candidates.group.lattice)
    lowest = _lowest(candidates.translations, mean)
    predictions = np.column_stack([mean, deviation])[lowest]
    mesh, surfaces = unfold(candidates.group, cell, candidates.translations[lowest], predictions)
    width, height = np.ptp(_corners(cell), axis=0)
    with rc_context(STYLE):
        rows, columns = (2, 1) if width > 1.5 * height else (1, 2)
        figure = Figure(figsize=_size(width / height, rows, columns), layout="compressed")
        panels = figure.subplots(rows, columns, sharex=True, sharey=True)
        _draw_surface(
            panels[0], mesh, surfaces[..., 0], "predicted excess\nenergy (J/m²)", colours="viridis", least=1e-3
        )
        _draw_contours(panels[0], mesh, surfaces[..., 0])
        _draw_surface(
            panels[1], mesh, 1000 * surfaces[..., 1], "standard deviation\n(mJ/m²)", colours="magma", least=0.1
        )
        for axes in panels:
            _draw_points(axes, candidates, cell, evaluated, best)
            axes.label_outer(remove_inner_ticks=True)
        handles, names = panels[0].get_legend_handles_labels()
        if handles:
            figure.legend(handles, names, loc="outside upper center", ncols=len(handles))
    return figure


def drawn_cell(lattice: Array) -> Array:
    """Return the (2, 2) cell in Å that is drawn for a lattice: a rectangle of at most two primitive cells, if any.

    Else the primitive cell, turned so that it lies to the right of and above its origin as far as it can.
    """
    indices = np.array([[i, j] for i in range(-3, 4) for j in range(-3, 4) if (i, j) != (0, 0)])
    vectors = indices @ lattice
    lengths = np.linalg.norm(vectors, axis=1)
    edges = [lengths[np.abs(vectors[:, other]) < _SAME].min(initial=np.inf) for other in (1, 0)]
    if edges[0] * edges[1] < 2.5 * abs(np.linalg.det(lattice)):
        return np.diag(edges)
    first, second = sorted(lattice, key=lambda vector: -abs(vector[0]))
    return np.array([first * np.copysign(1.0, first[0]), second * np.copysign(1.0, second[1])])


def unfold(group: TranslationGroup, cell: Array, translations: Array, values: Array) -> tuple[Array, Array]:
    """Return functions known at one translation of each orbit on a fine mesh over a cell.

    :param cell: (2, 2) a cell of the group's lattice, primitive or not, in Å.
    :param translations: (n, 2) in Å.
    :param values: (n, m) values of m functions.
    :return: (f, f, 2) points of the mesh in Å and (f, f, m) values there.
    """
    from scipy.interpolate import CloughTocher2DInterpolator

    margin = min(1.0, 4.0 / np.sqrt(len(translations)))  # a few points around the cell, that it lies inside of them all
    points, rows = _everywhere(group, cell, translations, margin)
    interpolate = CloughTocher2DInterpolator(points, values[rows], tol=1e-3)
    fractions = np.stack(np.meshgrid(*2 * [np.linspace(0, 1, _FINE)], indexing="ij"), axis=-1)
    mesh = fractions @ cell
    return mesh, np.clip(interpolate(mesh), values.min(axis=0), values.max(axis=0))


def _everywhere(group: TranslationGroup, cell: Array, translations: Array, margin: float) -> tuple[Array, Array]:
    """Return all equivalents of some translations in and around a cell.

    :param margin: how far around, as a fraction of the cell.
    :return: (k, 2) equivalents in Å, and the (k,) rows of the translations that they belong to.
    """
    images = group.images(translations).reshape(-1, 2)
    rows = np.tile(np.arange(len(translations)), len(group))
    steps = range(-4, 5)
    shifts = np.array([[i, j] for i in steps for j in steps]) @ group.lattice
    points = (images[None] + shifts[:, None]).reshape(-1, 2)
    rows = np.tile(rows, len(shifts))
    fractions = points @ np.linalg.inv(cell)
    near = np.all((fractions > -margin - 1e-6) & (fractions < 1 + margin + 1e-6), axis=1)
    _, first = np.unique(np.round(points[near] / _SAME), axis=0, return_index=True)
    return points[near][first], rows[near][first]


def _lowest(translations: Array, mean: Array) -> Array:
    """Return, for each distinct translation, the row of the lowest prediction."""
    keys = np.round(translations / _SAME)
    order = np.lexsort((mean, *keys.T))
    is_first = np.any(np.diff(keys[order], axis=0, prepend=np.nan) != 0, axis=1)
    rows: Array = order[is_first]
    return rows


def _corners(cell: Array) -> Array:
    """Return the (5, 2) closed outline of a cell in Å."""
    corners: Array = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]) @ cell
    return corners


def _size(aspect: float, rows: int, columns: int) -> tuple[float, float]:
    """Return the size in inches of a figure whose panels have a given ratio of width to height."""
    panel = PAGE_WIDTH / columns - 1.6
    height = min(panel / aspect, 4.5)
    return PAGE_WIDTH, rows * (height + 0.2) + 0.9


def _draw_surface(axes: Axes, mesh: Array, values: Array, label: str, *, colours: str, least: float) -> None:
    """Draw values as colours, with a colour bar as high as the axes; the few highest are beyond its end.

    :param least: range of values that the colours cover at least, so that noise does not look like a landscape.
    """
    low = values.min()
    high = max(np.quantile(values, _SHOWN), low + least)
    drawn = axes.pcolormesh(
        mesh[..., 0], mesh[..., 1], values, shading="gouraud", cmap=colours, vmin=low, vmax=high, rasterized=True
    )
    axes.set(aspect="equal", xlabel="translation x (Å)", ylabel="translation y (Å)")
    axes.spines[:].set_visible(False)
    axes.figure.colorbar(drawn, cax=axes.inset_axes((1.04, 0, 0.04, 1)), label=label, extend="max")


def _draw_contours(axes: Axes, mesh: Array, values: Array) -> None:
    low, high = values.min(), np.quantile(values, _SHOWN)
    if low < high:
        levels = np.linspace(low, high, 9)[1:-1]
        axes.contour(mesh[..., 0], mesh[..., 1], values, levels=levels, colors="white", linewidths=0.4, alpha=0.6)


def _draw_points(axes: Axes, candidates: CandidateSet, cell: Array, evaluated: Sequence[int], best: int | None) -> None:
    """Mark what was evaluated and the best of it, with all equivalents in the cell."""
    axes.plot(*_corners(cell).T, color=BLACK, lw=0.8, clip_on=False)
    if len(evaluated):
        points, _ = _everywhere(candidates.group, cell, candidates.translations[list(evaluated)], margin=0.0)
        label = "evaluated (and equivalent)"
        axes.plot(*points.T, "o", ms=3.5, mfc="white", mec=BLACK, mew=0.6, clip_on=False, label=label)
    if best is not None:
        points, _ = _everywhere(candidates.group, cell, candidates.translations[[best]], margin=0.0)
        axes.plot(*points.T, "*", ms=11, mfc=RED, mec="white", mew=0.8, clip_on=False, label="most stable")
