"""A spectrum with a name, as it is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.plot_style import BLUE, GREEN, ORANGE, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = (BLUE, VERMILION, GREEN, ORANGE)
DASHES = ("-", "--", "-.", ":")


@dataclass(frozen=True, eq=False)
class Curve:
    """One spectrum.

    :param label: what a reader calls it.
    :param energy: (m,) in eV.
    :param intensity: (m,) in any unit, the same for all curves of a picture; NaN where it is not known.
    :param multiplicity: how many equivalent atoms it stands for.
    """

    label: str
    energy: Array
    intensity: Array
    multiplicity: int = 1

    @property
    def height(self) -> float:
        """Highest intensity."""
        return float(np.nanmax(self.intensity))

    def known(self) -> Curve:
        """Return the curve without its unknown points."""
        is_known = np.isfinite(self.intensity)
        return Curve(self.label, self.energy[is_known], self.intensity[is_known], self.multiplicity)


def drawable(curves: Iterable[Curve]) -> list[Curve]:
    """Return the curves that have points.

    :raises ValueError: when there is none.
    """
    found = [curve.known() for curve in curves if np.any(np.isfinite(curve.intensity))]
    if not found or not max(curve.height for curve in found) > 0:
        raise ValueError("there is nothing to draw: no spectrum has an intensity")
    return found


def label_right(axes: Axes, height: float, text: str) -> None:
    """Write a name to the right of the axes, at a height in the units of its data."""
    axes.annotate(
        text,
        (1.0, height),
        xycoords=("axes fraction", "data"),
        xytext=(4, 3),
        textcoords="offset points",
        fontsize=8,
        annotation_clip=False,
    )


def label_energy(axes: Axes, curves: Iterable[Curve], is_absolute: bool = True) -> None:
    """Write the energy under the axis, and make it as long as the curves."""
    ends = [(curve.energy[0], curve.energy[-1]) for curve in curves]
    axes.set_xlim(min(low for low, _ in ends), max(high for _, high in ends))
    axes.set_xlabel("energy (eV)" if is_absolute else "energy above the reference level (eV)")
    axes.ticklabel_format(axis="x", useOffset=False)
