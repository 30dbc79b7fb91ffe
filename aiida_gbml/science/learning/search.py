"""Strategies that say which candidate to evaluate next: what all of them share, and the two that learn nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sized
from dataclasses import fields
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from aiida_gbml.science.archive import Array

METHODS = ("kriging", "random", "exhaustive")

SettingsT = TypeVar("SettingsT")


class SearchError(ValueError):
    """A search was asked or told something that makes no sense."""


def require_candidates(candidates: Sized) -> None:
    """Raise unless there is a candidate.

    :raises SearchError: when there is none.
    """
    if len(candidates) == 0:
        raise SearchError("a search needs at least one candidate, got none")


def read_strategy(values: Mapping[str, Any], kind: type[SettingsT]) -> tuple[str, SettingsT]:
    """Return a method of :data:`METHODS` and its settings from ``method`` and the fields of a data class, all optional.

    :param kind: the data class.
    :raises SearchError: for a method or a setting that is not known, or of the wrong type.
    """
    settings = dict(values)
    method = settings.pop("method", "kriging")
    if method not in METHODS:
        raise SearchError(f"unknown search method '{method}', known are {', '.join(METHODS)}")
    known = [one.name for one in fields(kind)]  # type: ignore[arg-type]
    unknown = [name for name in settings if name not in known]
    if unknown:
        raise SearchError(f"unknown setting '{unknown[0]}' of the strategy, known are method, {', '.join(known)}")
    try:
        return method, kind(**settings)
    except TypeError as exception:
        raise SearchError(f"a setting of the strategy has the wrong type: {exception}") from exception


class Search(ABC):
    """A search over a fixed list of candidates: ask which to evaluate, tell what came out.

    A search holds no hidden state. Its proposals follow from the seed, the observations in the order in which they
    were told, and the candidates that are pending: a new search that is told the same proposes the same.

    :param candidates: the list.
    :param seed: decides everything that is drawn.
    :param budget: at most so many candidates are asked for in all, failed ones included; none for no limit.
    :raises SearchError: when there is no candidate or the budget is not positive.
    """

    def __init__(self, candidates: Sized, seed: int = 0, budget: int | None = None) -> None:
        require_candidates(candidates)
        if budget is not None and budget < 1:
            raise SearchError(f"the budget must be a positive number of evaluations, got {budget}")
        self.candidates = candidates
        self.seed = seed
        self.budget = len(candidates) if budget is None else min(budget, len(candidates))
        self.observed: dict[int, float] = {}
        self.pending: list[int] = []
        self.uncomputed: list[int] = []

    def ask(self, batch_size: int = 1) -> Array:
        """Return the (b,) indices of the candidates to evaluate next, fewer than asked for at the end of the budget.

        They are pending until they are told, and never proposed again.
        """
        if batch_size < 1:
            raise SearchError(f"the batch size must be positive, got {batch_size}")
        asked: list[int] = []
        for row in islice(self._propose(), max(0, min(batch_size, self.budget - self.n_asked))):
            asked.append(row)
            self.pending.append(row)
        return np.array(asked, dtype=np.int64)

    def tell(self, indices: Array, energies: Array, machine_faults: Array | None = None) -> None:
        """Record evaluated candidates, whether they were asked for or not.

        A candidate that the machine failed is used up, but neither good nor bad: nothing is learned of it.

        :param indices: (b,) rows of the candidate list.
        :param energies: (b,) energies in the unit of the search, NaN for an evaluation that failed.
        :param machine_faults: (b,) whether an evaluation failed through a fault of the machine; none for never.
        :raises SearchError: for a row that does not exist or was told before, an infinite energy, or a fault of the
            machine that has an energy; nothing is recorded.
        """
        rows, values = np.asarray(indices, dtype=int).tolist(), np.asarray(energies, dtype=float)
        if len(rows) != len(values):
            raise SearchError(f"{len(rows)} candidates were told with {len(values)} energies")
        self._check(rows, {*self.observed, *self.uncomputed})
        if np.any(np.isinf(values)):
            raise SearchError("an energy is infinite; tell NaN for an evaluation that failed")
        faults = np.zeros(len(rows), dtype=bool) if machine_faults is None else np.asarray(machine_faults, dtype=bool)
        if not np.all(np.isnan(values[faults])):
            raise SearchError("a candidate that the machine failed was told with an energy")
        told = list(zip(rows, values.tolist(), faults.tolist(), strict=True))
        self.observed.update((row, energy) for row, energy, is_fault in told if not is_fault)
        self.uncomputed += [row for row, _, is_fault in told if is_fault]
        known = {*self.observed, *self.uncomputed}
        self.pending = [row for row in self.pending if row not in known]

    def mark_pending(self, indices: Array) -> None:
        """Record candidates whose evaluation is under way, as a restarted search has to be told.

        :param indices: (b,) rows of the candidate list.
        :raises SearchError: for a row that does not exist, is observed or pending; nothing is recorded.
        """
        rows = np.asarray(indices, dtype=int).tolist()
        self._check(rows, {*self.observed, *self.pending, *self.uncomputed})
        self.pending.extend(rows)

    @property
    def n_asked(self) -> int:
        """Number of candidates observed, pending, or asked for in vain."""
        return len(self.observed) + len(self.pending) + len(self.uncomputed)

    @property
    def best(self) -> int | None:
        """Row of the lowest energy observed; none when nothing succeeded."""
        succeeded = {row: energy for row, energy in self.observed.items() if not np.isnan(energy)}
        return min(succeeded, key=succeeded.__getitem__) if succeeded else None

    @property
    def stop_reason(self) -> str | None:
        """Why the search should end; none while it should go on."""
        if self.n_asked < self.budget:
            return None
        return "all candidates evaluated" if self.budget == len(self.candidates) else "budget spent"

    @property
    def available(self) -> Array:
        """(n,) whether a candidate was not asked for yet."""
        mask = np.ones(len(self.candidates), dtype=bool)
        mask[[*self.observed, *self.pending, *self.uncomputed]] = False
        return mask

    @abstractmethod
    def _propose(self) -> Iterator[int]:
        """Yield the rows of available candidates, each of which is pending when the next one is wanted."""

    def _check(self, rows: list[int], taken: set[int]) -> None:
        seen = set(taken)
        for row in rows:
            if not 0 <= row < len(self.candidates):
                raise SearchError(f"candidate {row} does not exist, there are {len(self.candidates)}")
            if row in seen:
                raise SearchError(f"candidate {row} was told twice")
            seen.add(row)


class RandomSearch(Search):
    """Candidates in an order drawn from the seed, without replacement: the baseline of every other search."""

    def _propose(self) -> Iterator[int]:
        order = np.random.default_rng(self.seed).permutation(len(self.candidates))
        yield from order[self.available[order]].tolist()


class ExhaustiveSearch(Search):
    """All candidates in the order of the list, for audits."""

    def _propose(self) -> Iterator[int]:
        yield from np.flatnonzero(self.available).tolist()
