"""The course of a search over compounds: the value of each, the best so far, and what random draws would have found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.objective import Objective
from aiida_gbml.science.plot_style import BLACK, BLUE, GREEN, GREY, PAGE_WIDTH, STYLE, VERMILION, with_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHOWN = 0.9  # of the losses lie inside the axes, worse ones are arrows at the edge
_N_DRAWS = 400


def plot_progress(
    values: Array, objective: Objective, unit: str = "", all_values: Array | None = None, n_initial: int = 0
) -> Figure:
    """Draw the value of each evaluation and the best so far.

    :param values: (n,) values in the order of evaluation, NaN where one failed.
    :param objective: what was wanted.
    :param unit: of the property.
    :param all_values: (N,) values of all candidates, true or believed, from which random draws are made.
    :param n_initial: so many evaluations at the beginning are the initial design.
    :raises ValueError: when no evaluation succeeded.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    known = np.asarray(values, dtype=float)
    if np.all(np.isnan(objective.losses(known))):
        raise ValueError("there is nothing to draw: no evaluation has succeeded")
    with rc_context(STYLE):
        figure = Figure(figsize=(PAGE_WIDTH * 0.75, 3.6), layout="constrained")
        axes: Any = figure.subplots()
        if objective.scale == "log10":
            axes.set_yscale("log")
        if n_initial:
            axes.axvspan(0.5, min(n_initial, len(known)) + 0.5, color=GREY, alpha=0.15, lw=0, label="initial design")
        if all_values is not None:
            _draw_random(axes, np.asarray(all_values, dtype=float), objective, len(known))
        _draw_values(axes, known, objective, unit)
        axes.set_xlabel("evaluation")
        axes.set_ylabel(with_unit(objective.property.replace("_", " "), unit))
        axes.set_xlim(0.5, len(known) + 0.5)
        axes.xaxis.get_major_locator().set_params(integer=True)
        figure.legend(loc="outside upper center", ncols=3, columnspacing=1.6, handletextpad=0.5)
    return figure


def random_best(all_values: Array, objective: Objective, count: int) -> tuple[Array, Array, Array]:
    """Return the (count,) means of the best value of so many random draws, and the ends of the middle 90 %.

    :param all_values: (N,) values of all candidates; those that are NaN never count.
    """
    generator = np.random.default_rng(0)
    losses = np.nan_to_num(objective.losses(all_values), nan=np.inf)
    orders = generator.permuted(np.tile(np.arange(len(losses)), (_N_DRAWS, 1)), axis=1)[:, :count]
    lowest = np.minimum.accumulate(losses[orders], axis=1)
    chosen = np.zeros_like(orders)
    best = orders[:, 0]
    for step in range(orders.shape[1]):
        best = np.where(losses[orders[:, step]] < losses[best], orders[:, step], best)
        chosen[:, step] = best
    values = np.where(np.isfinite(lowest), all_values[chosen], np.nan)
    low, high = np.nanquantile(values, [0.05, 0.95], axis=0)
    middle = np.nanmean(np.log10(values), axis=0) if objective.scale == "log10" else np.nanmean(values, axis=0)
    return (10.0**middle if objective.scale == "log10" else middle), low, high


def _draw_random(axes: Axes, all_values: Array, objective: Objective, count: int) -> None:
    number = np.arange(1, min(count, len(all_values)) + 1)
    mean, low, high = random_best(all_values, objective, len(number))
    axes.fill_between(number, low, high, step="mid", color=VERMILION, alpha=0.12, lw=0)
    axes.step(number, mean, where="mid", color=VERMILION, lw=1.0, ls="--", label="best of random draws (90 % band)")


def _draw_values(axes: Axes, known: Array, objective: Objective, unit: str) -> None:
    """Draw points, the running best, and failures and far values at the edge."""
    number = np.arange(1, len(known) + 1)
    losses = objective.losses(known)
    finite = losses[~np.isnan(losses)]
    worst = float(np.quantile(finite, _SHOWN)) if len(finite) > 10 else float(finite.max())
    inside, far = losses <= worst, losses > worst
    running = objective.running_best(known)
    best = objective.best_row(known)
    axes.plot(number[inside], known[inside], "o", ms=4, mfc="white", mec=BLUE, mew=1, label="evaluated")
    edge = axes.get_xaxis_transform()
    top = 0.04 if objective.goal == "maximise" else 0.96
    if far.any():
        marker = "v" if objective.goal == "maximise" else "^"
        axes.plot(number[far], np.full(far.sum(), top), marker, ms=4, color=BLUE, transform=edge, label="off the scale")
    failed = np.isnan(known)
    if failed.any():
        axes.plot(
            number[failed],
            np.full(failed.sum(), top),
            "x",
            ms=5,
            mew=1.4,
            color=VERMILION,
            transform=edge,
            label="failed",
        )
    axes.step(number, running, where="post", color=BLACK, lw=1.3, label="best so far", zorder=1.5)
    if objective.target is not None:
        axes.axhline(
            objective.target, color=GREEN, lw=0.9, ls=":", label=f"wanted: {objective.target:g} {unit}".rstrip()
        )
    if best is not None:
        label = f"best: {known[best]:.4g} {unit}".rstrip() + f" (evaluation {number[best]})"
        axes.plot(number[best], known[best], "*", ms=12, color=GREEN, mec="white", mew=0.8, label=label)
