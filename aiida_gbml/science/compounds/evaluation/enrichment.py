r"""Hits among the best of a ranking, how much better than chance that is, and how sure one can be.

With N candidates that are not known, of which T come later, h hits among the first k give the enrichment
:math:`(h / k) / (T / N)`. By chance h follows the hypergeometric distribution. The interval is Wilson's for h / k:

.. math:: \frac{p + z^2 / 2k \pm z \sqrt{p (1 - p) / k + z^2 / 4 k^2}}{1 + z^2 / k}

divided by the rate T / N. A candidate that did not come later is not one that does not exist, so that every enrichment
is a lower bound.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.evaluation.splits import EvaluationError

LEVEL = 0.95
"""Confidence of all intervals."""

_POINTS_PER_DECADE = 20


@dataclass(frozen=True)
class Enrichment:
    """What the first k of a ranking hold.

    :param k: length of the list.
    :param hits: compositions of the list that came later.
    :param expected: hits by chance.
    :param enrichment: hits over expected hits.
    :param lower: end of the interval of the enrichment.
    :param upper: end of the interval of the enrichment.
    :param largest: enrichment of a perfect list.
    :param recall: part of all later compositions that is in the list.
    :param p_value: probability of as many hits by chance.
    """

    k: int
    hits: int
    expected: float
    enrichment: float
    lower: float
    upper: float
    largest: float
    recall: float
    p_value: float

    @classmethod
    def of(cls, hits: int, k: int, n_later: int, n_candidates: int) -> Enrichment:
        """Return the enrichment of a list.

        :param n_later: T, candidates that came later.
        :param n_candidates: N, candidates that are not known.
        :raises EvaluationError: for numbers that cannot be.
        """
        if not (0 <= hits <= min(k, n_later) and 1 <= k <= n_candidates and 1 <= n_later <= n_candidates):
            raise EvaluationError(
                f"{hits} hits in a list of {k}, with {n_later} later compositions among {n_candidates}, cannot be"
            )
        rate = n_later / n_candidates
        lower, upper = wilson(hits, k)
        return cls(
            k=k,
            hits=hits,
            expected=k * rate,
            enrichment=hits / k / rate,
            lower=lower / rate,
            upper=upper / rate,
            largest=min(k, n_later) / k / rate,
            recall=hits / n_later,
            p_value=chance(hits, k, n_later, n_candidates),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values with six digits."""
        return {name: short(value) for name, value in asdict(self).items()}


def short(value: Any) -> Any:
    """Return a number with six digits, and anything else as it is."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def wilson(hits: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval of a probability of which ``hits`` of ``n`` draws came true (Wilson, JASA 22, 209 (1927))."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    p = hits / n
    middle = p + z * z / (2 * n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, float((middle - half) / scale)), min(1.0, float((middle + half) / scale))


def chance(hits: int, k: int, n_later: int, n_candidates: int) -> float:
    """Return the probability of at least as many hits in a list drawn at random."""
    from scipy.stats import hypergeom

    return min(1.0, float(hypergeom.sf(hits - 1, n_candidates, n_later, k)))


def curve_points(longest: int) -> Array:
    """Return the ascending lengths of lists at which an enrichment curve is drawn: every one, then twenty a decade."""
    n_points = int(np.ceil(np.log10(max(longest, 1)) * _POINTS_PER_DECADE)) + 1
    points: Array = np.unique(np.round(np.logspace(0, np.log10(max(longest, 1)), n_points)).astype(np.int64))
    return points


def hits_at(is_hit: Array, points: Array) -> Array:
    """Return the number of hits among the first of a ranking.

    :param is_hit: (K,) whether each entry of the ranking came later.
    :param points: (c,) lengths; beyond the end of the ranking nothing is added.
    """
    total = np.concatenate([[0], np.cumsum(is_hit)])
    hits: Array = total[np.minimum(points, len(is_hit))]
    return hits
