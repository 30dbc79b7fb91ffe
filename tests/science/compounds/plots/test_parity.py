"""Pictures of predictions: every compound is drawn, and the title tells how good they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aiida_gbml.science.compounds.plots.parity import plot_parity

TARGET = np.random.default_rng(1).normal(size=200)
PREDICTIONS = {"target": TARGET, "prediction": TARGET + 0.1, "lower": TARGET - 0.2, "upper": TARGET + 0.4}
REPORT = {
    "property": "band_gap",
    "unit": "eV",
    "error_unit": "eV",
    "scale": "linear",
    "rmse": 0.1,
    "mae": 0.1,
    "coverage": 0.95,
    "nominal_coverage": 0.9,
}


def texts(figure: Any) -> str:
    return " ".join(text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")))


def test_the_title_tells_errors_and_coverage_with_units() -> None:
    figure = plot_parity(PREDICTIONS, REPORT)
    title = figure.get_suptitle()
    assert title == "200 unseen compounds: RMSE 0.1 eV, MAE 0.1 eV; 90 % intervals hold 95.0 %"
    assert figure.axes[0].get_xlabel() == "band gap (eV)"
    assert figure.axes[0].get_ylabel() == "predicted (eV)"


def test_every_compound_is_a_point_and_those_outside_are_another_colour() -> None:
    missed = {**PREDICTIONS, "upper": np.where(np.arange(200) < 30, TARGET - 0.1, TARGET + 0.4)}
    axes = plot_parity(missed, REPORT).axes[0]
    inside, outside = (line for line in axes.lines if line.get_marker() == "o")
    assert (len(inside.get_xdata()), len(outside.get_xdata())) == (170, 30)
    assert inside.get_color() != outside.get_color()


def test_a_logarithmic_property_has_logarithmic_axes_and_errors_in_decades() -> None:
    powers = {name: 10**values for name, values in PREDICTIONS.items()}
    report = {**REPORT, "scale": "log10", "unit": "W/(m K)", "error_unit": "decades"}
    figure = plot_parity(powers, report)
    assert figure.axes[0].get_xscale() == "log"
    assert figure.axes[0].get_xlabel() == "band gap, W/(m K)"
    assert "decades" in figure.axes[1].get_xlabel()
    assert "RMSE 0.1 decades" in figure.get_suptitle()


def test_nothing_validated_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        plot_parity({name: values[:0] for name, values in PREDICTIONS.items()}, REPORT)
