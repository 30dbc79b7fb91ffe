"""Hits and their intervals: scipy and the literature give the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, hypergeom

from aiida_gbml.science.compounds.evaluation.enrichment import Enrichment, chance, curve_points, hits_at, short, wilson
from aiida_gbml.science.compounds.evaluation.splits import EvaluationError


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_intervals_are_those_of_scipy(pair: tuple[int, int]) -> None:
    expected = binomtest(*pair).proportion_ci(0.95, method="wilson")
    assert wilson(*pair) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_the_example_of_a_published_benchmark() -> None:
    """53 hits among 100, with 2,087 later ones among 6,669,776: an interval of the part, and of the enrichment."""
    lower, upper = wilson(53, 100)
    assert (round(lower, 3), round(upper, 3)) == (0.433, 0.625)
    found = Enrichment.of(53, 100, 2087, 6_676_629 - 6853)
    assert found.enrichment == pytest.approx(1694, abs=1)
    assert (found.lower, found.upper) == (pytest.approx(1383, abs=2), pytest.approx(1997, abs=2))


def test_all_parts_of_an_enrichment() -> None:
    found = Enrichment.of(3, 20, 10, 1000)
    assert (found.k, found.hits, found.expected, found.enrichment) == (20, 3, 0.2, pytest.approx(15))
    assert (found.largest, found.recall) == (pytest.approx(50), 0.3)
    assert found.p_value == pytest.approx(sum(hypergeom.pmf(h, 1000, 10, 20) for h in range(3, 11)))
    assert Enrichment.of(0, 20, 10, 1000).p_value == 1
    assert found.to_dict()["p_value"] == short(found.p_value)


def test_chance_is_the_part_of_draws_that_are_as_good() -> None:
    draws = np.random.default_rng(0).hypergeometric(30, 70, 20, size=200_000)
    assert chance(8, 20, 30, 100) == pytest.approx((draws >= 8).mean(), abs=0.004)


@pytest.mark.parametrize(
    "wrong", [(5, 4, 9, 99), (5, 9, 4, 99), (0, 0, 4, 99), (0, 100, 4, 99), (-1, 9, 4, 99), (0, 9, 0, 9)]
)
def test_impossible_numbers_are_refused(wrong: tuple[int, int, int, int]) -> None:
    with pytest.raises(EvaluationError, match="cannot be"):
        Enrichment.of(*wrong)


@given(st.integers(1, 10**6))
def test_points_of_a_curve_ascend_to_the_end(longest: int) -> None:
    points = curve_points(longest)
    assert (points[0], points[-1]) == (1, longest)
    assert (np.diff(points) > 0).all()
    assert len(points) <= 20 * 6 + 2


def test_hits_are_counted_to_the_end_of_the_list() -> None:
    is_hit = np.array([True, False, True, True])
    assert hits_at(is_hit, np.array([1, 2, 3, 4, 9])).tolist() == [1, 1, 2, 3, 3]
    assert hits_at(np.zeros(0, dtype=bool), np.array([1])).tolist() == [0]
