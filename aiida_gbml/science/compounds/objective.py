"""What a search over compounds is after: which property, and whether it should be low, high, or at a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array

GOALS = ("minimise", "maximise", "target")
LINEAR, LOG10 = "linear", "log10"
SCALES = (LINEAR, LOG10)
"""On which a property is modelled."""


class ObjectiveError(ValueError):
    """Settings that are no objective."""


@dataclass(frozen=True)
class Objective:
    """A property and what it should be, as plain JSON values.

    :param property: its name, see :func:`~.property_column.property_values`.
    :param goal: one of :data:`GOALS`.
    :param target: the wanted value, for the goal ``target`` only.
    :param scale: ``log10`` where the property is positive and spans orders of magnitude, such as a conductivity.
    :param unit: of the property, for texts and pictures; known for the usual properties.
    :raises ObjectiveError: for values that make no sense.
    """

    property: str
    goal: str = "minimise"
    target: float | None = None
    scale: str = LINEAR
    unit: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.property, str) or not self.property:
            raise ObjectiveError(f"'property' of the objective must be the name of a property, got {self.property!r}")
        for name, known in (("goal", GOALS), ("scale", SCALES)):
            if getattr(self, name) not in known:
                value = getattr(self, name)
                raise ObjectiveError(f"'{name}' of the objective is {value!r}, expected one of {', '.join(known)}")
        if (self.target is None) == (self.goal == "target"):
            raise ObjectiveError("'target' of the objective is the value to come close to: give it with that goal only")
        if self.target is not None and not _is_number(self.target):
            raise ObjectiveError(f"'target' of the objective must be a finite number, got {self.target!r}")
        if self.target is not None and self.scale == LOG10 and self.target <= 0:
            raise ObjectiveError(f"a target of {self.target} has no logarithm")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Objective:
        """Return the objective of plain values.

        :raises ObjectiveError: for a value that is not known, missing, or makes no sense.
        """
        known = [one.name for one in fields(cls)]
        for name in values:
            if name not in known:
                raise ObjectiveError(f"the objective has no '{name}', known are {', '.join(known)}")
        if "property" not in values:
            raise ObjectiveError("which property? The objective lacks 'property', such as 'energy_per_atom'")
        return cls(**values)

    def signed(self, values: Array) -> Array:
        """Return what a search minimises: (n,) values on the modelled scale, negative ones for a maximum.

        For a target the distance from it, with its sign. NaN stays NaN; so does a value without a logarithm.
        """
        modelled = self._modelled(np.asarray(values, dtype=float))
        if self.goal == "maximise":
            return -modelled
        return modelled if self.target is None else modelled - self._modelled(np.array(self.target))

    def losses(self, values: Array) -> Array:
        """Return how bad (n,) values are, on the modelled scale."""
        signed = self.signed(values)
        return signed if self.target is None else np.abs(signed)

    def values(self, signed: Array) -> Array:
        """Return the values of the property of what :meth:`signed` made."""
        modelled = np.asarray(signed, dtype=float) * (-1.0 if self.goal == "maximise" else 1.0)
        if self.target is not None:
            modelled = modelled + self._modelled(np.array(self.target))
        result: Array = 10.0**modelled if self.scale == LOG10 else modelled
        return result

    def best_row(self, values: Array) -> int | None:
        """Return the row of the best of (n,) values; none when none is known."""
        losses = self.losses(values)
        return None if np.all(np.isnan(losses)) else int(np.nanargmin(losses))

    def running_best(self, values: Array) -> Array:
        """Return the (n,) best values so far; NaN as long as there is none."""
        known = np.asarray(values, dtype=float)
        losses = self.losses(known)
        best = np.full(len(known), np.nan)
        lowest = np.inf
        for row, loss in enumerate(losses):
            better = not np.isnan(loss) and loss < lowest
            lowest = float(loss) if better else lowest
            best[row] = known[row] if better else (best[row - 1] if row else np.nan)
        return best

    def _modelled(self, values: Array) -> Array:
        if self.scale == LINEAR:
            return values
        return np.log10(np.where(values > 0, values, np.nan))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))
