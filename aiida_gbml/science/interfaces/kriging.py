"""Kriging: find the most stable boundary structure in few evaluations, with a Gaussian process over all candidates.

One round of the search, given the energies observed so far:

1. energies become targets of zero mean and unit variance, the highest ones capped (:class:`TargetScale`);
2. candidates become points at which symmetry-equivalent structures coincide (:class:`CandidateFeatures`);
3. hyperparameters follow from the marginal likelihood of the targets (``fit_hyperparameters``);
4. the posterior over all candidates is computed, pending ones being imputed (:class:`CandidatePosterior`);
5. the candidate of highest acquisition is proposed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.interfaces.candidates import CandidateSet
from aiida_gbml.science.interfaces.surrogate import CandidateFeatures, Surrogate, TargetScale
from aiida_gbml.science.learning.acquisition import (
    expected_improvement,
    expected_regret,
    log_expected_improvement,
    lower_confidence_bound,
    probability_of_improvement,
    thompson_sample,
)
from aiida_gbml.science.learning.gaussian_process import GaussianProcess
from aiida_gbml.science.learning.gaussian_search import Belief, GaussianSearch
from aiida_gbml.science.learning.search import ExhaustiveSearch, RandomSearch, Search, SearchError, require_candidates

__all__ = [
    "ACQUISITIONS",
    "ExhaustiveSearch",
    "KrigingSearch",
    "KrigingSettings",
    "RandomSearch",
    "Search",
    "SearchError",
]

_POINTWISE: dict[str, Callable[[Array, Array, float], Array]] = {
    "expected improvement": expected_improvement,
    "log expected improvement": log_expected_improvement,
    "probability of improvement": probability_of_improvement,
    "lower confidence bound": lambda mean, deviation, _: lower_confidence_bound(mean, deviation),
}
_THOMPSON = "thompson sampling"
ACQUISITIONS = (*_POINTWISE, _THOMPSON)

_N_DRAWN = 256  # candidates of highest expected improvement, among which functions are drawn
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
    n_initial: int = 5
    n_harmonics: int = 12
    regret_tolerance: float = 5e-4
    patience: int = 8

    def __post_init__(self) -> None:
        if self.acquisition not in ACQUISITIONS:
            raise SearchError(f"unknown acquisition '{self.acquisition}', known are {', '.join(ACQUISITIONS)}")
        for name in ("n_initial", "n_harmonics", "regret_tolerance", "patience"):
            value = getattr(self, name)
            if not value > 0:
                raise SearchError(f"'{name}' of the search must be positive, got {value}")
            if name != "regret_tolerance" and not isinstance(value, int):
                raise SearchError(f"'{name}' of the search must be a whole number, got {value}")


class KrigingSearch(GaussianSearch[TargetScale]):
    """Ask for the candidate whose evaluation promises most, by a Gaussian process over all candidates.

    >>> search = KrigingSearch(candidates, seed=7)  # doctest: +SKIP
    >>> while search.stop_reason is None:  # doctest: +SKIP
    ...     rows = search.ask(batch_size=4)
    ...     search.tell(rows, evaluate(rows))

    :param candidates: the list.
    :param seed: decides the first candidate and everything that is drawn.
    :param budget: at most so many candidates are asked for in all; none for no limit.
    :param settings: how the search works.
    :param starting_points: rows to evaluate first, as an earlier search may suggest.
    """

    def __init__(
        self,
        candidates: CandidateSet,
        seed: int = 0,
        budget: int | None = None,
        settings: KrigingSettings | None = None,
        starting_points: Sequence[int] = (),
    ) -> None:
        require_candidates(candidates)
        self.settings = settings or KrigingSettings()
        self.features = CandidateFeatures.of(candidates, self.settings.n_harmonics)
        columns = (candidates.translations, candidates.gaps, candidates.terminations, candidates.n_removed)
        super().__init__(
            candidates,
            self.features(*columns),
            self.features.prior,
            seed=seed,
            budget=budget,
            n_initial=self.settings.n_initial,
            starting_points=starting_points,
        )

    def predict(self) -> tuple[Array, Array]:
        """Return the (n,) predicted excess energies of all candidates and their standard deviations, J/m².

        :raises SearchError: while nothing is known.
        """
        belief = self._believe()
        return self._scale.offset + self._scale.unit * belief.mean, self._scale.unit * belief.deviation

    @property
    def surrogate(self) -> Surrogate:
        """The model of the observations, which predicts any structure of the search space.

        :raises SearchError: while nothing is known.
        """
        self._fit()
        process = GaussianProcess(hyperparameters=self._posterior.hyperparameters)
        targets = self._scale.targets(np.array(list(self.observed.values())))
        return Surrogate(self.features, process.fit(self._points[list(self.observed)], targets), self._scale)

    @property
    def expected_regret(self) -> float:
        """How far, in J/m², the best energy known is expected to lie above the lowest among all candidates."""
        if self.best is None:
            return float("inf")
        if not self.available.any():
            return 0.0
        belief = self._believe()
        rows = self._promising(belief)
        covariance = self._posterior.covariance(rows)
        return self._scale.unit * expected_regret(belief.mean[rows], covariance, belief.best, self._generator())

    @property
    def stop_reason(self) -> str | None:
        """Why the search should end; none while it should go on."""
        reason, tolerance = super().stop_reason, self.settings.regret_tolerance
        energies, recent = self._energies(), self.settings.patience
        if reason is not None or len(energies) < self.settings.n_initial + recent:
            return reason
        has_stalled = energies[:-recent].min() - energies.min() < tolerance
        return f"expected regret below {tolerance} J/m²" if has_stalled and self.expected_regret < tolerance else None

    def _scale_of(self, energies: Array) -> TargetScale:
        return TargetScale.of(energies)

    def _choose(self) -> int:
        score = np.where(self.available, self._score(self._believe()), -np.inf)
        highest = score.max()
        return int(np.argmax(score >= highest - _TIE * abs(highest)))  # the first of equals, whatever the rounding

    def _score(self, belief: Belief) -> Array:
        """Return the (n,) acquisition of all candidates."""
        if self.settings.acquisition != _THOMPSON:
            return _POINTWISE[self.settings.acquisition](belief.mean, belief.deviation, belief.best)
        rows = self._promising(belief)
        score = np.full(len(belief.mean), -np.inf)
        score[rows] = thompson_sample(belief.mean[rows], self._posterior.covariance(rows), self._generator())
        return score

    def _promising(self, belief: Belief) -> Array:
        """Return the rows of the available candidates of highest expected improvement."""
        score = log_expected_improvement(belief.mean, belief.deviation, belief.best)
        score[~self.available] = -np.inf
        rows: Array = np.argsort(-score, kind="stable")
        return rows[: min(_N_DRAWN, int(self.available.sum()))]
