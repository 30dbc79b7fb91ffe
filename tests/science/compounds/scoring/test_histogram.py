"""Histograms: bins of equal relative width that hold every score once."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aiida_gbml.science.compounds.scoring.histogram import N_BINS, bin_edges, count_scores


@given(st.floats(-1e5, 1e5))
def test_a_score_is_between_the_edges_of_its_bin(score: float) -> None:
    counts, edges = count_scores(np.array([score])), bin_edges()
    (bin_,) = np.flatnonzero(counts)
    assert counts[bin_] == 1
    assert edges[bin_] <= np.clip(score, edges[0], edges[-1]) <= edges[bin_ + 1]


def test_counts_are_those_of_numpy() -> None:
    scores = np.random.default_rng(6).normal(size=10_000)
    assert np.array_equal(count_scores(scores), np.histogram(scores, bin_edges())[0])


def test_zero_and_minus_zero_are_in_the_middle_and_nothing_is_lost() -> None:
    counts = count_scores(np.array([0.0, -0.0, 1e-300, 1e300, -1e300]))
    assert counts[N_BINS // 2] == 3
    assert counts[0] == counts[-1] == 1
    assert len(bin_edges()) == N_BINS + 1
    assert np.all(np.diff(bin_edges()) > 0)
    assert np.array_equal(bin_edges(), -bin_edges()[::-1])


def test_histograms_of_parts_add_up() -> None:
    scores = np.random.default_rng(7).standard_t(2, size=1000)
    assert np.array_equal(sum(count_scores(part) for part in np.split(scores, 8)), count_scores(scores))
