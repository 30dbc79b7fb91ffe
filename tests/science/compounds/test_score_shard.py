"""The task of a shard: what it ranks is what scoring all candidates and sorting gives, for every recommender."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from known_compositions import all_candidates, known_set, space_of

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.filters import ElementFilter
from aiida_gbml.science.compounds.ranking import Ranking, RankingError, merge_rankings
from aiida_gbml.science.compounds.recommenders.base import Recommender
from aiida_gbml.science.compounds.recommenders.popularity import PopularityRecommender
from aiida_gbml.science.compounds.recommenders.registry import RECOMMENDERS
from aiida_gbml.science.compounds.recommenders.tucker import TuckerRecommender
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.compounds.score_shard import ScoreError, run
from aiida_gbml.science.compounds.scoring.keys import keys_of_roles, keys_of_set
from aiida_gbml.science.learning.model_file import ModelFileError

KINDS = sorted({"tucker", "cp", "popularity", "svd_cation", "substitution"} & set(RECOMMENDERS))


@cache
def fitted(kind: str, arity: int = 3) -> Recommender:
    """Return a recommender that knows the set."""
    return RECOMMENDERS[kind]().fit(known_set(), space_of(arity))


@cache
def inputs(kind: str = "tucker", arity: int = 3) -> dict[str, bytes]:
    return {"model": fitted(kind, arity).to_file().to_bytes(), "known": known_set().to_bytes()}


def ranked(given: dict[str, bytes] | None = None, **parameters: Any) -> Ranking:
    return Ranking.from_bytes(run(inputs() if given is None else given, parameters)["ranking"])


def expected(model: Recommender, roles: RoleTable, size: int, excluded: CompositionSet) -> tuple[Array, Array]:
    """Return scores and keys by sorting all."""
    scores, keys = model.score(roles) + 0.0, keys_of_roles(roles)
    unknown = ~np.isin(keys, keys_of_set(excluded, roles.arity))
    if model.kernel() is None and model.support() is not None:
        unknown &= scores > 0
    order = np.lexsort((keys[unknown], -scores[unknown]))[:size]
    return scores[unknown][order], keys[unknown][order]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("arity", [3, 4])
def test_the_best_are_those_of_all_candidates(kind: str, arity: int) -> None:
    ranking = ranked(inputs(kind, arity), top_k=80)
    scores, keys = expected(fitted(kind, arity), all_candidates(arity), 80, known_set())
    assert np.array_equal(ranking.keys, keys)
    assert np.allclose(ranking.scores, scores, rtol=1e-12, atol=0)
    assert ranking.n_scored == len(all_candidates(arity))
    assert not np.isin(ranking.keys, keys_of_set(known_set(), arity)).any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_shards", [2, 7])
def test_shards_give_the_same_to_the_last_bit(kind: str, n_shards: int) -> None:
    parts = [ranked(inputs(kind), shard=shard, n_shards=n_shards, top_k=60) for shard in range(n_shards)]
    merged = merge_rankings(parts)
    merged.check_complete()
    whole = ranked(inputs(kind), top_k=60)
    assert merged.sha256 == whole.sha256
    assert merged.n_scored == whole.n_scored


@pytest.mark.parametrize(("kind", "stride"), [("tucker", 7), ("substitution", 1)])
def test_the_histogram_counts_every_so_many_candidates_as_the_record_says(kind: str, stride: int) -> None:
    """The support of a neighbour model is small: nothing is gained by leaving candidates out."""
    ranking = ranked(inputs(kind), stride=7)
    assert ranking.run.stride == stride
    assert ranking.histogram.sum() * stride == pytest.approx(ranking.n_scored, rel=0.1)


def test_the_record_says_what_was_trained_on_and_left_out() -> None:
    other = CompositionSet.of([], source="another", licence="MIT")
    ranking = ranked({**inputs(), "exclude": other.to_bytes()}, top_k=5)
    run_ = ranking.run
    assert run_.model == "tucker"
    assert run_.training["sha256"] == known_set().sha256
    assert run_.excluded_sha256 == known_set().sha256
    assert run_.n_excluded == len(known_set())
    assert run_.source.endswith("another")
    assert "MIT" in run_.licence
    assert run_.candidate_space() == space_of(3)
    assert ranked({"model": inputs()["model"]}).run.n_excluded == 0


def test_what_is_excluded_is_not_listed_either() -> None:
    first = ranked(top_k=40)
    other = CompositionSet.of([first.composition(row) for row in range(0, 40, 2)])
    second = ranked({**inputs(), "exclude": other.to_bytes()}, top_k=20)
    assert second.formulas() == [first.composition(row).formula for row in range(1, 40, 2)]


def test_filters_of_the_space_hold() -> None:
    space = CandidateSpace(space_of(3).ions, 3, space_of(3).limits, ElementFilter(required=(22,), anions=(8,)))
    ranking = ranked(space=space.to_dict(), top_k=10**5)
    assert len(ranking) == space.count() - np.isin(keys_of_set(known_set(), 3), ranked_keys(space)).sum()
    assert (ranking.numbers == 22).any(axis=1).all()
    assert set(ranking.anions.tolist()) == {8}


def ranked_keys(space: CandidateSpace) -> Array:
    return keys_of_roles(RoleTable.concatenate([block.roles() for block in space.blocks()]))


@pytest.mark.parametrize("n_shards", [1, 3])
def test_a_shortlist_is_ranked_by_another_model(n_shards: int) -> None:
    shortlist = ranked(inputs("popularity"), top_k=200)
    given = {**inputs("substitution"), "shortlist": shortlist.to_bytes()}
    parts = [ranked(given, shard=shard, n_shards=n_shards, top_k=50) for shard in range(n_shards)]
    merged = merge_rankings(parts)
    scores = fitted("substitution").score(shortlist.roles())
    order = np.lexsort((shortlist.keys, -scores))[:50]
    assert np.array_equal(merged.keys, shortlist.keys[order])
    assert merged.n_scored == 200
    assert merged.run.shortlist["model"] == "popularity"
    assert merged.run.shortlist["n_scored"] == len(all_candidates(3))


def test_an_incomplete_shortlist_is_refused() -> None:
    part = ranked(inputs("popularity"), n_shards=2)
    with pytest.raises(RankingError, match="1 are missing"):
        run({**inputs(), "shortlist": part.to_bytes()}, {})


def test_probabilities_and_scores_of_members_stand_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        PopularityRecommender, "probability", lambda _, scores: 1 / (1 + np.exp(-scores)), raising=False
    )
    members = {"half": lambda self, roles: self.score(roles) / 2}
    monkeypatch.setattr(
        PopularityRecommender,
        "member_scores",
        lambda self, roles: {n: f(self, roles) for n, f in members.items()},
        raising=False,
    )
    ranking = ranked(inputs("popularity"), top_k=30)
    assert np.array_equal(ranking.probability, 1 / (1 + np.exp(-ranking.scores)))
    assert np.allclose(ranking.columns["half"], ranking.scores / 2)


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"what": 1}, "'what' is no parameter"),
        ({"shard": 2, "n_shards": 2}, "no shard 2 of 2"),
        ({"shard": "0"}, "'shard' must be a whole number"),
        ({"top_k": 0}, "number of candidates to keep"),
        ({"stride": 0}, "every n-th candidate"),
        ({"space": {"arity": 4}}, "compositions of 3 elements, not of 4"),
        ({"space": {"arity": 3}}, "ions of the candidates are not those of the model"),
        ({"space": {"arity": 9}}, "2 to 5 elements"),
    ],
)
def test_bad_parameters_are_refused_in_one_sentence(parameters: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        run(inputs(), parameters)


def test_bad_inputs_are_refused_in_one_sentence() -> None:
    with pytest.raises(ScoreError, match="'model' is missing"):
        run({}, {})
    with pytest.raises(ScoreError, match="'what' is no input"):
        run({**inputs(), "what": b""}, {})
    with pytest.raises(ModelFileError):
        run({"model": inputs()["model"][:500]}, {})
    with pytest.raises(ValueError, match="no set of compositions"):
        run({**inputs(), "known": b"nothing"}, {})


def test_the_task_runs_on_a_computer_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "inputs").mkdir()
    for name, content in inputs().items():
        (tmp_path / "inputs" / name).write_bytes(content)
    (tmp_path / "parameters.json").write_text(json.dumps({"top_k": 7}))
    command = [sys.executable, "-m", "aiida_gbml.science.compounds.score_shard"]
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 0
    assert (tmp_path / "outputs" / "ranking").read_bytes() == ranked(top_k=7).to_bytes()


def test_a_model_that_was_fitted_elsewhere_is_told_apart() -> None:
    other = TuckerRecommender(sweeps=1).fit(known_set(1), space_of(3)).to_file().to_bytes()
    parts = [ranked(n_shards=2), ranked({**inputs(), "model": other}, shard=1, n_shards=2)]
    with pytest.raises(RankingError, match="from another run: its model is another"):
        merge_rankings(parts)
