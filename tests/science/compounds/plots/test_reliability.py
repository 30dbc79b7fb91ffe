"""Reliability diagrams: points, intervals and counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aiida_gbml.science.compounds.evaluation.reliability import Reliability
from aiida_gbml.science.compounds.plots.reliability import MOST_MODELS, plot_reliability
from aiida_gbml.science.plot_style import save


def made(factor: float = 1.0, n: int = 3000) -> Reliability:
    rng = np.random.default_rng(0)
    probability = 10 ** rng.uniform(-3, -0.3, n)
    return Reliability.of(np.minimum(1, factor * probability), rng.random(n) < probability, 8)


def test_points_and_counts_of_each_model_are_drawn(tmp_path: Path) -> None:
    one = made()
    figure = plot_reliability({"ensemble": one}, "Ternaries")
    upper, lower = figure.axes
    came = one.observed > 0
    drawn = [line for line in upper.get_lines() if len(line.get_xdata()) == came.sum()]
    assert any(line.get_ydata().tolist() == one.observed[came].tolist() for line in drawn)
    assert lower.get_lines()[0].get_ydata().tolist() == one.counts.tolist()
    assert upper.get_ylabel() == "part that came later"
    for name in ("a.svg", "b.svg"):
        save(plot_reliability({"ensemble": one, "other": made(2.5)}), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_models_that_find_nothing_can_be_drawn(tmp_path: Path) -> None:
    nothing = Reliability.of(np.zeros(20), np.zeros(20, dtype=bool))
    save(plot_reliability({"a": nothing}), tmp_path / "none.png")


def test_what_cannot_be_drawn_is_refused() -> None:
    for models in ({}, {str(n): made() for n in range(MOST_MODELS + 1)}):
        with pytest.raises(ValueError, match="can be drawn"):
            plot_reliability(models)
