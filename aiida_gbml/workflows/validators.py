"""Validators of ports that many work chains have: each returns one sentence, or nothing when all is well."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from aiida import orm


def validate_positive(value: orm.Int | orm.Float | None, port: Any) -> str | None:
    """Refuse a number that is not above zero, or not finite."""
    if value is None or (math.isfinite(value.value) and value.value > 0):
        return None
    return f"'{port.name}' must be {'at least 1' if isinstance(value, orm.Int) else 'positive'}, got {value.value}"


def validate_fraction(value: orm.Float | None, port: Any) -> str | None:
    """Refuse what is no share."""
    if value is None or 0 <= value.value <= 1:
        return None
    return f"'{port.name}' must lie between 0 and 1, got {value.value}"


def validate_seed(value: orm.Int, port: Any) -> str | None:
    """Refuse a negative number, which seeds no generator."""
    return None if value.value >= 0 else f"'{port.name}' must be at least 0, got {value.value}"


def refusing(check: Callable[[Mapping[str, Any]], Any]) -> Callable[[orm.Dict, Any], str | None]:
    """Return a validator that says what a check of a dictionary raises."""
    return refusing_value(lambda value: check(value.get_dict()))


def refusing_value(check: Callable[[Any], Any]) -> Callable[[Any, Any], str | None]:
    """Return a validator that says what a check of a node raises."""

    def validate(value: Any, _: Any) -> str | None:
        if value is None:  # an input that is not required
            return None
        try:
            check(value)
        except (TypeError, ValueError) as exception:
            return str(exception)
        return None

    return validate
