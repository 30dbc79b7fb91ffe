"""What a search over compounds has seen so far: one row an evaluated candidate."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from aiida_gbml.science.archive import Array, ArrayRecord


class PropertyObservationsError(ValueError):
    """The arrays are no observations."""


@dataclass(frozen=True)
class PropertyObservations(ArrayRecord):
    """The n evaluated candidates of a search, in the order in which they were recorded.

    :param candidates: (n,) row of the candidate in its set.
    :param values: (n,) value of the property in its unit, NaN where the evaluation failed.
    :param reasons: (n,) why an evaluation failed, empty where it did not.
    :param is_given: (n,) True where the value was known before the search began.
    :param machine_faults: (n,) whether it failed through a fault of the machine, which says nothing of the
        candidate; none for never.
    :raises PropertyObservationsError: when lengths differ, a candidate comes twice, a row has neither value nor
        reason, or a fault has a value.
    """

    ERROR: ClassVar[type[ValueError]] = PropertyObservationsError

    candidates: Array
    values: Array
    reasons: Array
    is_given: Array
    machine_faults: Array = None  # type: ignore[assignment]  # what was stored earlier has none

    def __post_init__(self) -> None:
        if self.machine_faults is None:
            object.__setattr__(self, "machine_faults", np.zeros(len(self.candidates), dtype=bool))
        shapes = {one.name: getattr(self, one.name).shape for one in fields(self)}
        if set(shapes.values()) != {(len(self.candidates),)}:
            raise PropertyObservationsError(f"the columns of observations differ in shape: {shapes}")
        kinds = "".join(getattr(self, one.name).dtype.kind for one in fields(self))
        if kinds != "ifUbb":
            raise PropertyObservationsError(f"the columns of observations are of the types '{kinds}', expected 'ifUbb'")
        if len(np.unique(self.candidates)) != len(self.candidates):
            raise PropertyObservationsError("a candidate was recorded twice")
        if not np.array_equal(np.isfinite(self.values), self.reasons == ""):
            raise PropertyObservationsError("every observation needs either a finite value or a reason of its failure")
        if np.any(self.machine_faults & ~self.failed):
            raise PropertyObservationsError("a fault of the machine must come without a value")

    @classmethod
    def empty(cls) -> PropertyObservations:
        """Return observations of nothing."""
        return cls(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, "U1"), np.zeros(0, bool))

    def __len__(self) -> int:
        return len(self.candidates)

    @property
    def failed(self) -> Array:
        """(n,) whether the evaluation failed."""
        return np.isnan(self.values)
