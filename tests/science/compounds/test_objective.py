"""What a search is after: signs, scales, targets, and nonsense."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aiida_gbml.science.compounds.objective import Objective, ObjectiveError

VALUES = np.array([3.0, np.nan, 1.0, 10.0])


@pytest.mark.parametrize(
    ("settings", "best", "running"),
    [
        ({}, 2, [3, 3, 1, 1]),
        ({"goal": "maximise"}, 3, [3, 3, 3, 10]),
        ({"goal": "target", "target": 2.5}, 0, [3, 3, 3, 3]),
        ({"goal": "target", "target": 30.0, "scale": "log10"}, 3, [3, 3, 3, 10]),
    ],
)
def test_the_best_is_what_was_asked_for(settings: dict[str, Any], best: int, running: list[float]) -> None:
    objective = Objective.from_dict({"property": "gap", **settings})
    assert objective.best_row(VALUES) == best
    np.testing.assert_array_equal(objective.running_best(VALUES), running)


@pytest.mark.parametrize("goal", ["minimise", "maximise", "target"])
@pytest.mark.parametrize("scale", ["linear", "log10"])
def test_signed_values_lead_back_to_values(goal: str, scale: str) -> None:
    objective = Objective("gap", goal, 4.0 if goal == "target" else None, scale)
    np.testing.assert_allclose(objective.values(objective.signed(VALUES)), VALUES)
    assert np.nanargmin(objective.losses(VALUES)) == objective.best_row(VALUES)


def test_errors_on_a_logarithmic_scale_are_decades() -> None:
    objective = Objective("conductivity", "target", 100.0, "log10")
    np.testing.assert_allclose(objective.losses(np.array([10.0, 1000.0, -1.0])), [1.0, 1.0, np.nan])


def test_nothing_known_has_no_best() -> None:
    assert Objective("gap").best_row(np.array([np.nan, np.nan])) is None
    assert np.isnan(Objective("gap").running_best(np.array([np.nan]))).all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "lacks 'property'"),
        ({"property": 3}, "must be the name of a property, got 3"),
        ({"property": "gap", "goal": "lowest"}, "'goal' of the objective is 'lowest', expected one of minimise"),
        ({"property": "gap", "scale": "ln"}, "'scale' of the objective is 'ln'"),
        ({"property": "gap", "goal": "target"}, "give it with that goal only"),
        ({"property": "gap", "target": 1.0}, "give it with that goal only"),
        ({"property": "gap", "goal": "target", "target": "high"}, "must be a finite number, got 'high'"),
        ({"property": "gap", "goal": "target", "target": -1, "scale": "log10"}, "-1 has no logarithm"),
        ({"property": "gap", "aim": 1}, "the objective has no 'aim', known are property, goal"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ObjectiveError, match=words):
        Objective.from_dict(settings)
