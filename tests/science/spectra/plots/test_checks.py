"""The picture of logarithmic derivatives has no poles, and differences beyond multiples of π only."""

from pathlib import Path

import numpy as np
import pytest

from aiida_gbml.science.spectra.plots import plot_log_derivatives, save

ENERGIES = np.arange(-4, 4, 0.02)
PHASES = -0.9 * ENERGIES[:, None] + [0.1, 0.2, 0.3]


def test_poles_are_unwound_and_differences_are_those_of_the_phases(tmp_path: Path) -> None:
    figure = plot_log_derivatives(ENERGIES, np.tan(PHASES), np.tan(PHASES + 0.01), 0.03, "C, full 1s hole")
    upper, lower = figure.axes[:3], figure.axes[3:]
    assert [axes.get_title(loc="left") for axes in upper] == ["s  (l = 0)", "p  (l = 1)", "d  (l = 2)"]
    for axes in upper:
        for line in axes.get_lines():
            assert np.allclose(np.diff(line.get_ydata()), -0.9 * 0.02)
    for axes in lower:
        difference, limit = axes.get_lines()
        assert np.allclose(difference.get_ydata(), 0.01)
        assert limit.get_ydata()[0] == pytest.approx(0.03)
    save(figure, tmp_path / "checks.png")


def test_a_turn_by_pi_at_the_start_is_no_difference() -> None:
    around_a_pole = np.pi / 2 + 1e-3 * np.linspace(-1, 1, 50)[:, None]
    figure = plot_log_derivatives(ENERGIES[:50], np.tan(around_a_pole), np.tan(around_a_pole + 2e-3))
    difference = figure.axes[1].get_lines()[0]
    assert np.allclose(difference.get_ydata(), 2e-3)
