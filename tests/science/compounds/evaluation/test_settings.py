"""Settings of an evaluation: each has a default, and what cannot be chosen is refused in one sentence."""

from __future__ import annotations

from typing import Any

import pytest

from aiida_gbml.science.compounds.evaluation.contest import Lists
from aiida_gbml.science.compounds.evaluation.settings import EvaluationSettings
from aiida_gbml.science.compounds.evaluation.splits import EvaluationError


def test_every_setting_has_a_default() -> None:
    assert EvaluationSettings.from_dict({}) == EvaluationSettings(Lists((100, 1000, 3000), 10_000), "remove", 0)


def test_settings_are_read() -> None:
    settings = {"tops": [5, 10], "longest": 20, "on_leak": "refuse", "seed": 3}
    assert EvaluationSettings.from_dict(settings) == EvaluationSettings(Lists((5, 10), 20), "refuse", 3)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"colour": 1}, "no setting 'colour', known are tops, longest, on_leak, seed"),
        ({"tops": 100}, "'tops' must be a list of lengths, got 100"),
        ({"tops": [20, 10]}, r"ascending whole numbers, got \[20, 10\]"),
        ({"tops": []}, "ascending whole numbers"),
        ({"tops": [20_000]}, "the longest list must be from 20000 to 1000000, got 10000"),
        ({"on_leak": "ignore"}, "can be removed or refused, not 'ignore'"),
        ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
        ({"seed": True}, "seed must be a whole number"),
    ],
    ids=["name", "one length", "descending", "no length", "beyond the curve", "leak", "negative seed", "no number"],
)
def test_what_cannot_be_chosen_is_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(EvaluationError, match=sentence):
        EvaluationSettings.from_dict(settings)
