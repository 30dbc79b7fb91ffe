"""The values of a property that a model learns, one for each compound of a set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from aiida_gbml.science.archive import Array, ArrayRecord


class PropertyTargetsError(ValueError):
    """The arrays are no values of a property."""


@dataclass(frozen=True)
class PropertyTargets(ArrayRecord):
    """Values of a property of n compounds, in the order of their set.

    :param target: (n,) values in the unit of the property, NaN where it is not known.
    :param order: (n,) whole numbers that order the compounds by age, for a chronological validation.
    :param group: (n,) texts; compounds of one group are never both in training and in validation.
    :raises PropertyTargetsError: when lengths or types do not fit, or no value is known.
    """

    ERROR: ClassVar[type[ValueError]] = PropertyTargetsError

    target: Array
    order: Array | None = None
    group: Array | None = None

    def __post_init__(self) -> None:
        if self.target.ndim != 1 or self.target.dtype.kind != "f":
            shape, kind = self.target.shape, self.target.dtype
            raise PropertyTargetsError(f"the values of a property must be (n,) numbers, got {shape} of type {kind}")
        if np.any(np.isinf(self.target)):
            raise PropertyTargetsError(f"the value of row {int(np.argmax(np.isinf(self.target)))} is infinite")
        for name, kinds in (("order", "iu"), ("group", "U")):
            column = getattr(self, name)
            if column is not None and (column.shape != self.target.shape or column.dtype.kind not in kinds):
                shape, kind = column.shape, column.dtype
                raise PropertyTargetsError(f"'{name}' must fit the {len(self)} values, got {shape} of type {kind}")
        if not self.is_known.any():
            raise PropertyTargetsError(f"none of the {len(self)} compounds has a value of the property")

    def __len__(self) -> int:
        return len(self.target)

    @property
    def is_known(self) -> Array:
        """(n,) whether the value of a compound is known."""
        known: Array = np.isfinite(self.target)
        return known
