"""Strategies that say which candidate to evaluate next: what all of them share, and the two that learn nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.interfaces.candidates import CandidateSet


class SearchError(ValueError):
    """A search was asked or told something that makes no sense."""


class Search(ABC):
    """A search over a fixed list of candidates: ask which to evaluate, tell what came out.

    A search holds no hidden state. Its proposals follow from the seed, the observations in the order in which they
    were told, and the candidates that are pending: a new search that is told the same proposes the same.

    :param candidates: the list.
    :param seed: decides everything that is drawn.
    :param budget: at most so many candidates are asked for in all, failed ones included; none for no limit.
    :raises SearchError: when there is no candidate or the budget is not positive.
    """

    def __init__(self, candidates: CandidateSet, seed: int = 0, budget: int | None = None) -> None:
        if len(candidates) == 0:
            raise SearchError("a search needs at least one candidate, got none")
        if budget is not None and budget < 1:
            raise SearchError(f"the budget must be a positive number of evaluations, got {budget}")
        self.candidates = candidates
        self.seed = seed
        self.budget = len(candidates) if budget is None else min(budget, len(candidates))
        self.observed: dict[int, float] = {}
        self.pending: list[int] = []

    def ask(self, batch_size: int = 1) -> Array:
        """Return the (b,) indices of the candidates to evaluate next, fewer than asked for at the end of the budget.

        They are pending until they are told, and never proposed again.
        """
        if batch_size < 1:
            raise SearchError(f"the batch size must be positive, got {batch_size}")
        asked: list[int] = []
        for _ in range(min(batch_size, self.budget - self.n_asked)):
            asked.append(self._propose())
            self.pending.append(asked[-1])
        return np.array(asked, dtype=np.int64)

    def tell(self, indices: Array, energies: Array) -> None:
        """Record evaluated candidates, whether they were asked for or not.

        :param indices: (b,) rows of the candidate list.
        :param energies: (b,) excess energies in J/m², NaN for an evaluation that failed.
        :raises SearchError: for a row that does not exist or was told before, or an infinite energy; nothing is
            recorded.
        """
        rows, values = np.asarray(indices, dtype=int).tolist(), np.asarray(energies, dtype=float).tolist()
        if len(rows) != len(values):
            raise SearchError(f"{len(rows)} candidates were told with {len(values)} energies")
        self._check(rows, set(self.observed))
        if np.any(np.isinf(values)):
            raise SearchError("an energy is infinite; tell NaN for an evaluation that failed")
        self.observed.update(zip(rows, values, strict=True))
        self.pending = [row for row in self.pending if row not in self.observed]

    def mark_pending(self, indices: Array) -> None:
        """Record candidates whose evaluation is under way, as a restarted search has to be told.

        :param indices: (b,) rows of the candidate list.
        :raises SearchError: for a row that does not exist, is observed or pending; nothing is recorded.
        """
        rows = np.asarray(indices, dtype=int).tolist()
        self._check(rows, {*self.observed, *self.pending})
        self.pending.extend(rows)

    @property
    def n_asked(self) -> int:
        """Number of candidates observed or pending."""
        return len(self.observed) + len(self.pending)

    @property
    def best(self) -> int | None:
        """Row of the lowest excess energy observed; none when nothing succeeded."""
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
        """(n,) whether a candidate was neither observed nor is pending."""
        mask = np.ones(len(self.candidates), dtype=bool)
        mask[[*self.observed, *self.pending]] = False
        return mask

    @abstractmethod
    def _propose(self) -> int:
        """Return the row of one available candidate."""

    def _check(self, rows: list[int], taken: set[int]) -> None:
        for row in rows:
            if not 0 <= row < len(self.candidates):
                raise SearchError(f"candidate {row} does not exist, there are {len(self.candidates)}")
            if row in taken or rows.count(row) > 1:
                raise SearchError(f"candidate {row} was told twice")


class RandomSearch(Search):
    """Candidates in an order drawn from the seed, without replacement: the baseline of every other search."""

    def _propose(self) -> int:
        order = np.random.default_rng(self.seed).permutation(len(self.candidates))
        return int(order[self.available[order]][0])


class ExhaustiveSearch(Search):
    """All candidates in the order of the list, for audits."""

    def _propose(self) -> int:
        return int(np.argmax(self.available))
