"""The task that scores the candidates of one shard, and keeps the best of them.

Inputs (bytes):

- ``model``: a :class:`~aiida_gbml.science.learning.model_file.ModelFile` of a fitted recommender;
- ``known`` and ``exclude``, both optional: :class:`~.composition_set.CompositionSet` archives of compositions that are
  not listed;
- ``shortlist``, optional: a complete :class:`~.ranking.Ranking`. Then its rows are the only candidates: a quick model
  scores all, a slow one its best.

Parameters (JSON; all optional):

- ``space``: plain values of a :class:`~.candidates.CandidateSpace`; that of the model by default. Arity and ions must
  be the model's;
- ``shard`` and ``n_shards``: which part of the candidates, counted from 0; 0 of 1 by default;
- ``top_k``: number of candidates to keep, 1000 by default;
- ``stride``: every so many-th candidate counts in the histogram. By default all up to ternaries, every 256th quaternary
  and every 16384th quinary; models that are no matrix product count all in any case.

Output (bytes): ``ranking``, a :class:`~.ranking.Ranking` of this shard. :func:`~.ranking.merge_rankings` makes one of
all, whose rows, scores and histogram are the same to the last bit for any number of shards.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition_set import CompositionSet, hash_of_keys
from aiida_gbml.science.compounds.ranking import Ranking
from aiida_gbml.science.compounds.ranking_run import RankingRun, ShardRecord
from aiida_gbml.science.compounds.recommenders.base import KIND_PREFIX, Recommender
from aiida_gbml.science.compounds.recommenders.registry import RECOMMENDERS
from aiida_gbml.science.compounds.scoring.batches import stream_rows, stream_scores, stream_support
from aiida_gbml.science.compounds.scoring.keys import keys_of_set
from aiida_gbml.science.compounds.scoring.request import Scored, ShardRequest
from aiida_gbml.science.compounds.scoring.stream import stream_kernel
from aiida_gbml.science.learning.model_file import ModelFile, rebuild
from aiida_gbml.science.task import main

STRIDES = {2: 1, 3: 1, 4: 256, 5: 16384}
"""Every so many-th candidate counts in the histogram, by the number of elements."""

_PARAMETERS = ("space", "shard", "n_shards", "top_k", "stride")
_INPUTS = ("model", "known", "exclude", "shortlist")


class ScoreError(ValueError):
    """The task cannot accept its inputs."""


def run(inputs: Mapping[str, bytes], parameters: dict[str, Any]) -> dict[str, bytes]:
    """Return the bytes of the output; see the module for all names.

    :raises ValueError: when an input or a parameter is not what the module says.
    """
    for given, names, what in ((inputs, _INPUTS, "input"), (parameters, _PARAMETERS, "parameter")):
        strange = sorted(set(given) - set(names))
        if strange:
            raise ScoreError(f"'{strange[0]}' is no {what} of the scoring, choose from {', '.join(names)}")
    if "model" not in inputs:
        raise ScoreError("the input 'model' is missing: a fitted recommender")
    model = read_model(inputs["model"])
    space = _space(parameters, model)
    excluded = [CompositionSet.from_bytes(inputs[name]) for name in ("known", "exclude") if name in inputs]
    shortlist = Ranking.from_bytes(inputs["shortlist"]) if "shortlist" in inputs else None
    request = ShardRequest(
        space,
        parameters.get("top_k", 1000),
        np.unique(np.concatenate([np.zeros(0, dtype=np.uint64), *(keys_of_set(one, space.arity) for one in excluded)])),
        _whole(parameters, "shard", 0),
        _whole(parameters, "n_shards", 1),
        parameters.get("stride", STRIDES[space.arity]),
    )
    scored = score_candidates(request, model, shortlist)
    samples = shortlist is None and model.kernel() is not None
    about = RankingRun(
        space.to_dict(),
        model.kind,
        hashlib.sha256(inputs["model"]).hexdigest(),
        asdict(model.training_),
        top_k=request.top_k,
        stride=request.stride if samples else 1,
        n_shards=request.n_shards,
        shortlist=_about_shortlist(shortlist),
        **_about_excluded(excluded),
    )
    record = ShardRecord(request.shard, scored.n_scored, len(scored.best[0]))
    return {"ranking": _with_columns(Ranking.of_scored(scored, about, record), model).to_bytes()}


def read_model(content: bytes) -> Recommender:
    """Return the fitted recommender of a model file.

    :raises ValueError: when the bytes are damaged, or no recommender.
    """
    kinds = {f"{KIND_PREFIX}{kind}": recommender.from_file for kind, recommender in RECOMMENDERS.items()}
    return rebuild(ModelFile.from_bytes(content), kinds)


def score_candidates(request: ShardRequest, model: Recommender, shortlist: Ranking | None = None) -> Scored:
    """Return the best candidates of a shard by a fitted model, in the quickest way that is exact.

    :param shortlist: if given, its rows are the only candidates.
    """
    if shortlist is not None:
        return stream_rows(request, model.score, shortlist.roles())
    kernel = model.kernel()
    if kernel is not None:
        return stream_kernel(request, kernel)
    support = model.support()
    return stream_scores(request, model.score) if support is None else stream_support(request, model.score, support)


def _space(parameters: Mapping[str, Any], model: Recommender) -> CandidateSpace:
    """Return the candidates, which must be of the kind that the model knows."""
    if "space" not in parameters:
        return model.space_
    space = CandidateSpace.from_dict(parameters["space"])
    if space.arity != model.space_.arity:
        raise ScoreError(
            f"the model ranks compositions of {model.space_.arity} elements, not of {space.arity}: fit one for them"
        )
    if space.ions != model.space_.ions:
        raise ScoreError("the ions of the candidates are not those of the model: fit one with these ions")
    return space


def _with_columns(ranking: Ranking, model: Recommender) -> Ranking:
    """Return the ranking with what else the model says of its rows."""
    probability, members = getattr(model, "probability", None), getattr(model, "member_scores", None)
    if not len(ranking):  # nothing to ask the model about
        return ranking
    if probability is not None:
        ranking = replace(ranking, probability=np.asarray(probability(ranking.scores), dtype=np.float64))
    if members is not None:
        columns = {str(name): np.asarray(scores) for name, scores in members(ranking.roles()).items()}
        ranking = replace(ranking, columns=columns)
    return ranking


def _about_excluded(excluded: list[CompositionSet]) -> dict[str, Any]:
    keys = {key for one in excluded for key in one.keys.tolist()}
    return {
        "excluded_sha256": hash_of_keys(keys) if excluded else "",
        "n_excluded": len(keys),
        "excluded_source": " and ".join(dict.fromkeys(one.source for one in excluded if one.source)),
        "excluded_licence": " and ".join(dict.fromkeys(one.licence for one in excluded if one.licence)),
    }


def _about_shortlist(shortlist: Ranking | None) -> dict[str, Any]:
    if shortlist is None:
        return {}
    shortlist.check_complete()
    return {
        "model": shortlist.run.model,
        "model_sha256": shortlist.run.model_sha256,
        "sha256": shortlist.sha256,
        "n_rows": len(shortlist),
        "n_scored": shortlist.n_scored,
    }


def _whole(parameters: Mapping[str, Any], name: str, default: int) -> int:
    value = parameters.get(name, default)
    if type(value) is not int:
        raise ScoreError(f"'{name}' must be a whole number, got {value!r}")
    return value


if __name__ == "__main__":
    sys.exit(main(run))
