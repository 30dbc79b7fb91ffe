"""The best candidates of fitted recommenders, found without storing all candidates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.recommenders.base import Recommender
from aiida_gbml.science.compounds.roles import RoleTable, anion_places
from aiida_gbml.science.compounds.scoring.batches import stream_scores, stream_support
from aiida_gbml.science.compounds.scoring.keys import keys_of_roles, unpack_keys
from aiida_gbml.science.compounds.scoring.request import ShardRequest
from aiida_gbml.science.compounds.scoring.stream import stream_kernel
from aiida_gbml.science.compounds.scoring.top_k import Best, TopK

MOST_SCORED = 20_000_000
"""Candidates above which models that are neither a matrix product nor mostly zero rank a shortlist."""

SHORTLIST = 100_000
"""Candidates that each model which ranks all of them exactly adds to the shortlist of the others."""

_NO_HISTOGRAM = 1 << 20  # so many candidates between two that are counted
_BATCH = 1 << 16


@dataclass(frozen=True)
class Ranked:
    """The best candidates of a model.

    :param keys: (K,) in falling order of the scores; of equal scores the smallest key first.
    :param scores: (K,).
    :param is_exact: whether all candidates were compared, not a shortlist of other models only.
    """

    keys: Array
    scores: Array
    is_exact: bool


def rank_candidates(
    models: Mapping[str, Recommender], space: CandidateSpace, known: Array, longest: int, n_candidates: int
) -> dict[str, Ranked]:
    """Return the best candidates of each fitted model, by its label.

    Of a space that is too large for a model, it ranks the shortlist of all models that can rank it exactly.

    :param known: ascending keys of compositions that are no candidates any more.
    :param longest: number of candidates to rank.
    :param n_candidates: of the space.
    :raises ValueError: when no model can rank a space that is too large for the others, or a score is no number.
    """
    waiting = {label for label, model in models.items() if n_candidates > MOST_SCORED and not _is_quick(model)}
    best: dict[str, Best] = {}
    size = max(longest, SHORTLIST) if waiting else longest
    for label in (label for label in models if label not in waiting):
        best[label] = _exact(models[label], ShardRequest(space, size, known, stride=_NO_HISTOGRAM))
    if waiting:
        pool = shortlist([keys for _, keys in best.values()], space)
        best |= {label: _best_of(models[label], pool, longest) for label in models if label in waiting}
    return {label: Ranked(best[label][1][:longest], best[label][0][:longest], label not in waiting) for label in models}


def shortlist(lists: list[Array], space: CandidateSpace) -> RoleTable:
    """Return the candidates of several rankings together.

    :param lists: keys.
    :raises ValueError: when there is none.
    """
    if not any(map(len, lists)):
        raise ValueError(
            "the space is too large for models that score one candidate at a time: evaluate them with filters, or "
            "together with a model that is a matrix product or mostly zero"
        )
    return roles_of_keys(np.unique(np.concatenate(lists)), space)


def roles_of_keys(keys: Array, space: CandidateSpace) -> RoleTable:
    """Return the candidates of (n,) keys with their roles, in the same order."""
    numbers, coefficients = unpack_keys(keys, space.arity)
    places = anion_places(numbers, coefficients.astype(np.int64), space.ions, space.limits)
    return RoleTable.from_columns(numbers, coefficients, places)


def _is_quick(model: Recommender) -> bool:
    """Return whether a model ranks spaces of any size."""
    return model.kernel() is not None or model.support() is not None


def _exact(model: Recommender, request: ShardRequest) -> Best:
    """Return the best of all candidates."""
    kernel = model.kernel()
    if kernel is not None:
        return stream_kernel(request, kernel).best
    support = model.support()
    if support is not None:
        return stream_support(request, model.score, support).best
    return stream_scores(request, model.score).best


def _best_of(model: Recommender, pool: RoleTable, longest: int) -> Best:
    top = TopK(longest)
    for start in range(0, len(pool), _BATCH):
        part = pool.take(np.arange(start, min(start + _BATCH, len(pool))))
        top.add(model.score(part), keys_of_roles(part))
    return top.best()
