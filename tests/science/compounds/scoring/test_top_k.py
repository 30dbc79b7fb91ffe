"""The best of a stream: whatever the order and the division, the same bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.scoring import top_k
from aiida_gbml.science.compounds.scoring.top_k import TopK, TopKError, merge_best


def expected(scores: Array, keys: Array, size: int) -> tuple[list[float], list[int]]:
    """Return the best by sorting all."""
    rows = sorted(zip(scores.tolist(), keys.tolist(), strict=True), key=lambda pair: (-pair[0], pair[1]))[:size]
    return [score for score, _ in rows], [key for _, key in rows]


@given(
    scores=st.lists(
        st.sampled_from([-1.5, -0.0, 0.0, 1e-300, 2.0, 2.0000000000000004]) | st.floats(-9, 9), max_size=80
    ),
    size=st.integers(1, 100),
    cuts=st.lists(st.integers(0, 80), max_size=6),
    seed=st.integers(0, 99),
)
def test_any_division_gives_the_best_to_the_last_bit(
    scores: list[float], size: int, cuts: list[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    values = np.array(scores, dtype=np.float64)
    keys = rng.permutation(len(values)).astype(np.uint64)
    order = rng.permutation(len(values))
    parts = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(top_k, "_FEW", 3)  # cuts often
        for own in np.split(order, sorted(min(cut, len(values)) for cut in cuts)):
            top = TopK(size)
            for row in own:
                top.add(values[[row]], keys[[row]])
            parts.append(top.best())
        found = merge_best(size, parts)
    assert (found[0].tolist(), found[1].tolist()) == expected(values, keys, size)
    assert not np.signbit(found[0][found[0] == 0]).any()


def test_the_threshold_rises_to_the_last_of_the_best() -> None:
    rng = np.random.default_rng(5)
    scores, keys = rng.normal(size=5000), np.arange(5000, dtype=np.uint64)
    top = TopK(100)
    assert top.threshold == -np.inf
    top.add(scores, keys)
    assert top.threshold == np.sort(scores)[-100]
    assert top.best()[0].tolist() == np.sort(scores)[::-1][:100].tolist()


@pytest.mark.parametrize("size", [0, -1, 2.0, True, 10**9])
def test_an_impossible_number_is_refused(size: int) -> None:
    with pytest.raises(TopKError, match="must be from 1 to"):
        TopK(size)


@pytest.mark.parametrize("score", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_no_number_is_refused(score: float) -> None:
    with pytest.raises(TopKError, match="no finite numbers"):
        TopK(3).add(np.array([1.0, score]), np.arange(2, dtype=np.uint64))
