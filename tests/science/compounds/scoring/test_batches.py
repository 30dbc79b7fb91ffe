"""Streams of any model find what sorting all scores finds, in batches that do not depend on the shards."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from score_kernels import every, space

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.compounds.scoring import batches
from aiida_gbml.science.compounds.scoring.batches import stream_scores, stream_support
from aiida_gbml.science.compounds.scoring.histogram import N_BINS, count_scores
from aiida_gbml.science.compounds.scoring.keys import keys_of_roles
from aiida_gbml.science.compounds.scoring.request import ShardRequest, StreamError
from aiida_gbml.science.compounds.scoring.top_k import merge_best


def score(roles: RoleTable) -> Array:
    """Return scores with many ties."""
    values: Array = (
        roles.cations.sum(axis=1) * 7 + roles.anions + roles.coefficients @ np.arange(1, roles.arity + 1)
    ) % 50
    return values / 8 - 3


@pytest.mark.parametrize("size", [1, 40, 10**5])
@pytest.mark.parametrize("batch", [100, 1 << 16])
def test_the_best_are_those_of_all(size: int, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_BATCH", batch)
    roles = every(space(3))
    known = np.sort(keys_of_roles(roles)[::5])
    scored = stream_scores(ShardRequest(space(3), size, known), score)
    scores, keys = score(roles), keys_of_roles(roles)
    unknown = ~np.isin(keys, known)
    order = np.lexsort((keys[unknown], -scores[unknown]))[:size]
    assert np.array_equal(scored.best[0], scores[unknown][order])
    assert np.array_equal(scored.best[1], keys[unknown][order])
    assert scored.n_scored == len(roles)
    assert np.array_equal(scored.histogram, count_scores(scores))


@pytest.mark.parametrize("n_shards", [2, 7])
def test_batches_are_the_same_whatever_the_shards(n_shards: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a model whose scores depend on the company of a composition gives the same for any number of shards."""
    monkeypatch.setattr(batches, "_BATCH", 100)

    def in_company(roles: RoleTable) -> Array:
        digest = hashlib.sha256(keys_of_roles(roles).tobytes()).digest()
        return score(roles) + digest[0] / 256

    request = ShardRequest(space(3), 100)
    whole = stream_scores(request, in_company)
    parts = [stream_scores(replace(request, shard=shard, n_shards=n_shards), in_company) for shard in range(n_shards)]
    assert min(part.n_scored for part in parts) > 0
    best = merge_best(100, (part.best for part in parts))
    assert [array.tobytes() for array in best] == [array.tobytes() for array in whole.best]
    assert np.array_equal(sum(part.histogram for part in parts), whole.histogram)


@pytest.mark.parametrize("n_shards", [1, 3])
def test_a_support_is_ranked_as_all_candidates_are(n_shards: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_BATCH", 50)
    roles = every(space(3))
    own = roles.take(np.arange(0, len(roles), 9))
    inside = set(keys_of_roles(own).tolist())

    def sparse(table: RoleTable) -> Array:
        return np.where([key in inside for key in keys_of_roles(table).tolist()], score(table), 0.0)

    request = ShardRequest(space(3), 60, n_shards=n_shards)
    parts = [stream_support(replace(request, shard=shard), sparse, own) for shard in range(n_shards)]
    whole = stream_scores(ShardRequest(space(3), 60), sparse)
    scores, keys = merge_best(60, (part.best for part in parts))
    assert np.array_equal(scores, whole.best[0])
    assert np.array_equal(keys, whole.best[1])
    assert sum(part.n_scored for part in parts) == whole.n_scored
    assert np.array_equal(sum(part.histogram for part in parts), whole.histogram)


def test_candidates_outside_of_a_support_are_counted_but_not_ranked() -> None:
    candidates, own = space(2), every(space(2)).take(np.arange(5))
    scored = stream_support(ShardRequest(candidates, 100), lambda _: np.array([2.0, -1.0, 3.0, 0.0, 1.0]), own)
    assert scored.best[0].tolist() == [3.0, 2.0, 1.0]
    assert scored.n_scored == candidates.count()
    assert scored.histogram[N_BINS // 2] == candidates.count() - 4


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(StreamError, match="no finite numbers"):
        stream_scores(ShardRequest(space(2), 3), lambda roles: np.full(len(roles), np.nan))
