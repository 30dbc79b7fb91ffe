"""Which compound of a database to compute next, for a property that should be low, high, or at a value.

The descriptors of all compounds are reduced to a few principal components. A Gaussian process over them is asked which
compound promises most; its observations are evaluations, or values that were known before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.objective import Objective
from aiida_gbml.science.compounds.property_observations import PropertyObservations
from aiida_gbml.science.learning.acquisition import (
    expected_improvement,
    log_expected_improvement,
    lower_confidence_bound,
    probability_of_improvement,
)
from aiida_gbml.science.learning.gaussian_process import HyperparameterPrior, LogNormal
from aiida_gbml.science.learning.gaussian_search import GaussianSearch
from aiida_gbml.science.learning.search import ExhaustiveSearch, RandomSearch, Search, SearchError

METHODS = ("gaussian process", "random", "exhaustive")

_POINTWISE: dict[str, Callable[[Array, Array, float], Array]] = {
    "expected improvement": expected_improvement,
    "log expected improvement": log_expected_improvement,
    "probability of improvement": probability_of_improvement,
    "lower confidence bound": lambda mean, deviation, _: lower_confidence_bound(mean, deviation),
}
ACQUISITIONS = tuple(_POINTWISE)

_TIE = 1e-9
_WHOLE = ("n_initial", "n_components", "patience")
_CAP = 3.0  # medians above the best from which on values are equally bad
_LENGTH, _SPREAD = 1.0, 1.0  # prior of length scales; all components together have unit length on average


@dataclass(frozen=True)
class PropertySearchSettings:
    """How a search over compounds works, as plain JSON values.

    :param method: one of :data:`METHODS`.
    :param acquisition: one of :data:`ACQUISITIONS`; for a target value it is the expected improvement.
    :param n_initial: so many compounds are spread over the descriptors before the model is asked.
    :param n_components: most principal components of the descriptors.
    :param share: of the variance of the descriptors that the components explain.
    :param tolerance: the search ends when no compound is expected to improve the property by more than this on its
        modelled scale (its unit, or decades); none for the budget alone.
    :param patience: and when the last so many evaluations improved nothing.
    :raises SearchError: for values out of range.
    """

    method: str = "gaussian process"
    acquisition: str = "expected improvement"
    n_initial: int = 5
    n_components: int = 12
    share: float = 0.95
    tolerance: float | None = None
    patience: int = 8

    def __post_init__(self) -> None:
        for name, known in (("method", METHODS), ("acquisition", ACQUISITIONS)):
            if getattr(self, name) not in known:
                raise SearchError(f"unknown {name} '{getattr(self, name)}', known are {', '.join(known)}")
        for name in (*_WHOLE, "share", "tolerance"):
            value = getattr(self, name)
            if name == "tolerance" and value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
                raise SearchError(f"'{name}' of the search must be positive, got {value!r}")
            if name in _WHOLE and not isinstance(value, int):
                raise SearchError(f"'{name}' of the search must be a whole number, got {value}")
        if self.share > 1:
            raise SearchError(f"'share' of the search must be at most 1, got {self.share}")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PropertySearchSettings:
        """Return the settings of plain values, all optional.

        :raises SearchError: for a setting that is not known or out of range.
        """
        known = [one.name for one in fields(cls)]
        for name in values:
            if name not in known:
                raise SearchError(f"unknown setting '{name}' of the strategy, known are {', '.join(known)}")
        return cls(**values)


@dataclass(frozen=True)
class LossScale:
    """How signed values of an objective become targets of zero mean and unit variance.

    :param cap: values above this are all equally bad.
    :param offset: value of the target 0.
    :param unit: value of one unit of the target.
    :param worst: value that a failed evaluation counts as.
    """

    cap: float
    offset: float
    unit: float
    worst: float

    @classmethod
    def of(cls, signed: Array, has_target: bool) -> LossScale:
        """Return the scale of (n,) signed values; near a target value both signs matter, and nothing is capped."""
        median, lowest, highest = float(np.median(signed)), float(np.min(signed)), float(np.max(signed))
        cap = highest if has_target or median == lowest else median + _CAP * (median - lowest)
        capped = np.minimum(signed, cap)
        worst = float(signed[np.abs(signed).argmax()]) if has_target else cap
        # Equal values may differ from their mean by a rounding error, which is no unit.
        return cls(cap, float(capped.mean()), float(capped.std()) if np.ptp(capped) > 0 else 1.0, worst)

    def targets(self, energies: Array) -> Array:
        """Return the (n,) targets of (n,) signed values; NaN, a failed evaluation, is as bad as can be."""
        known = np.where(np.isnan(energies), self.worst, energies)
        result: Array = (np.minimum(known, self.cap) - self.offset) / self.unit
        return result


class PropertySearch(GaussianSearch[LossScale]):
    """Ask for the compound whose evaluation promises most, by a Gaussian process over all compounds.

    Told are signed values, see :meth:`Objective.signed`. For a target value the promise is the expected decrease of
    the distance, in closed form: a triangular hat over the target is a sum of three ramps, of which each gives an
    expected improvement.

    :param points: (n, k) components of the descriptors.
    :param objective: what is wanted.
    :param settings: how to search.
    """

    def __init__(
        self,
        points: Array,
        objective: Objective,
        settings: PropertySearchSettings,
        *,
        seed: int = 0,
        budget: int | None = None,
    ) -> None:
        self.settings = settings
        self.objective = objective
        prior = HyperparameterPrior(tuple(LogNormal(_LENGTH, _SPREAD) for _ in range(points.shape[1])))
        super().__init__(points, points, prior, seed=seed, budget=budget, n_initial=settings.n_initial)

    @property
    def best(self) -> int | None:
        """Row of the best value observed; none when nothing succeeded."""
        if self.objective.target is None:
            return super().best
        distances = {row: abs(value) for row, value in self.observed.items() if not np.isnan(value)}
        return min(distances, key=distances.__getitem__) if distances else None

    def predict(self) -> tuple[Array, Array]:
        """Return the (n,) predicted signed values of all compounds, and their standard deviations.

        :raises SearchError: while nothing is known.
        """
        belief = self._believe()
        return self._scale.offset + self._scale.unit * belief.mean, self._scale.unit * belief.deviation

    @property
    def promise(self) -> float:
        """The largest improvement, on the modelled scale, that is expected of an available compound."""
        if self.best is None:
            return float("inf")
        if not self.available.any():
            return 0.0
        mean, deviation = self.predict()
        return float(np.max(self._improvement(mean, deviation)[self.available]))

    @property
    def stop_reason(self) -> str | None:
        """Why the search should end; none while it should go on."""
        reason, tolerance = super().stop_reason, self.settings.tolerance
        losses = self.objective.losses(self.objective.values(self._energies()))
        recent = self.settings.patience
        if reason is not None or tolerance is None or len(losses) < self.settings.n_initial + recent:
            return reason
        has_stalled = losses[:-recent].min() - losses.min() <= tolerance
        return f"no improvement above {tolerance} expected" if has_stalled and self.promise < tolerance else None

    def _scale_of(self, energies: Array) -> LossScale:
        return LossScale.of(energies, self.objective.target is not None)

    def _choose(self) -> int:
        score = np.where(self.available, self._score(), -np.inf)
        highest = score.max()
        return int(np.argmax(score >= highest - _TIE * abs(highest)))  # the first of equals, whatever the rounding

    def _score(self) -> Array:
        """Return the (n,) acquisition of all compounds."""
        if self.objective.target is not None:
            return self._improvement(*self.predict())
        belief = self._believe()
        return _POINTWISE[self.settings.acquisition](belief.mean, belief.deviation, belief.best)

    def _improvement(self, mean: Array, deviation: Array) -> Array:
        """Return the (n,) expected improvements on the modelled scale."""
        best = self.observed[self.best] if self.best is not None else 0.0
        if self.objective.target is None:
            return expected_improvement(mean, deviation, best)
        ramps = [expected_improvement(mean, deviation, edge) for edge in (abs(best), 0.0, -abs(best))]
        hat: Array = np.maximum(ramps[0] - 2 * ramps[1] + ramps[2], 0.0)
        return hat


def make_search(
    points: Array,
    objective: Objective,
    settings: PropertySearchSettings,
    observations: PropertyObservations,
    *,
    seed: int = 0,
    budget: int | None = None,
) -> Search:
    """Return a search that knows the observations.

    :param points: (n, k) components of the descriptors.
    :param budget: most evaluations, those known before not counted; none for all compounds.
    """
    total = None if budget is None else budget + int(observations.is_given.sum())
    search: Search
    if settings.method == "gaussian process":
        search = PropertySearch(points, objective, settings, seed=seed, budget=total)
    else:
        kind = RandomSearch if settings.method == "random" else ExhaustiveSearch
        search = kind(points, seed, total)
    if len(observations):
        search.tell(observations.candidates, objective.signed(observations.values), observations.machine_faults)
    return search
