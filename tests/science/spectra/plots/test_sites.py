"""The picture of the sites shows every site on one scale, and their average."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from aiida_gbml.science.spectra.plots import Curve, plot_sites, save

ENERGY = np.arange(530, 560, 0.1)


def site(number: int, multiplicity: int = 1) -> Curve:
    height = 1 + number
    return Curve(f"O {number}", ENERGY, height * np.exp(-((ENERGY - 540) ** 2) / 8), multiplicity)


def test_every_site_stands_on_its_own_line_and_the_average_lowest(tmp_path: Path) -> None:
    figure = plot_sites([site(0, 3), site(1), site(2)], "O K of MgO")
    (axes,) = figure.axes
    curves = [line for line in axes.get_lines() if len(line.get_xdata()) > 2]
    bottoms = [line.get_ydata().min() for line in curves]
    assert bottoms == sorted(bottoms, reverse=True)
    heights = [np.ptp(line.get_ydata()) for line in curves]
    assert heights == pytest.approx([1, 2, 3, (3 * 1 + 2 + 3) / 5], rel=1e-2)
    for upper, lower in pairwise(curves):
        assert upper.get_ydata().min() > lower.get_ydata().max()
    assert [text.get_text() for text in axes.texts] == ["O 0 (×3)", "O 1 (×1)", "O 2 (×1)", "average"]
    assert axes.get_xlabel() == "energy (eV)"
    save(figure, tmp_path / "sites.png")


def test_one_site_has_no_average() -> None:
    (axes,) = plot_sites([site(1, 4)]).axes
    assert [text.get_text() for text in axes.texts] == ["O 1 (×4)"]


def test_many_sites_are_drawn_behind_their_average(tmp_path: Path) -> None:
    figure = plot_sites([site(number) for number in range(40)])
    (axes,) = figure.axes
    assert len(axes.get_lines()) == 41
    assert axes.get_lines()[-1].get_ydata().max() == pytest.approx(20.5, rel=1e-2)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["40 sites", "average"]
    save(figure, tmp_path / "many.svg")


def test_failed_sites_are_left_out() -> None:
    failed = Curve("O 9", ENERGY, np.full(len(ENERGY), np.nan))
    (axes,) = plot_sites([site(0), failed]).axes
    assert [text.get_text() for text in axes.texts] == ["O 0 (×1)"]
    with pytest.raises(ValueError, match="nothing to draw"):
        plot_sites([failed])
