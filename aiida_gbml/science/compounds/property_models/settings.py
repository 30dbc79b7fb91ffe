"""Settings of the estimators of properties, checked before anything is computed with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import Parameter, signature
from math import isfinite
from typing import Any

_LEAST = {"seed": 0, "folds": 2}  # of whole numbers; 1 of the others


class SettingsError(ValueError):
    """A setting is not one of the estimator's, or has a value that it cannot have."""


def check_settings(estimator: type[Any], kind: str, settings: Mapping[str, Any], sizes: Sequence[int]) -> None:
    """Raise unless an estimator can be made with some settings.

    :param estimator: its class, whose constructor has a default for each setting.
    :param kind: how users call it.
    :param settings: arguments of the constructor other than ``blocks``.
    :param sizes: number of columns of each block.
    :raises SettingsError: naming the setting, what it is, and what it may be.
    """
    if not isinstance(settings, Mapping):
        raise SettingsError(f"the settings of a model are names with values, got {settings!r}")
    known = {name: one for name, one in signature(estimator).parameters.items() if name != "blocks"}
    strange = [name for name in settings if name not in known]
    if strange:
        choice = ", ".join(sorted(known))
        raise SettingsError(f"a model '{kind}' has no setting '{strange[0]}', choose from {choice}")
    for name, value in settings.items():
        expected = _expected_lengths(value, len(sizes)) if name == "lengths" else _expected(known[name], value)
        if expected:
            raise SettingsError(f"'{name}' of a model must be {expected}, got {value!r}")


def _expected(parameter: Parameter, value: Any) -> str | None:
    """Return what a setting should be, when its value is not of the kind of its default."""
    if isinstance(parameter.default, str):
        return None if isinstance(value, str) else "a word"
    if isinstance(parameter.default, int):
        least = _LEAST.get(parameter.name, 1)
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return None if is_whole and value >= least else f"a whole number from {least} on"
    return None if _is_positive(value) else "a positive number"


def _expected_lengths(value: Any, count: int) -> str | None:
    if value is None:
        return None
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    good = is_list and len(value) == count and all(map(_is_positive, value))
    return None if good else f"a list of {count} positive numbers, one a block of descriptors"


def _is_positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value > 0
