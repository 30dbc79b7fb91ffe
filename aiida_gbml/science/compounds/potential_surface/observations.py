"""What a search has seen so far: one row an evaluated point, without the structures themselves."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from aiida_gbml.science.archive import Array, ArrayRecord
from aiida_gbml.science.structure_set import FAILED, OK, StructureSet

_UNSEEN = "not evaluated: the engine ended without a result"


class SiteEnergiesError(ValueError):
    """The arrays are no energies of a mobile atom."""


@dataclass(frozen=True)
class SiteEnergies(ArrayRecord):
    """The n evaluated points of a search, in the order in which they were recorded.

    :param rows: (n,) rows of the points in the grid.
    :param energies: (n,) total energies in eV, NaN where the evaluation failed.
    :param reasons: (n,) why an evaluation failed, empty where it did not.
    :param machine_faults: (n,) whether it failed through a fault of the machine, which says nothing of the
        point; none for never.
    :raises SiteEnergiesError: when shapes or types differ, a point comes twice, a row has neither energy nor reason,
        or a fault has an energy.
    """

    ERROR: ClassVar[type[ValueError]] = SiteEnergiesError

    rows: Array
    energies: Array
    reasons: Array
    machine_faults: Array = None  # type: ignore[assignment]  # what was stored earlier has none

    def __post_init__(self) -> None:
        if self.machine_faults is None:
            object.__setattr__(self, "machine_faults", np.zeros(len(self.rows), dtype=bool))
        lengths = {one.name: getattr(self, one.name).shape for one in fields(self)}
        if set(lengths.values()) != {(len(self.rows),)}:
            raise SiteEnergiesError(f"the columns of the energies differ in shape: {lengths}")
        if self.rows.dtype.kind not in "iu" or self.energies.dtype.kind != "f" or np.any(self.rows < 0):
            raise SiteEnergiesError("points are numbered from 0, and energies are numbers")
        if len(np.unique(self.rows)) != len(self.rows):
            raise SiteEnergiesError("a point was recorded twice")
        if not np.array_equal(np.isfinite(self.energies), self.reasons == ""):
            raise SiteEnergiesError("every point needs either a finite energy or a reason of its failure")
        if self.machine_faults.dtype != bool or np.any(self.machine_faults & np.isfinite(self.energies)):
            raise SiteEnergiesError("faults of the machine must be true or false, and come without an energy")

    @classmethod
    def empty(cls) -> SiteEnergies:
        """Return energies of nothing."""
        return cls(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0, dtype="U1"))

    @classmethod
    def of(cls, completed: StructureSet) -> SiteEnergies:
        """Return the energies of structures that :func:`complete` has seen."""
        columns = completed.columns
        rows = columns["candidate"].astype(np.int64)
        return cls(rows, columns["energy"], columns["reason"], completed.machine_faults)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def n_failed(self) -> int:
        """Number of evaluations that failed."""
        return int(np.isnan(self.energies).sum())


def complete(evaluated: StructureSet) -> StructureSet:
    """Return evaluated structures in which every row is either 'ok' with an energy or 'failed' with a reason.

    :param evaluated: with the columns ``candidate``, ``status``, and ``energy`` (eV) and ``reason`` if an engine has
        seen them.
    """
    columns = evaluated.columns
    is_fine = columns["status"] == OK
    energies = np.where(is_fine, columns.get("energy", np.full(len(evaluated), np.nan)), np.nan)
    told = np.asarray(columns.get("reason", np.full(len(evaluated), "")), dtype=str)
    reasons = np.where(is_fine, "", np.where(told == "", _UNSEEN, told))
    status = np.where(is_fine, OK, FAILED)
    return evaluated.with_columns(
        energy=energies, status=status, reason=reasons, machine_fault=evaluated.machine_faults
    )
