"""Curves know what of them can be drawn."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from aiida_gbml.science.spectra.plots.curve import Curve, drawable, label_energy, label_right

ENERGY = np.arange(530.0, 560.0)


def test_unknown_points_and_empty_curves_are_left_out() -> None:
    partly = Curve("O 1", ENERGY, np.where(ENERGY < 540, np.nan, 2.0), 3)
    (known,) = drawable([partly, Curve("failed", ENERGY, np.full(30, np.nan))])
    assert (known.label, known.multiplicity, known.height) == ("O 1", 3, 2.0)
    assert known.energy[0] == 540


def test_nothing_cannot_be_drawn() -> None:
    for curves in ([], [Curve("failed", ENERGY, np.full(30, np.nan))], [Curve("zero", ENERGY, np.zeros(30))]):
        with pytest.raises(ValueError, match="nothing to draw"):
            drawable(curves)


def test_the_axis_is_as_long_as_the_curves_and_says_its_unit() -> None:
    axes = Figure().subplots()
    label_energy(axes, [Curve("a", ENERGY, ENERGY), Curve("b", ENERGY - 4, ENERGY)])
    assert axes.get_xlim() == (526, 559)
    assert axes.get_xlabel() == "energy (eV)"
    label_energy(axes, [Curve("a", ENERGY, ENERGY)], is_absolute=False)
    assert axes.get_xlabel() == "energy above the reference level (eV)"
    label_right(axes, 2.0, "O 1")
    assert [text.get_text() for text in axes.texts] == ["O 1"]
