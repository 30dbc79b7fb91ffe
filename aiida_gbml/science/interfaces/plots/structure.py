"""The boundary itself, seen along the tilt axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.plot_style import BLACK, BLUE, GREY, ORANGE, STYLE

if TYPE_CHECKING:
    from ase import Atoms
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure

_PAGE = (5.0, 6.0)  # inches, the most that the drawing itself takes
_MARGIN = 2.0  # Å drawn beyond the cell
_RADIUS = 0.55  # of the mean covalent radius: one size for all, or small ions would hide behind large ones
_BACK = (1.2, 0.6)  # size and share of white of an atom farther away: it stays visible behind another one
_IMAGE = 0.72  # share of white of a periodic image
_LEAST_ASPECT = 0.6  # width by height: narrow cells are repeated
_DEEPEST = 6  # cells along y until atoms repeat in the projection


class View(NamedTuple):
    """The atoms of one repeat along y as they are seen along y.

    :param rows: (k,) atom of the structure; atoms come several times where the cell is skewed.
    :param x: (k,) in Å, within the cell.
    :param z: (k,) in Å, within the cell where it is periodic.
    :param is_lower: (k,) whether an atom belongs to the lower grain.
    :param is_back: (k,) whether an atom belongs to the farther half of the repeat along y.
    :param width: of the cell along x in Å.
    :param height: of the cell along z in Å, zero where it is not periodic.
    """

    rows: Array
    x: Array
    z: Array
    is_lower: Array
    is_back: Array
    width: float
    height: float


def plot_structure(atoms: Atoms, heights: Sequence[float] | Array, excess_energies: Array | None = None) -> Figure:
    """Draw a bicrystal along y (the tilt axis): x to the right, the boundary normal z up, periodic images faint.

    Colours tell the excess energy of each atom where it is given, else the element, else, for an elemental crystal, the
    grain. Atoms of the farther half of the repeat along y are wider and, but for energies, lighter.

    :param atoms: structure in the frame of the boundary.
    :param heights: z of the boundary planes in Å; the lower grain is below the first.
    :param excess_energies: (N,) energy of each atom above the bulk in eV.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    view = project(atoms, np.asarray(heights, dtype=float))
    beyond = view.width * (_repeats(view) // 2) + _MARGIN
    left, right = -beyond, view.width + beyond
    low, high = (0.0, view.height) if view.height else (view.z.min(), view.z.max())
    low, high = low - _MARGIN, high + _MARGIN
    scale = min(_PAGE[0] / (right - left), _PAGE[1] / (high - low))
    bar = 0.0 if excess_energies is None else 0.9
    with rc_context(STYLE):
        figure = Figure(figsize=((right - left) * scale + 0.8 + bar, (high - low) * scale + 0.9), layout="constrained")
        axes = figure.subplots()
        axes.set(aspect="equal", xlim=(left, right), ylim=(low, high), xlabel="x (Å)", ylabel="z, boundary normal (Å)")
        if excess_energies is None:
            _draw_atoms(axes, atoms, view, _kinds(axes, atoms, view), shaded=True)
        else:
            mappable = _energy_scale(excess_energies)
            _draw_atoms(axes, atoms, view, mappable.to_rgba(excess_energies[view.rows])[:, :3], shaded=False)
            bar_axes = axes.inset_axes((1.03, 0.2, 0.03, 0.6))
            figure.colorbar(mappable, cax=bar_axes, label="excess energy of an atom (eV)", extend="both")
        _draw_planes(axes, heights, view.height)
        _draw_cell(axes, view)
        figure.legend(loc="outside upper center", ncols=4, handletextpad=0.4, columnspacing=1.4)
    return figure


def project(atoms: Atoms, heights: Array) -> View:
    """Return what is seen of a bicrystal along y, wrapped into one rectangle of the projection."""
    cell = atoms.cell.array
    width, height = float(cell[0, 0]), float(cell[2, 2]) if atoms.pbc[2] else 0.0
    depth = _depth(cell[1, 0] / width)
    rows = np.tile(np.arange(len(atoms)), depth)
    positions = (atoms.positions[None] + np.arange(depth)[:, None, None] * cell[1]).reshape(-1, 3)
    fraction = positions[:, 1] / (depth * cell[1, 1])
    x = (positions[:, 0] - np.floor(fraction) * depth * cell[1, 0]) % width
    z = positions[:, 2] % height if height else positions[:, 2]
    edges = np.sort(heights % height if height else heights)
    below_first = np.searchsorted(edges, heights[0] % height if height else heights[0])
    is_lower = (np.searchsorted(edges, z) - below_first) % 2 == 0
    is_back = np.zeros(len(rows), dtype=bool)
    for grain in (is_lower, ~is_lower):
        is_back[grain] = _is_back(fraction[grain])
    return View(rows, x, z, is_lower, is_back, width, height)


def _depth(skew: float) -> int:
    """Return after how many cells along y the projection repeats, for b shifted along x by a share of the width."""
    for depth in range(1, _DEEPEST + 1):
        if abs(depth * skew - round(depth * skew)) < 1e-3:
            return depth
    return 1


def _is_back(fraction: Array) -> Array:
    """Return which atoms lie in the farther half of a repeat, halved where no layer of atoms is cut."""
    front = np.angle(np.mean(np.exp(4j * np.pi * fraction))) / (4 * np.pi) if len(fraction) else 0.0
    is_back: Array = np.abs((fraction - front + 0.5) % 1.0 - 0.5) > 0.25
    return is_back


def _repeats(view: View) -> int:
    """Return the odd number of cells along x that makes the drawing wide enough."""
    wanted = _LEAST_ASPECT * max(view.height, np.ptp(view.z)) / view.width
    return 2 * int(np.ceil((wanted - 1) / 2).clip(0)) + 1


def _energy_scale(excess_energies: Array) -> ScalarMappable:
    """Return colours for energies: grey for the bulk, red above it."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    limit = float(np.quantile(np.abs(excess_energies), 0.99)) or 1.0
    return ScalarMappable(Normalize(-limit, limit), "coolwarm")


def _kinds(axes: Axes, atoms: Atoms, view: View) -> Array:
    """Return the (k, 3) colours by element, or by grain where there is one element, and add them to the legend."""
    from ase.data import chemical_symbols
    from ase.data.colors import jmol_colors
    from matplotlib.colors import to_rgb

    elements = sorted(set(atoms.numbers.tolist()))
    if len(elements) > 1:
        kinds = {chemical_symbols[one]: (_whiten(jmol_colors[one], 0.2), atoms.numbers == one) for one in elements}
        kinds = {name: (colour, chosen[view.rows]) for name, (colour, chosen) in kinds.items()}
    else:
        kinds = {
            "upper grain": (np.array(to_rgb(ORANGE)), ~view.is_lower),
            "lower grain": (np.array(to_rgb(BLUE)), view.is_lower),
        }
    colours = np.zeros((len(view.rows), 3))
    for name, (colour, chosen) in kinds.items():
        colours[chosen] = colour
        axes.plot([], [], "o", ms=8, color=colour, mec=BLACK, mew=0.5, label=name)
    return colours


def _whiten(colours: Array, share: float) -> Array:
    whitened: Array = colours + share * (1 - colours)
    return whitened


def _draw_atoms(axes: Axes, atoms: Atoms, view: View, colours: Array, shaded: bool) -> None:
    """Draw every atom and its images as discs in Å, those farther away first."""
    from ase.data import covalent_radii
    from matplotlib.collections import EllipseCollection

    half = _repeats(view) // 2 + 1
    size, white = _BACK
    diameters = 2 * _RADIUS * covalent_radii[atoms.numbers].mean() * np.where(view.is_back, size, 1.0)
    faces = np.where(view.is_back[:, None] & shaded, _whiten(colours, white), colours)
    for i in range(-half, half + 1):
        for k in (-1, 0, 1) if view.height else (0,):
            centres = np.column_stack([view.x + i * view.width, view.z + k * view.height])
            share = 0.0 if (i, k) == (0, 0) else _IMAGE
            for is_back in (True, False):
                seen = view.is_back == is_back
                discs = EllipseCollection(
                    diameters[seen],
                    diameters[seen],
                    np.zeros(seen.sum()),
                    units="xy",
                    offsets=centres[seen],
                    offset_transform=axes.transData,
                    facecolors=_whiten(faces[seen], share),
                    edgecolors=_whiten(np.full(3, 0.1), share)[None],
                    linewidths=0.5,
                    zorder=2 if is_back else 3,
                )
                axes.add_collection(discs)


def _draw_planes(axes: Axes, heights: Sequence[float] | Array, period: float) -> None:
    """Draw each boundary plane as a dashed line; one on the lower face of a periodic cell is on the upper face too."""
    low, high = axes.get_ylim()
    everywhere = {float(height + turn * period) for height in heights for turn in (-1, 0, 1)}
    shown = sorted(height for height in everywhere if low < height < high)
    for height in shown:
        axes.axhline(height, color=BLACK, lw=1, ls=(0, (5, 3)), zorder=4)
    axes.plot([], [], color=BLACK, lw=1, ls=(0, (5, 3)), label="boundary plane")


def _draw_cell(axes: Axes, view: View) -> None:
    """Outline the cell; where it is not periodic along z, only its sides."""
    low, high = (0.0, view.height) if view.height else axes.get_ylim()
    axes.plot([0, view.width, view.width, 0, 0], [low, low, high, high, low], color=GREY, lw=1, zorder=1, label="cell")
