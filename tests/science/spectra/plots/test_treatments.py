"""The picture of the treatments lays a measured spectrum over them and says what was done to it."""

from pathlib import Path

import numpy as np
import pytest

from aiida_gbml.science.spectra.plots import Curve, plot_treatments, save

ENERGY = np.arange(530, 560, 0.1)
GROUND = Curve("ground state", ENERGY, np.exp(-((ENERGY - 545) ** 2) / 8))
HOLE = Curve("full hole", ENERGY, 2 * np.exp(-((ENERGY - 540) ** 2) / 8))
MEASURED = Curve("mgo.msa", np.arange(480, 640, 0.5), 1e4 * np.exp(-((np.arange(480, 640, 0.5) - 541.5) ** 2) / 8))


def test_a_measured_spectrum_is_scaled_and_moved_and_says_so(tmp_path: Path) -> None:
    figure = plot_treatments([GROUND, HOLE], MEASURED, -1.5, "O K of MgO")
    (axes,) = figure.axes
    measured = axes.get_lines()[0]
    peak = int(np.argmax(measured.get_ydata()))
    assert measured.get_xdata()[peak] == pytest.approx(540)
    assert measured.get_ydata()[peak] == pytest.approx(2)
    low, high = axes.get_xlim()
    assert low >= 527
    assert high <= 563
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["mgo.msa (moved by −1.50 eV, scaled)", "ground state", "full hole"]
    save(figure, tmp_path / "treatments.png")


def test_what_is_not_moved_says_so() -> None:
    figure = plot_treatments([HOLE], MEASURED)
    assert figure.legends[0].get_texts()[0].get_text() == "mgo.msa (not moved, scaled)"


def test_curves_are_told_apart_without_colours() -> None:
    (axes,) = plot_treatments([GROUND, HOLE], is_absolute=False).axes
    assert len({line.get_linestyle() for line in axes.get_lines()}) == 2
    assert axes.get_xlabel() == "energy above the reference level (eV)"


def test_a_measured_spectrum_of_another_edge_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'mgo.msa', 480.0 to 639.5 eV moved by \+500.00 eV, is not within"):
        plot_treatments([GROUND], MEASURED, 500)
