"""Settings of recommenders: what no model can be made with is refused by name, whatever its type."""

from __future__ import annotations

from typing import Any

import pytest

from aiida_gbml.science.compounds.recommenders.base import RecommenderError
from aiida_gbml.science.compounds.recommenders.registry import RECOMMENDERS
from aiida_gbml.science.compounds.recommenders.settings import FLAG, SEED, Allowed, above_zero, number, one_of, whole

SETTINGS = [(kind, name) for kind, model in RECOMMENDERS.items() for name in model().get_params()]


@pytest.mark.parametrize(
    ("allowed", "good", "bad"),
    [
        (whole(1, 5), (1, 5), (0, 6, 2.0, True, "2", None)),
        (whole(1, 5).or_none(), (1, None), (0, "none")),
        (number(0, 0.5), (0, 0.25, 0.5), (-1e-9, 0.6, float("nan"), True, "0", None, [])),
        (above_zero(10), (1e-9, 10), (0, 0.0, 11, float("inf"), False, {})),
        (one_of("one", "two"), ("one", "two"), ("three", "", None, 1, ["one"])),
        (FLAG, (True, False), (0, 1, "yes", None)),
        (SEED, (0, 2**31 - 1), (-1, 2**31, None, 0.0)),
    ],
)
def test_values_are_told_apart(allowed: Allowed, good: tuple[Any, ...], bad: tuple[Any, ...]) -> None:
    assert all(allowed.holds(value) for value in good)
    assert not any(allowed.holds(value) for value in bad)


def test_words_say_what_may_be() -> None:
    assert whole(1, 10_000).words == "a whole number from 1 to 10,000"
    assert above_zero(1_000_000).or_none().words == "a number above 0 and at most 1,000,000, or none"
    assert one_of("one", "two").words == "'one' or 'two'"


@pytest.mark.parametrize(("kind", "name"), SETTINGS)
@pytest.mark.parametrize("value", ["nonsense", -1, float("nan"), [], {"a": "b"}])
def test_every_setting_of_every_recommender_is_checked(kind: str, name: str, value: Any) -> None:
    with pytest.raises(RecommenderError, match=f"'{name}' of the recommender '{kind}' must be .*, got "):
        RECOMMENDERS[kind](**{name: value}).check_settings()


@pytest.mark.parametrize("kind", RECOMMENDERS)
def test_the_defaults_are_allowed(kind: str) -> None:
    RECOMMENDERS[kind]().check_settings()
