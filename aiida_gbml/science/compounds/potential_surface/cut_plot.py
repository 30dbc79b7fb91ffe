"""The energy of a mobile atom on the lattice planes through its site and through the bottleneck."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.potential_surface.grid import SiteGrid
from aiida_gbml.science.plot_style import BLACK, BLUE, GREEN, GREY, ORANGE, PAGE_WIDTH, STYLE, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHOWN = 2.0  # barriers above the site: the walls of the surface are not drawn to scale
_NEAR = 0.6  # Å from a cut, within which atoms of the host are drawn on it
_ON = 0.05  # Å from a cut, within which points of the grid are on it
_NAMES = "abc"
_CLOSED = "#dddddd"
_LEVEL = 1.2


@dataclass(frozen=True)
class Places:
    """What is marked on the cuts, all in fractions of the cell.

    :param atoms: (m, 3) the host.
    :param symbols: m elements of its atoms.
    :param sites: (s, 3) images of the stable site; the first one lies on every cut of the upper row.
    :param bottlenecks: (b, 3) images of the bottleneck; the first one lies on every cut of the lower row.
    """

    atoms: Array
    symbols: list[str]
    sites: Array
    bottlenecks: Array

    @property
    def groups(self) -> list[tuple[Array, str, dict[str, Any]]]:
        """Places, names and marks, atoms first."""
        palette = (BLACK, "#cc3311", GREY, BLUE)
        own = np.array(self.symbols)
        groups = [
            (self.atoms[own == one], one, {"marker": "o", "ms": 7, "color": palette[number % len(palette)]})
            for number, one in enumerate(sorted(set(self.symbols)))
        ]
        return [
            *groups,
            (self.sites, "site", {"marker": "P", "ms": 7, "color": GREEN}),
            (self.bottlenecks, "bottleneck", {"marker": "*", "ms": 8, "color": VERMILION}),
        ]


def plot_cuts(grid: SiteGrid, energies: Array, barrier: float, places: Places) -> Figure:
    """Draw the energy on three lattice planes through the site and three through the bottleneck, with its level.

    :param energies: (n,) eV above the site, infinite where the atom cannot be.
    :param barrier: eV.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    whole = grid.on_grid(energies).reshape(tuple(grid.divisions))
    with rc_context(STYLE):
        figure = Figure(figsize=(PAGE_WIDTH, 5.2), layout="constrained")
        named: dict[str, Any] = {}
        picture: Any = None
        for row, place in zip(figure.subplots(2, 3), (places.sites[0], places.bottlenecks[0]), strict=True):
            for normal, axes in enumerate(row):
                cut = _Cut(grid, normal, place)
                picture = cut.draw(axes, whole, barrier)
                cut.mark(axes, places)
                named |= dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
        bar = figure.colorbar(picture, ax=figure.axes, extend="max", location="right", shrink=0.6)
        bar.set_label("energy above the site (eV)")
        named["energy of the bottleneck"] = Line2D([], [], color=ORANGE, lw=_LEVEL)
        named["where the atom cannot be"] = Patch(color=_CLOSED)
        figure.legend(named.values(), named, loc="outside lower center", ncols=6, handletextpad=0.3)
    return figure


@dataclass(frozen=True)
class _Cut:
    """One lattice plane through a place.

    :param normal: the cell vector that does not lie in the plane: 0, 1 or 2.
    :param place: (3,) fractional coordinates of a grid point.
    """

    grid: SiteGrid
    normal: int
    place: Array

    @property
    def own(self) -> list[int]:
        """The two cell vectors in the plane."""
        return [axis for axis in range(3) if axis != self.normal]

    @property
    def vectors(self) -> Array:
        """(2, 2) these vectors, in Cartesian axes of the plane, Å."""
        first, second = self.grid.cell[self.own]
        length = np.linalg.norm(first)
        return np.array([[length, 0.0], [second @ first / length, np.linalg.norm(np.cross(first, second)) / length]])

    def draw(self, axes: Axes, whole: Array, barrier: float) -> Any:
        """Draw the energies of the plane and return the picture.

        :param whole: energies in eV of all grid points, as a grid.
        """
        from matplotlib import colormaps

        grid, own = self.grid, self.own
        steps = (self.place - grid.origin)[self.normal] * grid.divisions[self.normal]
        values = np.take(whole, int(np.rint(steps)) % whole.shape[self.normal], axis=self.normal)
        masked = np.ma.masked_invalid(np.pad(values, ((0, 1), (0, 1)), mode="wrap"))
        fractions = [
            np.arange(n + 1) / n + start for n, start in zip(grid.divisions[own], grid.origin[own], strict=True)
        ]
        x, y = np.moveaxis(np.stack(np.meshgrid(*fractions, indexing="ij"), axis=-1) @ self.vectors, -1, 0)
        colours = colormaps["viridis_r"].with_extremes(bad=_CLOSED)
        shown: dict[str, Any] = {"vmin": 0.0, "vmax": _SHOWN * barrier, "shading": "nearest", "rasterized": True}
        picture = axes.pcolormesh(x, y, masked, cmap=colours, **shown)
        if masked.count() and masked.min() < barrier < masked.max():
            axes.contour(x, y, masked, levels=[barrier], colors=[ORANGE], linewidths=_LEVEL)
        names = "".join(_NAMES[axis] for axis in own)
        axes.set_title(f"{names} plane at {_NAMES[self.normal]} = {self.place[self.normal]:.2f}")
        axes.set_aspect("equal")
        axes.set_xlabel("Å")
        return picture

    def mark(self, axes: Axes, places: Places) -> None:
        """Draw what lies on the plane."""
        across = np.cross(*self.grid.cell[self.own])
        across /= np.linalg.norm(across)
        start = self.grid.origin[self.own]
        for found, label, mark in places.groups:
            away = found - self.place
            away -= np.rint(away)
            near = np.abs(away @ self.grid.cell @ across) < (_NEAR if mark["marker"] == "o" else _ON)
            if near.any():
                x, y = (((found[near][:, self.own] - start) % 1.0 + start) @ self.vectors).T
                axes.plot(x, y, ls="", mec="white", mew=0.7, label=label, **mark)
