"""Enrichment curves: what is drawn, and the same bytes each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aiida_gbml.science.compounds.evaluation.enrichment import wilson
from aiida_gbml.science.compounds.plots.enrichment import MOST_CURVES, plot_enrichment
from aiida_gbml.science.plot_style import save

POINTS = np.array([1, 10, 100, 1000])
HITS = {"ensemble": np.array([0, 6, 40, 200]), "popularity": np.array([0, 0, 8, 60])}


def test_curves_are_hits_over_chance(tmp_path: Path) -> None:
    figure = plot_enrichment(POINTS, HITS, 500, 50_000, title="Ternaries", unseen="held-out")
    left, right = figure.axes
    assert left.get_ylabel() == "hits (of 500 held-out compositions)"
    assert left.get_lines()[0].get_ydata().tolist() == [6, 40, 200]
    assert right.get_lines()[0].get_ydata() == pytest.approx([60, 40, 20])
    assert right.get_lines()[1].get_ydata() == pytest.approx([8, 6])
    assert (left.get_xlabel(), right.get_ylabel()) == (
        "length of the list (of 50,000 candidates)",
        "enrichment over chance",
    )
    band = right.collections[0].get_paths()[0].vertices
    lower, upper = wilson(200, 1000)
    assert band[:, 1].min() <= lower / 0.01 + 1e-9
    assert any(np.isclose(band[:, 1], upper / 0.01))
    for name in ("a.png", "b.png"):
        save(plot_enrichment(POINTS, HITS, 500, 50_000), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_rankings_without_a_hit_can_be_drawn(tmp_path: Path) -> None:
    save(plot_enrichment(POINTS, {"a": np.zeros(4, dtype=int)}, 5, 50_000), tmp_path / "none.png")


def test_what_cannot_be_drawn_is_refused() -> None:
    for hits in ({}, {str(n): POINTS for n in range(MOST_CURVES + 1)}, {"a": POINTS[:2]}):
        with pytest.raises(ValueError, match="can be drawn"):
            plot_enrichment(POINTS, hits, 5, 50)
