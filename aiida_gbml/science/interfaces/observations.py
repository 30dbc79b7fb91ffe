"""What a search has seen so far: one row an evaluated candidate, without the structures themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from aiida_gbml.science.archive import ArchiveError, Array, read_arrays, write_arrays
from aiida_gbml.science.interfaces.candidates import CandidateSet
from aiida_gbml.science.structure_set import OK, StructureSet

_SAME_PLACE = 1e-3  # Å between a translation of an earlier search and one of this


class ObservationsError(ValueError):
    """The arrays are no observations."""


@dataclass(frozen=True)
class Observations:
    """The n evaluated candidates of a search, in the order in which they were recorded.

    :param candidates: (n,) row of the candidate in the candidate set.
    :param energies: (n,) excess energy in J/m², NaN where the evaluation failed.
    :param volumes: (n,) excess volume in Å, NaN where the evaluation failed.
    :param reasons: (n,) why an evaluation failed, empty where it did not.
    :raises ObservationsError: when lengths differ, a candidate comes twice, or a row has neither energy nor reason.
    """

    candidates: Array
    energies: Array
    volumes: Array
    reasons: Array

    def __post_init__(self) -> None:
        lengths = {one.name: getattr(self, one.name).shape for one in fields(self)}
        if set(lengths.values()) != {(len(self.candidates),)}:
            raise ObservationsError(f"the columns of observations differ in shape: {lengths}")
        if len(np.unique(self.candidates)) != len(self.candidates):
            raise ObservationsError("a candidate was recorded twice")
        if not np.array_equal(np.isfinite(self.energies), self.reasons == ""):
            raise ObservationsError("every observation needs either a finite energy or a reason of its failure")

    @classmethod
    def empty(cls) -> Observations:
        """Return observations of nothing."""
        return cls(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0), np.zeros(0, dtype="U1"))

    @classmethod
    def from_bytes(cls, content: bytes) -> Observations:
        """Return the observations written by :meth:`to_bytes`.

        :raises ObservationsError: when the bytes are damaged.
        """
        try:
            return cls(**read_arrays(content))
        except (ArchiveError, TypeError) as exception:
            raise ObservationsError(str(exception)) from exception

    def to_bytes(self) -> bytes:
        """Return deterministic bytes that :meth:`from_bytes` reads."""
        return write_arrays({one.name: getattr(self, one.name) for one in fields(self)})

    def __len__(self) -> int:
        return len(self.candidates)

    def __add__(self, other: Observations) -> Observations:
        return Observations(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))

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
    )


def match_candidates(candidates: CandidateSet, earlier: Sequence[StructureSet]) -> list[StructureSet]:
    """Return evaluated sets whose column ``candidate`` says which candidate of this search each row is.

    Translations are compared up to the symmetry of the boundary, since another grid may hold another representative.
    Rows that are no candidate here, the same as an earlier one, or failed get -1: they are kept, but not observed. So
    what failed, perhaps by a fault of the machine, is tried again.
    """
    seen: set[int] = set()
    matched = []
    for one in earlier:
        rows = [_row_of(candidates, one, index) for index in range(len(one))]
        rows = [row if status == OK else -1 for row, status in zip(rows, one.columns["status"], strict=True)]
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
