"""What the settings of recommenders may be, in one place for the check and for its message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any


@dataclass(frozen=True)
class Allowed:
    """The values that a setting may have.

    :param words: what they are, as it stands in messages.
    :param holds: whether something is one of them.
    """

    words: str
    holds: Callable[[Any], bool]

    def or_none(self) -> Allowed:
        """Return the same with ``None`` as a further value."""
        return Allowed(f"{self.words}, or none", lambda value: value is None or self.holds(value))


Settings = Mapping[str, Allowed]
"""What each setting may be, by its name."""


def whole(least: int, most: int) -> Allowed:
    """Return whole numbers from one to another."""
    return Allowed(f"a whole number from {least} to {most:,}", lambda value: is_whole(value, least, most))


def number(least: float, most: float) -> Allowed:
    """Return numbers from one to another."""
    return Allowed(f"a number from {least:g} to {most:,}", lambda value: is_number(value) and least <= value <= most)


def above_zero(most: float) -> Allowed:
    """Return numbers above zero."""
    return Allowed(f"a number above 0 and at most {most:,}", lambda value: is_number(value) and 0 < value <= most)


def one_of(*words: str) -> Allowed:
    """Return some words."""
    return Allowed(" or ".join(map(repr, words)), lambda value: isinstance(value, str) and value in words)


def is_whole(value: Any, least: int, most: int) -> bool:
    """Return whether something is a whole number from one to another; True and False are none."""
    return type(value) is int and least <= value <= most


def is_number(value: Any) -> bool:
    """Return whether something is a finite number; True and False are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


FLAG = Allowed("true or false", lambda value: isinstance(value, bool))
SEED = whole(0, 2**31 - 1)
MOST_SWEEPS = 10_000
