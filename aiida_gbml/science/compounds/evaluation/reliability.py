"""Reliability: of the candidates that a model calls likely to some degree, how many came later."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.evaluation.enrichment import wilson
from aiida_gbml.science.compounds.evaluation.splits import EvaluationError


@dataclass(frozen=True)
class Reliability:
    """Candidates by the probability that a model gives them.

    :param predicted: (b,) mean probability of the candidates of a bin, ascending.
    :param observed: (b,) part of them that came later.
    :param lower: (b,) end of the interval of that part.
    :param upper: (b,) end of the interval of that part.
    :param counts: (b,) number of candidates.
    """

    predicted: Array
    observed: Array
    lower: Array
    upper: Array
    counts: Array

    @classmethod
    def of(cls, probability: Array, is_hit: Array, n_bins: int = 10) -> Reliability:
        """Return the reliability of (n,) probabilities, in bins of as equal numbers of candidates as ties allow.

        :raises EvaluationError: for values that are no probabilities.
        """
        if len(probability) != len(is_hit) or not len(probability):
            raise EvaluationError(f"{len(probability)} probabilities are given for {len(is_hit)} candidates")
        if not np.isfinite(probability).all() or probability.min() < 0 or probability.max() > 1:
            raise EvaluationError("a probability is not between 0 and 1")
        order = np.argsort(probability, kind="stable")
        values, hits = probability[order], np.asarray(is_hit, dtype=bool)[order]
        starts = np.linspace(0, len(values), min(n_bins, len(values)) + 1).round().astype(int)[:-1]
        starts = np.unique(np.searchsorted(values, values[starts], side="left"))  # equal values stay together
        counts = np.diff([*starts, len(values)])
        n_hits = np.add.reduceat(hits.astype(np.int64), starts)
        bounds = np.array([wilson(int(h), int(n)) for h, n in zip(n_hits, counts, strict=True)])
        return cls(np.add.reduceat(values, starts) / counts, n_hits / counts, bounds[:, 0], bounds[:, 1], counts)

    @property
    def error(self) -> float:
        """Mean distance of predicted and observed parts, weighted by the number of candidates."""
        return float(np.average(np.abs(self.predicted - self.observed), weights=self.counts))
