"""Reliability: bins hold their candidates, and a calibrated model lies on the diagonal."""

from __future__ import annotations

import numpy as np
import pytest

from aiida_gbml.science.compounds.evaluation.enrichment import wilson
from aiida_gbml.science.compounds.evaluation.reliability import Reliability
from aiida_gbml.science.compounds.evaluation.splits import EvaluationError


def test_bins_are_means_and_parts() -> None:
    probability = np.array([0.1, 0.9, 0.2, 0.8])
    found = Reliability.of(probability, np.array([False, True, False, False]), 2)
    assert found.predicted.tolist() == pytest.approx([0.15, 0.85])
    assert (found.observed.tolist(), found.counts.tolist()) == ([0, 0.5], [2, 2])
    assert (found.lower[1], found.upper[1]) == pytest.approx(wilson(1, 2))
    assert found.error == pytest.approx((0.15 + 0.35) / 2)


def test_a_calibrated_model_is_within_its_intervals() -> None:
    rng = np.random.default_rng(1)
    probability = rng.random(20_000)
    found = Reliability.of(probability, rng.random(20_000) < probability, 20)
    assert np.mean((found.lower <= found.predicted) & (found.predicted <= found.upper)) >= 0.8
    assert found.error < 0.02
    assert found.counts.sum() == 20_000
    assert Reliability.of(np.minimum(1, 2 * probability), rng.random(20_000) < probability).error > 0.2


def test_equal_probabilities_stay_in_one_bin() -> None:
    found = Reliability.of(np.array([0.5] * 50 + [0.7]), np.zeros(51, dtype=bool), 10)
    assert found.counts[0] >= 50
    assert found.counts.sum() == 51
    assert len(Reliability.of(np.array([0.3]), np.array([True]), 10).counts) == 1


@pytest.mark.parametrize("wrong", [[-0.1], [1.1], [np.nan], [0.5, 0.5], []])
def test_what_is_no_probability_is_refused(wrong: list[float]) -> None:
    with pytest.raises(EvaluationError, match="probabilit"):
        Reliability.of(np.array(wrong), np.array([True]))
