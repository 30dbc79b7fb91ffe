"""Kriging: find the most stable boundary structure in few evaluations, with a Gaussian process over all candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.interfaces.candidates import CandidateSet
from aiida_gbml.science.interfaces.search import ExhaustiveSearch, RandomSearch, Search, SearchError
from aiida_gbml.science.interfaces.surrogate import CandidateFeatures
from aiida_gbml.science.learning import acquisition
from aiida_gbml.science.learning.gaussian_process import CandidatePosterior, fit_hyperparameters

__all__ = ["ExhaustiveSearch", "KrigingSearch", "KrigingSettings", "RandomSearch", "Search", "SearchError"]

ACQUISITIONS = (
    "expected improvement",
    "log expected improvement",
    "probability of improvement",
    "lower confidence bound",
    "thompson sampling",
)

_N_SAMPLED = 256  # candidates of highest expected improvement among which functions are drawn
_TIE = 1e-9


@dataclass(frozen=True)
class KrigingSettings:
    """How a Kriging search works, as plain JSON values.

    :param acquisition: one of :data:`ACQUISITIONS`.
    :param n_initial: so many candidates are spread over the features before the model is asked.
    :param n_harmonics: number of symmetric harmonics of the translation among the features.
    :param regret_tolerance: the search may end when the expected regret is below this, J/m².
    :param patience: and when the last so many evaluations did not improve the best energy by more than this.
    :raises SearchError: for values out of range.
    """

    acquisition: str = "expected improvement"
    n_initial: int = 6
    n_harmonics: int = 6
    regret_tolerance: float = 5e-4
    patience: int = 5

    def __post_init__(self) -> None:
        if self.acquisition not in ACQUISITIONS:
            raise SearchError(f"unknown acquisition '{self.acquisition}', known are {', '.join(ACQUISITIONS)}")
        for name in ("n_initial", "n_harmonics", "regret_tolerance", "patience"):
            if not getattr(self, name) > 0:
                raise SearchError(f"'{name}' of the search must be positive, got {getattr(self, name)}")


class KrigingSearch(Search):
    """Ask for the candidate whose evaluation promises most, by a Gaussian process over all candidates.

    :param candidates: the list.
    :param seed: decides the first candidate and everything that is drawn.
    :param budget: at most so many candidates are asked for in all; none for no limit.
    :param settings: how the search works.
    :param starting_points: rows to evaluate first, as an earlier search may suggest.

    >>> search = KrigingSearch(candidates, seed=7)  # doctest: +SKIP
    >>> while search.stop_reason is None:  # doctest: +SKIP
    ...     rows = search.ask(batch_size=4)
    ...     search.tell(rows, evaluate(rows))
    """

    def __init__(
        self,
        candidates: CandidateSet,
        seed: int = 0,
        budget: int | None = None,
        settings: KrigingSettings | None = None,
        starting_points: Sequence[int] = (),
    ) -> None:
        super().__init__(candidates, seed, budget)
        self.settings = settings or KrigingSettings()
        self.starting_points = list(dict.fromkeys(starting_points))
        self._check(self.starting_points, set())
        self.features = CandidateFeatures.of(candidates, self.settings.n_harmonics)
        self._points = self.features(
            candidates.translations, candidates.gaps, candidates.terminations, candidates.n_removed
        )
        self._posterior: CandidatePosterior | None = None
        self._fitted_to = 0

    def predict(self) -> tuple[Array, Array]:
        """Return the (n,) predicted excess energies of all candidates and their standard deviations, J/m².

        :raises SearchError: while nothing is known.
        """
        posterior, values, (offset, scale) = self._update()
        return offset + scale * posterior.mean(values), scale * np.sqrt(posterior.variance)

    @property
    def expected_regret(self) -> float:
        """How far, in J/m², the best energy observed is expected to lie above the lowest among all candidates."""
        if self.best is None:
            return float("inf")
        posterior, values, (_, scale) = self._update()
        rows, mean = self._promising(posterior, values)
        covariance = posterior.covariance(rows)
        best = float(np.min(values))
        return scale * acquisition.expected_regret(mean[rows], covariance, best, self._generator())

    @property
    def stop_reason(self) -> str | None:
        """Why the search should end; none while it should go on."""
        reason = super().stop_reason
        energies = self._energies()
        recent = self.settings.patience
        if reason is not None or len(energies) < self.settings.n_initial + recent:
            return reason
        stalled = energies[:-recent].min() - energies.min() < self.settings.regret_tolerance
        if stalled and self.expected_regret < self.settings.regret_tolerance:
            return f"expected regret below {self.settings.regret_tolerance} J/m²"
        return None

    def _propose(self) -> int:
        available = self.available
        for row in self.starting_points:
            if available[row]:
                return row
        if len(self._energies()) + len(self.pending) < self.settings.n_initial or self.best is None:
            return self._most_distant(available)
        score = np.where(available, self._score(), -np.inf)
        return int(
            np.argmax(score >= score.max() - _TIE * abs(score.max()))
        )  # the first of equals, whatever the rounding

    def _most_distant(self, available: Array) -> int:
        """Return the available candidate farthest from all asked for: a maximin design, one point at a time."""
        asked = [*self.observed, *self.pending]
        if not asked:
            return int(self._generator().choice(np.flatnonzero(available)))
        distances = np.min([np.sum((self._points - self._points[row]) ** 2, axis=1) for row in asked], axis=0)
        return int(np.argmax(np.where(available, distances, -1.0)))

    def _score(self) -> Array:
        """Return the (n,) acquisition of all candidates."""
        posterior, values, _ = self._update()
        mean, deviation, best = posterior.mean(values), np.sqrt(posterior.variance), float(np.min(values))
        match self.settings.acquisition:
            case "expected improvement":
                return acquisition.expected_improvement(mean, deviation, best)
            case "log expected improvement":
                return acquisition.log_expected_improvement(mean, deviation, best)
            case "probability of improvement":
                return acquisition.probability_of_improvement(mean, deviation, best)
            case "lower confidence bound":
                return acquisition.lower_confidence_bound(mean, deviation)
            case _:
                rows, mean = self._promising(posterior, values)
                score = np.full(len(mean), -np.inf)
                score[rows] = acquisition.thompson_sample(mean[rows], posterior.covariance(rows), self._generator())
                return score

    def _promising(self, posterior: CandidatePosterior, values: Array) -> tuple[Array, Array]:
        """Return the rows of the available candidates of highest expected improvement, and the (n,) means of all."""
        mean = posterior.mean(values)
        score = acquisition.log_expected_improvement(mean, np.sqrt(posterior.variance), float(np.min(values)))
        score[~self.available] = -np.inf
        rows: Array = np.argsort(-score, kind="stable")
        return rows[: min(_N_SAMPLED, int(self.available.sum()))], mean

    def _update(self) -> tuple[CandidatePosterior, Array, tuple[float, float]]:
        """Return the posterior of all rows asked for, their values, and the offset and scale that lead to J/m²."""
        energies = self._energies()
        if len(energies) == 0:
            raise SearchError("no evaluation has succeeded yet, so nothing can be predicted")
        fit_to = _last_refit(len(energies))
        if self._posterior is None or fit_to != self._fitted_to:
            rows = [row for row, energy in self.observed.items() if not np.isnan(energy)][:fit_to]
            values = _winsorise(energies[:fit_to])
            order = np.argsort(rows)
            targets = (values - values.mean()) / (values.std() or 1.0)
            hyperparameters = fit_hyperparameters(self._points[rows][order], targets[order], self.features.prior)
            self._posterior, self._fitted_to = CandidatePosterior(self._points, hyperparameters), fit_to
        for row in (*self.observed, *self.pending):
            if row not in self._posterior.rows:
                self._posterior.append(row)
        known = _winsorise(energies)
        offset, scale = float(known.mean()), float(known.std() or 1.0)
        cap = _cap(energies)
        told = np.array([row in self.observed for row in self._posterior.rows])
        values = np.array([self.observed.get(row, 0.0) for row in self._posterior.rows])
        values = (np.minimum(np.nan_to_num(values, nan=cap), cap) - offset) / scale
        values[~told] = self._posterior.impute(values[told], told)
        return self._posterior, values, (offset, scale)

    def _energies(self) -> Array:
        """Return the (n,) energies of the successful observations, in the order in which they were told."""
        energies = np.array(list(self.observed.values()), dtype=float)
        succeeded: Array = energies[~np.isnan(energies)]
        return succeeded

    def _generator(self) -> np.random.Generator:
        """Return a source of random numbers that depends on nothing but the seed and what was asked."""
        return np.random.default_rng([self.seed, self.n_asked])


def _cap(energies: Array) -> float:
    """Return the energy above which structures are all equally bad: median + 3 (median - minimum), J/m²."""
    median = float(np.median(energies))
    return median + 3 * (median - float(energies.min()))


def _winsorise(energies: Array) -> Array:
    """Return energies with those above the cap lowered to it, so that overlapping atoms do not rule the model."""
    return np.minimum(energies, _cap(energies))


def _last_refit(count: int) -> int:
    """Return the number of observations at the latest refit: at every one up to 30, then ever more rarely."""
    refit = min(count, 30)
    while refit + max(1, refit // 10) <= count:
        refit += max(1, refit // 10)
    return refit
