r"""From scores to probabilities, when nothing is known not to exist.

Compositions that a model was not shown are looked for among all others. Of the candidates with a score s, the part
:math:`h(s)` are held-out ones: the probability that a candidate is among the next as many reported, if what comes next
resembles what was held out. That can be checked, and is what :meth:`Calibration.reported` gives.

That a candidate exists at all cannot be checked, but under the assumption that the known ones are a random part of
those that exist (Elkan & Noto, KDD 2008): then :math:`g(s) = P(\text{known} | s) = c\, P(\text{exists} | s)` with
:math:`c` the part of what exists that is known, and for what is not known
:math:`P(\text{exists} | \text{not known}, s) = \frac{1 - c}{c} \frac{g}{1 - g}`. They take for c the mean of g over
known ones, which holds for classes that are told apart well, or its maximum. Here it is the mean over the best tenth of
the held-out ones: whatever has so high a score is taken to exist. Popular chemistry is better explored than the rest,
so that this is an estimate and no more, see :meth:`Calibration.exists`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from aiida_gbml.science.archive import Array

Method = Literal["isotonic", "platt"]

_ARRAYS = ("knots", "reported", "known")
_KNOTS = 400
_BEST = 10
_TINY = 1e-6


class CalibrationError(ValueError):
    """Scores from which no probability can be learned."""


@dataclass(frozen=True)
class Calibration:
    """Probabilities as functions of the score, linear between knots and constant beyond them.

    :param knots: (k,) rising scores.
    :param reported_at: (k,) probability to be among the held-out ones, never falling.
    :param known_at: (k,) probability to be known, of all compositions with that score, never falling.
    :param base_rate: held-out ones, as a part of the candidates among which they were looked for.
    :param known_share: c, mean of ``known_at`` over the best tenth of the held-out ones.
    :param n_held: number of held-out ones.
    :param n_others: number of the others.
    """

    knots: Array
    reported_at: Array
    known_at: Array
    base_rate: float
    known_share: float
    n_held: int
    n_others: int

    def __post_init__(self) -> None:
        values = (self.reported_at, self.known_at)
        if self.knots.ndim != 1 or not len(self.knots) or any(value.shape != self.knots.shape for value in values):
            raise CalibrationError("the knots of a calibration and their probabilities differ in length")
        if np.any(np.diff(self.knots) <= 0) or any(np.any((value < 0) | (value > 1)) for value in values):
            raise CalibrationError("the knots of a calibration do not rise, or have no probabilities")

    @classmethod
    def of(cls, held: Array, others: Array, n_known: int, method: Method = "isotonic") -> Calibration:
        """Learn from scores that a model gave to compositions it was not shown.

        :param held: (h,) scores of known compositions that were held out.
        :param others: (u,) scores of candidates that are not known.
        :param n_known: number of known compositions of which the held-out ones are a random part.
        :param method: ``isotonic`` takes any rising function, ``platt`` the logistic function of the logarithm of
            scores, for few held-out ones.
        :raises CalibrationError: when there are fewer than two of either, or for an unknown method.
        """
        if min(len(held), len(others)) < 2 or n_known < len(held):
            raise CalibrationError(
                f"{len(held)} held-out compositions and {len(others)} others are too few to calibrate"
            )
        if method not in ("isotonic", "platt"):
            raise CalibrationError(f"probabilities are learned by 'isotonic' or 'platt', got {method!r}")
        scores = np.concatenate([held, others])
        labels = np.concatenate([np.ones(len(held)), np.zeros(len(others))])
        learn = _isotonic if method == "isotonic" else _platt
        knots, reported = learn(scores, labels)
        known = _reweighted(reported, n_known / len(held))
        best = np.sort(held)[-max(1, len(held) // _BEST) :]
        share = float(np.mean(np.interp(best, knots, known)))
        return cls(knots, reported, known, len(held) / len(scores), share, len(held), len(others))

    def reported(self, scores: Array) -> Array:
        """Return (n,) probabilities to be among the next reported, as many as were held out."""
        result: Array = np.interp(scores, self.knots, self.reported_at)
        return result

    def exists(self, scores: Array) -> Array:
        """Return (n,) estimates of the probability that unknown compositions exist, see above."""
        known = np.minimum(np.interp(scores, self.knots, self.known_at), 1 - _TINY)
        odds = (1 - self.known_share) / max(self.known_share, _TINY) * known / (1 - known)
        result: Array = np.minimum(odds, 1.0)
        return result

    def to_dict(self) -> dict[str, Any]:
        """Return what a reader of probabilities must be told."""
        return {name: getattr(self, name) for name in ("base_rate", "known_share", "n_held", "n_others")}

    def to_arrays(self, prefix: str = "calibration.") -> dict[str, Array]:
        """Return arrays to store, by name."""
        arrays = dict(zip(_ARRAYS, (self.knots, self.reported_at, self.known_at), strict=True))
        arrays["rates"] = np.array([self.base_rate, self.known_share, self.n_held, self.n_others], dtype=np.float64)
        return {prefix + name: array for name, array in arrays.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], prefix: str = "calibration.") -> Calibration:
        """Return the stored calibration.

        :raises KeyError: when an array is missing.
        :raises CalibrationError: when they are no calibration.
        """
        base_rate, share, n_held, n_others = arrays[f"{prefix}rates"].tolist()
        knots, reported, known = (arrays[prefix + name] for name in _ARRAYS)
        return cls(knots, reported, known, base_rate, share, int(n_held), int(n_others))


def _isotonic(scores: Array, labels: Array) -> tuple[Array, Array]:
    """Return knots and the rising probabilities that fit labels best (pool adjacent violators).

    The h hits among n scores of a step give (h + 1/2) / (n + 1) (Jeffreys' prior), so that the few highest scores do
    not pass for certain; steps that no longer rise are pooled again.
    """
    from sklearn.isotonic import IsotonicRegression, isotonic_regression

    fitted = IsotonicRegression(y_min=0.0, y_max=1.0).fit(scores, labels)
    steps, own, sizes = np.unique(fitted.predict(scores), return_inverse=True, return_counts=True)
    hits = np.bincount(own.ravel(), weights=labels, minlength=len(steps))
    cautious = isotonic_regression((hits + 0.5) / (sizes + 1), sample_weight=sizes + 1)
    knots: Array = fitted.X_thresholds_.astype(np.float64)
    return knots, np.interp(fitted.y_thresholds_, steps, cautious)


def _platt(scores: Array, labels: Array) -> tuple[Array, Array]:
    """Return knots and the logistic function of the logarithm of the score there.

    Knots are so close everywhere that lines between them will do; quantiles would leave out the best few hundred.
    """
    from sklearn.linear_model import LogisticRegression

    positive = np.maximum(scores, _TINY)
    fitted = LogisticRegression(C=1e6, max_iter=1000).fit(np.log(positive)[:, None], labels)
    knots = np.unique(np.geomspace(positive.min(), positive.max(), _KNOTS))
    return knots, np.maximum.accumulate(fitted.predict_proba(np.log(knots)[:, None])[:, 1])


def _reweighted(probability: Array, weight: float) -> Array:
    """Return the probability of a class whose members each count for several."""
    result: Array = weight * probability / (weight * probability + 1 - probability)
    return result
