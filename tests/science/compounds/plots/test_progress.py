"""Pictures of a search: the best so far, and what random draws would have found."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from aiida_gbml.science.compounds.objective import Objective
from aiida_gbml.science.compounds.plots.progress import plot_progress, random_best

VALUES = np.array([3.0, np.nan, 1.0, 2.0, 0.5])
ALL = np.array([3.0, 1.0, 2.0, 0.5])


def line(figure, label):  # type: ignore[no-untyped-def]
    return next(one for one in figure.axes[0].lines if str(one.get_label()).startswith(label))


def test_the_best_so_far_and_the_best_are_drawn_with_their_unit() -> None:
    figure = plot_progress(VALUES, Objective("band_gap"), "eV", ALL, n_initial=2)
    assert figure.axes[0].get_ylabel() == "band gap (eV)"
    np.testing.assert_array_equal(line(figure, "best so far").get_ydata(), [3, 3, 1, 1, 0.5])
    assert line(figure, "best: ").get_label() == "best: 0.5 eV (evaluation 5)"
    assert len(line(figure, "failed").get_xdata()) == 1
    assert line(figure, "best of random draws")


def test_random_draws_are_those_of_all_orders() -> None:
    objective = Objective("y")
    mean, low, high = random_best(ALL, objective, 4)
    orders = np.array(list(itertools.permutations(ALL)))
    exact = np.minimum.accumulate(orders, axis=1).mean(axis=0)
    np.testing.assert_allclose(mean, exact, atol=0.12)  # 400 draws of 24 orders
    assert np.all(low <= mean)
    assert np.all(mean <= high)
    assert mean[-1] == 0.5
    upwards, *_ = random_best(ALL, Objective("y", "maximise"), 4)
    assert upwards[-1] == 3.0


def test_a_wanted_value_is_a_line_and_a_logarithm_an_axis() -> None:
    figure = plot_progress(VALUES, Objective("y", "target", 1.5), "eV")
    assert line(figure, "wanted: 1.5 eV").get_ydata()[0] == 1.5
    figure = plot_progress(VALUES, Objective("y", "maximise", scale="log10"))
    assert figure.axes[0].get_yscale() == "log"


def test_nothing_evaluated_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        plot_progress(np.array([np.nan]), Objective("y"))
