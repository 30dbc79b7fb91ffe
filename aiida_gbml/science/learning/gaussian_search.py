"""What searches with a Gaussian process share: the initial design, refits, and what is believed of all candidates."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence, Sized
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.learning.gaussian_process import CandidatePosterior, HyperparameterPrior, fit_hyperparameters
from aiida_gbml.science.learning.search import Search, SearchError

_ALWAYS_REFIT = 30  # observations; beyond, hyperparameters change little and cost more
_MOST_FITTED = 300  # observations that hyperparameters are fitted to, whose cost grows with their third power


class Scale(Protocol):
    """How energies become the targets of a Gaussian process."""

    def targets(self, energies: Array) -> Array:
        """Return the (n,) targets of (n,) energies; NaN, a failed evaluation, is as bad as can be."""
        ...


ScaleT = TypeVar("ScaleT", bound=Scale)


@dataclass(frozen=True)
class Belief:
    """What is believed of all n candidates, in units of the targets.

    :param mean: (n,) posterior means.
    :param deviation: (n,) posterior standard deviations.
    :param best: lowest value known or imputed.
    """

    mean: Array
    deviation: Array
    best: float


class GaussianSearch(Search, Generic[ScaleT]):
    """A search that believes a Gaussian process over all candidates.

    Candidates of a batch, and those pending, are imputed with their predicted means (kriging believer; Ginsbourger et
    al. 2010). Failed ones count as the worst energies, but have no say in the hyperparameters. Of those that the
    machine failed nothing is believed but what their neighbours tell.

    :param candidates: the list.
    :param points: (n, d) features of the candidates.
    :param prior: of the hyperparameters.
    :param seed: decides the first candidate and everything that is drawn.
    :param budget: at most so many candidates are asked for in all; none for no limit.
    :param n_initial: so many candidates are spread over the features before the model is asked.
    :param starting_points: rows to evaluate first, as an earlier search may suggest.
    """

    def __init__(
        self,
        candidates: Sized,
        points: Array,
        prior: HyperparameterPrior,
        *,
        seed: int = 0,
        budget: int | None = None,
        n_initial: int = 5,
        starting_points: Sequence[int] = (),
    ) -> None:
        super().__init__(candidates, seed, budget)
        self.starting_points = list(dict.fromkeys(starting_points))
        self._check(self.starting_points, set())
        self._points = points
        self._prior = prior
        self._n_initial = n_initial
        self._fitted_to = 0
        self._scale: ScaleT
        self._posterior: CandidatePosterior

    @abstractmethod
    def _choose(self) -> int:
        """Return the row of the available candidate that the model promises most of."""

    @abstractmethod
    def _scale_of(self, energies: Array) -> ScaleT:
        """Return the scale of (n,) observed energies."""

    def _propose(self) -> Iterator[int]:
        while True:
            yield self._next()

    def _next(self) -> int:
        """Return the row of the candidate to ask for next."""
        is_available = self.available
        for row in self.starting_points:
            if is_available[row]:
                return row
        if self.best is None or len(self._energies()) + len(self.pending) < self._n_initial:
            return self._most_distant(is_available)
        return self._choose()

    def _most_distant(self, is_available: Array) -> int:
        """Return the available candidate farthest from all asked for: a maximin design, one point at a time.

        The first is the farthest from one drawn at random, so that the design starts in a corner of the feature space:
        these are the points of highest symmetry, where the energy has to be stationary.
        """
        asked = [*self.observed, *self.pending] or [int(self._generator().integers(len(self._points)))]
        distances = np.min([np.sum((self._points - self._points[row]) ** 2, axis=1) for row in asked], axis=0)
        return int(np.argmax(np.where(is_available, distances, -1.0)))

    def _believe(self) -> Belief:
        """Return the posterior given everything that was told or is pending."""
        values = self._values()
        posterior = self._posterior
        return Belief(posterior.mean(values), np.sqrt(posterior.variance), float(values.min()))

    def _values(self) -> Array:
        """Return the (m,) targets, told or imputed, of the rows of the posterior, which is brought up to date."""
        self._fit()
        posterior = self._posterior
        held = set(posterior.rows)
        posterior.observe([row for row in (*self.observed, *self.pending) if row not in held])
        is_told = np.array([row in self.observed for row in posterior.rows])
        values = self._scale.targets(np.array([self.observed.get(row, np.nan) for row in posterior.rows]))
        if not is_told.all():
            values[~is_told] = posterior.impute(values[is_told], is_told)
        return values

    def _fit(self) -> None:
        """Fit the scale and the hyperparameters, if a refit is due.

        They depend on the first observations alone, as many as there were at the latest refit, and on no earlier fit.
        """
        rows = [row for row, energy in self.observed.items() if not np.isnan(energy)]
        if not rows:
            raise SearchError("no evaluation has succeeded yet, so nothing can be predicted")
        fit_to = _last_refit(len(rows))
        if fit_to == self._fitted_to:
            return
        used = sorted(rows[:fit_to])  # any order of the same observations gives the same rounding errors
        energies = np.array([self.observed[row] for row in used])
        self._scale, self._fitted_to = self._scale_of(energies), fit_to
        thinned = slice(None, None, -(-fit_to // _MOST_FITTED))
        targets = self._scale.targets(energies)
        hyperparameters = fit_hyperparameters(self._points[used][thinned], targets[thinned], self._prior)
        self._posterior = CandidatePosterior(self._points, hyperparameters)

    def _energies(self) -> Array:
        """Return the (m,) energies of the successful observations, in the order in which they were told."""
        energies = np.array(list(self.observed.values()), dtype=float)
        succeeded: Array = energies[~np.isnan(energies)]
        return succeeded

    def _generator(self) -> np.random.Generator:
        """Return a source of random numbers that depends on nothing but the seed and what was asked."""
        return np.random.default_rng([self.seed, self.n_asked])


def _last_refit(count: int) -> int:
    """Return the number of observations at the latest refit: at every one at first, then ever more rarely."""
    refit = min(count, _ALWAYS_REFIT)
    while refit + refit // 6 <= count and refit >= _ALWAYS_REFIT:
        refit += refit // 6
    return refit
