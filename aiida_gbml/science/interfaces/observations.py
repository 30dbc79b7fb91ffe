"""What a search has seen so far: one row an evaluated candidate, without the structures themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from aiida_gbml.science.archive import Array, ArrayRecord
from aiida_gbml.science.interfaces.candidates import CandidateSet
from aiida_gbml.science.structure_set import OK, StructureSet

_SAME_PLACE = 1e-3  # Å between a translation of an earlier search and one of this


class ObservationsError(ValueError):
    """The arrays are no observations."""


@dataclass(frozen=True)
class Observations(ArrayRecord):
    """The n evaluated candidates of a search, in the order in which they were recorded.

    :param candidates: (n,) row of the candidate in the candidate set.
    :param energies: (n,) excess energy in J/m², NaN where the evaluation failed.
    :param volumes: (n,) excess volume in Å, NaN where the evaluation failed.
    :param reasons: (n,) why an evaluation failed, empty where it did not.
    :param machine_faults: (n,) whether it failed through a fault of the machine, which says nothing of the
        candidate; none for never.
    :raises ObservationsError: when lengths differ, a candidate comes twice, a row has neither energy nor reason, or
        a fault has an energy.
    """

    ERROR: ClassVar[type[ValueError]] = ObservationsError

    candidates: Array
    energies: Array
    volumes: Array
    reasons: Array
    machine_faults: Array = None  # type: ignore[assignment]  # what was stored earlier has none

    def __post_init__(self) -> None:
        if self.machine_faults is None:
            object.__setattr__(self, "machine_faults", np.zeros(len(self.candidates), dtype=bool))
        lengths = {one.name: getattr(self, one.name).shape for one in fields(self)}
        if set(lengths.values()) != {(len(self.candidates),)}:
            raise ObservationsError(f"the columns of observations differ in shape: {lengths}")
        if len(np.unique(self.candidates)) != len(self.candidates):
            raise ObservationsError("a candidate was recorded twice")
        if not np.array_equal(np.isfinite(self.energies), self.reasons == ""):
            raise ObservationsError("every observation needs either a finite energy or a reason of its failure")
        if self.machine_faults.dtype != bool or np.any(self.machine_faults & ~self.failed):
            raise ObservationsError("faults of the machine must be true or false, and come without an energy")

    @classmethod
    def empty(cls) -> Observations:
        """Return observations of nothing."""
        return cls(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0, "U1"))

    def __len__(self) -> int:
        return len(self.candidates)

    @property
    def failed(self) -> Array:
        """(n,) whether the evaluation failed."""
        return np.isnan(self.energies)

    @property
    def best(self) -> int | None:
        """Row of the lowest excess energy; none when nothing succeeded."""
        return None if self.failed.all() else int(np.nanargmin(self.energies))


def observe(evaluated: StructureSet) -> Observations:
    """Return what the rows of an evaluated set tell a search; those that are no candidates of it tell nothing.

    :param evaluated: with the columns ``candidate`` (-1 for none), ``excess_energy``, ``excess_volume``, ``status`` and
        ``reason``.
    """
    is_candidate = evaluated.columns["candidate"] >= 0
    columns = {name: column[is_candidate] for name, column in evaluated.columns.items()}
    is_ok = columns["status"] == OK
    return Observations(
        candidates=columns["candidate"],
        energies=np.where(is_ok, columns["excess_energy"], np.nan),
        volumes=np.where(is_ok, columns["excess_volume"], np.nan),
        reasons=np.where(is_ok, "", columns["reason"]),
        machine_faults=evaluated.machine_faults[is_candidate],
    )


def match_candidates(candidates: CandidateSet, earlier: Sequence[StructureSet]) -> list[StructureSet]:
    """Return evaluated sets whose column ``candidate`` says which candidate of this search each row is.

    Translations are compared up to the symmetry of the boundary, since another grid may hold another representative.
    Rows that are no candidate here, the same as an earlier one, or failed through a fault of the machine get -1: they
    are kept, but not observed, so that what the machine failed is tried again.
    """
    seen: set[int] = set()
    matched = []
    for one in earlier:
        rows = [_row_of(candidates, one, index) for index in range(len(one))]
        # Sets that were stored before faults were told apart may owe any of their failures to the machine.
        lost = one.machine_faults if "machine_fault" in one.columns else one.columns["status"] != OK
        rows = [-1 if is_lost else row for row, is_lost in zip(rows, lost, strict=True)]
        known = [row if row not in seen and rows.index(row) == index else -1 for index, row in enumerate(rows)]
        seen.update(known)
        matched.append(one.with_columns(candidate=np.array(known, dtype=np.int64)))
    return matched


def _row_of(candidates: CandidateSet, earlier: StructureSet, index: int) -> int:
    """Return the candidate that an evaluated row is, or -1."""
    columns = earlier.columns
    same = (
        (candidates.n_removed == columns["n_removed"][index])
        & (candidates.terminations == columns["termination"][index])
        & (np.abs(candidates.gaps - columns["gap"][index]) < _SAME_PLACE)
    )
    rows = np.flatnonzero(same)
    images = candidates.group.images(columns["translation"][index][None])[:, 0]
    steps = candidates.group.fractional(images[:, None] - candidates.translations[None, rows])
    distances = np.linalg.norm((steps - np.round(steps)) @ candidates.group.lattice, axis=2).min(axis=0, initial=np.inf)
    near = rows[distances < _SAME_PLACE]
    return int(near[0]) if len(near) else -1
