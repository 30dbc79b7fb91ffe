"""The picture of a search's course shows what was observed, and nothing else."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes

from aiida_gbml.science.interfaces.plots import plot_convergence, save

ENERGIES = np.array([1.2, np.nan, 1.1, 9.0, 1.15, 1.05, 1.06, np.nan, 1.3, 1.25])


def line(axes: Axes, label: str) -> tuple[list[float], list[float]]:
    (found,) = (one for one in axes.get_lines() if str(one.get_label()).startswith(label))
    return list(found.get_xdata()), list(found.get_ydata())


def test_every_evaluation_is_somewhere() -> None:
    (axes,) = plot_convergence(ENERGIES).axes
    assert line(axes, "failed")[0] == [2, 8]
    above = line(axes, "off the scale")[0]
    inside, energies = line(axes, "evaluated")
    assert 4 in above
    assert sorted(above + inside) == [1, 3, 4, 5, 6, 7, 9, 10]
    assert energies == [ENERGIES[number - 1] for number in inside]
    assert line(axes, "best: 1.0500 J/m² (evaluation 6)") == ([6], [1.05])


def test_the_best_so_far_never_rises_and_ignores_failures() -> None:
    (axes,) = plot_convergence(ENERGIES).axes
    assert line(axes, "best so far")[1] == [1.2, 1.2, 1.1, 1.1, 1.1, 1.05, 1.05, 1.05, 1.05, 1.05]


def test_what_is_drawn_to_scale_is_inside_the_axes() -> None:
    (axes,) = plot_convergence(ENERGIES).axes
    low, high = axes.get_ylim()
    assert high < 9.0
    assert all(low < energy < high for energy in line(axes, "evaluated")[1])


def test_the_regret_has_a_panel_only_when_it_is_known() -> None:
    regrets = np.array([[2, np.inf], [4, 0.2], [6, 0.01], [8, 0.0]])
    upper, lower = plot_convergence(ENERGIES, 3, regrets, 5e-4).axes
    assert list(lower.get_lines()[0].get_xdata()) == [4, 6]
    assert upper.get_xlim() == lower.get_xlim() == (0, 11)
    assert len(plot_convergence(ENERGIES, 3, regrets[:1]).axes) == 1


def test_one_evaluation_is_enough(tmp_path: Path) -> None:
    save(plot_convergence(np.array([0.9])), tmp_path / "one.png")


def test_nothing_but_failures_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="no evaluation has succeeded"):
        plot_convergence(np.array([np.nan]))
