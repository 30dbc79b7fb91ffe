"""Predicted against true values, with the intervals of the predictions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.plot_style import BLACK, BLUE, GREY, PAGE_WIDTH, STYLE, VERMILION, with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_BARS = 150  # more intervals than these hide each other: so many are drawn, spread over the predictions


def plot_parity(predictions: Mapping[str, Array], report: Mapping[str, Any]) -> Figure:
    """Draw the predictions of compounds that the model had not seen against their values, and a histogram of errors.

    :param predictions: ``target``, ``prediction``, and the ends ``lower`` and ``upper`` of the intervals, (n,) each.
    :param report: of the fit: ``property``, ``unit``, ``scale``, ``rmse``, ``mae``, ``error_unit``, ``coverage``,
        ``nominal_coverage``, ``validation``.
    :raises ValueError: when there is nothing to draw.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    if len(predictions["target"]) == 0:
        raise ValueError("there is nothing to draw: no prediction was validated")
    is_log = report.get("scale") == "log10"
    with rc_context(STYLE):
        figure = Figure(figsize=(PAGE_WIDTH, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.5, 1))
        _draw_parity(left, predictions, report, is_log)
        _draw_errors(right, predictions, report, is_log)
        figure.suptitle(_title(report, len(predictions["target"])), fontsize=9)
    return figure


def _title(report: Mapping[str, Any], count: int) -> str:
    """Return how good the predictions are, in one line."""
    unit = report.get("error_unit") or report.get("unit") or ""
    errors = f"RMSE {report['rmse']:.3g} {unit}, MAE {report['mae']:.3g} {unit}".replace(" ,", ",")
    nominal, found = 100 * report["nominal_coverage"], 100 * report["coverage"]
    return f"{count} unseen compounds: {errors}; {nominal:.0f} % intervals hold {found:.1f} %"


def _draw_parity(axes: Axes, predictions: Mapping[str, Array], report: Mapping[str, Any], is_log: bool) -> None:
    target, prediction, lower, upper = (predictions[name] for name in ("target", "prediction", "lower", "upper"))
    missed = (target < lower) | (target > upper)
    order = np.argsort(target, kind="stable")
    shown = np.zeros(len(target), dtype=bool)
    shown[order[np.linspace(0, len(target) - 1, min(_MOST_BARS, len(target))).astype(int)]] = True
    for chosen, colour, label in ((~missed, BLUE, "value within its interval"), (missed, VERMILION, "value outside")):
        bars = chosen & shown
        axes.vlines(target[bars], lower[bars], upper[bars], color=colour, lw=0.6, alpha=0.35, zorder=1)
        size = 3 if len(target) < 1000 else 1.8
        axes.plot(
            target[chosen], prediction[chosen], "o", ms=size, color=colour, alpha=0.7, mew=0, label=label, zorder=2
        )
    if is_log:
        axes.set_xscale("log")
        axes.set_yscale("log")
    else:
        axes.locator_params(nbins=6)  # more labels would touch each other
    low, high = min(target.min(), prediction.min()), max(target.max(), prediction.max())
    room = (high / low) ** 0.05 if is_log else 0.05 * (high - low) or 1.0
    limits = (low / room, high * room) if is_log else (low - room, high + room)
    axes.plot(limits, limits, color=BLACK, lw=0.8, zorder=0)
    axes.set_xlim(limits)
    axes.set_ylim(limits)
    axes.set_aspect("equal")
    name = str(report.get("property", "property")).replace("_", " ")
    unit = str(report.get("unit") or "")
    axes.set_xlabel(with_unit(name, unit))
    axes.set_ylabel(with_unit("predicted", unit))
    axes.legend(loc="upper left", handletextpad=0.3)


def _draw_errors(axes: Axes, predictions: Mapping[str, Array], report: Mapping[str, Any], is_log: bool) -> None:
    target, prediction = predictions["target"], predictions["prediction"]
    errors = np.log10(prediction / target) if is_log else prediction - target
    edge = float(np.quantile(np.abs(errors), 0.98)) or 1.0
    axes.hist(np.clip(errors, -edge, edge), bins=41, range=(-edge, edge), color=GREY)
    axes.axvline(0, color=BLACK, lw=0.8)
    unit = "decades" if is_log else report.get("error_unit") or report.get("unit") or ""
    axes.set_xlabel(with_unit("prediction − value", str(unit)) + "\n(farther ones at the ends)")
    axes.set_ylabel("compounds")
