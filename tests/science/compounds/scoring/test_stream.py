"""Streams of matrix products find what sorting all scores finds, to the last bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from score_kernels import TableKernel, every, space

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds import charge_classes
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.scoring import stream
from aiida_gbml.science.compounds.scoring.factor_kernel import FactorKernel
from aiida_gbml.science.compounds.scoring.histogram import count_scores
from aiida_gbml.science.compounds.scoring.keys import keys_of_roles
from aiida_gbml.science.compounds.scoring.request import ShardRequest, StreamError
from aiida_gbml.science.compounds.scoring.stream import stream_kernel
from aiida_gbml.science.compounds.scoring.top_k import Best, merge_best

KERNELS = {
    "ordered": lambda arity: TableKernel.random(5, 1, arity),
    "equal scores": lambda arity: TableKernel.whole(3, 2, arity),
}


def sorted_best(space: CandidateSpace, kernel: FactorKernel, size: int, known: Array | None = None) -> Best:
    """Return the best by scoring and sorting all candidates."""
    roles = every(space)
    scores, keys = kernel.score(roles) + 0.0, keys_of_roles(roles)
    if known is not None:
        scores, keys = scores[~np.isin(keys, known)], keys[~np.isin(keys, known)]
    order = np.lexsort((keys, -scores))[:size]
    return scores[order], keys[order]


def assert_same(found: Best, expected: Best) -> None:
    assert found[0].tobytes() == expected[0].tobytes()
    assert found[1].tobytes() == expected[1].tobytes()


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize(("arity", "limit"), [(2, 8), (3, 6), (4, 3), (5, 2)])
@pytest.mark.parametrize("size", [1, 50, 3000])
def test_the_best_are_those_of_all(name: str, arity: int, limit: int, size: int) -> None:
    candidates, kernel = space(arity, limit), KERNELS[name](arity)
    scored = stream_kernel(ShardRequest(candidates, size), kernel)
    assert_same(scored.best, sorted_best(candidates, kernel, size))
    assert scored.n_scored == candidates.count()


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("n_shards", [2, 7, 40])
def test_shards_give_the_same_as_one(name: str, n_shards: int) -> None:
    candidates, kernel = space(4, 3), KERNELS[name](4)
    request = ShardRequest(candidates, 200, stride=3)
    whole = stream_kernel(request, kernel)
    parts = [stream_kernel(replace(request, shard=shard, n_shards=n_shards), kernel) for shard in range(n_shards)]
    assert_same(merge_best(200, (part.best for part in parts)), whole.best)
    assert sum(part.n_scored for part in parts) == whole.n_scored
    assert np.array_equal(sum(part.histogram for part in parts), whole.histogram)


@pytest.mark.parametrize("tile", [1, 7, 64])
@pytest.mark.parametrize("prune", [False, True])
def test_neither_tiles_nor_pruning_change_anything(tile: int, prune: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    candidates, kernel = space(3), TableKernel.random(6, 8, 3)
    expected = sorted_best(candidates, kernel, 100)
    monkeypatch.setattr(stream, "_TILE", tile)
    assert_same(stream_kernel(ShardRequest(candidates, 100), kernel, prune=prune).best, expected)


def test_any_rounding_of_the_products_within_the_margin_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A linear algebra library may sum in any order; this one always errs by as much as it may."""
    candidates, kernel = space(3), TableKernel.random(16, 9, 3)
    expected = sorted_best(candidates, kernel, 100)
    rng = np.random.default_rng(10)

    def matmul(rows: Array, columns: Array, out: Array) -> None:
        bound = 16 * 2.0**-24 * (np.abs(rows).astype(np.float64) @ np.abs(columns))
        out[:] = rows.astype(np.float64) @ columns + rng.choice([-1.0, 1.0], size=out.shape) * bound

    monkeypatch.setattr(np, "matmul", matmul)
    assert_same(stream_kernel(ShardRequest(candidates, 100), kernel).best, expected)


def test_scores_that_differ_beyond_32_bits_are_told_apart() -> None:
    kernel = TableKernel.random(4, 11, 3)
    kernel.elements[1:], kernel.amounts[:] = 1.0, 1.0
    kernel.elements[0] = 1.0 + np.arange(119)[:, None] * np.array([2.0**-23, 0.0, 0.0, 0.0])
    kernel.elements[:, :, 1:] *= 1e4
    candidates = space(3)
    assert_same(stream_kernel(ShardRequest(candidates, 100), kernel).best, sorted_best(candidates, kernel, 100))


@pytest.mark.parametrize("name", KERNELS)
def test_known_compositions_are_left_out_and_still_counted(name: str) -> None:
    candidates, kernel = space(3), KERNELS[name](3)
    best = sorted_best(candidates, kernel, 30)
    known = np.sort(best[1][::2])
    scored = stream_kernel(ShardRequest(candidates, 30, known), kernel)
    assert_same(scored.best, sorted_best(candidates, kernel, 30, known))
    assert not np.isin(scored.best[1], known).any()
    assert scored.n_scored == candidates.count()


def test_fewer_candidates_than_wanted_are_all_there() -> None:
    candidates, kernel = space(2), TableKernel.random(2, 12, 2)
    scored = stream_kernel(ShardRequest(candidates, 10**6), kernel)
    assert len(scored.best[0]) == candidates.count()


@pytest.mark.parametrize("name", KERNELS)
def test_the_histogram_counts_every_candidate(name: str) -> None:
    candidates, kernel = space(3), KERNELS[name](3)
    scored = stream_kernel(ShardRequest(candidates, 5), kernel)
    assert np.array_equal(scored.histogram, count_scores(kernel.score(every(candidates))))


def test_a_sampled_histogram_has_its_share_of_candidates() -> None:
    candidates, kernel = space(4, 4), TableKernel.random(2, 13, 4)
    scored = stream_kernel(ShardRequest(candidates, 5, stride=17), kernel)
    expected = candidates.count() / 17
    assert abs(scored.histogram.sum() - expected) < 5 * np.sqrt(expected)


def test_ratios_without_factors_score_zero_and_are_counted_so() -> None:
    candidates, kernel = space(3), TableKernel.random(3, 14, 3)
    kernel.amounts[0, 2:] = 0.0  # as for ratios that were never seen
    scored = stream_kernel(ShardRequest(candidates, 20), kernel)
    assert scored.best[0][-1] > 0
    assert_same(scored.best, sorted_best(candidates, kernel, 20))
    assert np.array_equal(scored.histogram, count_scores(kernel.score(every(candidates))))


def test_tiny_factors_are_not_taken_for_zero() -> None:
    candidates, kernel = space(3), TableKernel.random(3, 15, 3)
    kernel.elements[0] *= np.float32(1e-25)
    assert_same(stream_kernel(ShardRequest(candidates, 20), kernel).best, sorted_best(candidates, kernel, 20))


def test_a_grid_too_large_for_a_table_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = TableKernel.random(3, 16, 3)
    expected = stream_kernel(ShardRequest(space(3), 20), kernel)
    monkeypatch.setattr(charge_classes, "_MOST_PLACES", 0)
    assert_same(stream_kernel(ShardRequest(space(3), 20), kernel).best, expected.best)


@pytest.mark.parametrize("factor", [np.nan, np.inf, 1e38])
@pytest.mark.parametrize("table", ["elements", "amounts"])
def test_factors_that_are_no_numbers_are_refused(factor: float, table: str) -> None:
    kernel = TableKernel.random(3, 17, 3)
    getattr(kernel, table)[:, 1:30] = factor
    with pytest.raises(StreamError, match="fit it anew"), np.errstate(all="ignore"):
        stream_kernel(ShardRequest(space(3), 20), kernel)
