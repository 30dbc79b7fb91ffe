"""The picture of convergence shows every cell and what changed from one to the next."""

from pathlib import Path

import numpy as np
import pytest

from aiida_gbml.science.spectra.plots import Curve, plot_cell_convergence, save

ENERGY = np.arange(530, 560, 0.1)
CURVES = [Curve(f"{n} atoms", ENERGY, (1 + 1 / n) * np.exp(-((ENERGY - 540) ** 2) / 8)) for n in (16, 64, 128)]


def test_changes_are_drawn_over_the_size_with_the_tolerance(tmp_path: Path) -> None:
    figure = plot_cell_convergence(CURVES, [16, 64, 128], [0.2, 0.03], 0.05, "O K of MgO")
    left, right = figure.axes
    assert len(left.get_lines()) == 3
    assert [text.get_text() for text in left.texts] == ["16 atoms", "64 atoms", "128 atoms"]
    changes, tolerance = right.get_lines()
    assert np.allclose(changes.get_xydata(), [[64, 20], [128, 3]])
    assert tolerance.get_ydata()[0] == pytest.approx(5)
    assert right.get_ylim()[1] > 20
    save(figure, tmp_path / "convergence.png")


def test_one_cell_and_no_tolerance_are_enough() -> None:
    _, right = plot_cell_convergence(CURVES[:1], [16], []).axes
    assert right.get_xlabel() == "atoms in the cell"


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="3 spectra have 3 cells and 3 changes"):
        plot_cell_convergence(CURVES, [16, 64, 128], [0.2, 0.1, 0.1])
