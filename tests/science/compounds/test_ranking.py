"""Rankings: any division into shards gives the same, and only shards of one run are merged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rankings import RUN, ranked, shards_of
from score_kernels import TableKernel, space

from aiida_gbml.science.archive import read_arrays, write_arrays
from aiida_gbml.science.compounds.ranking import Ranking, RankingError, merge_rankings
from aiida_gbml.science.compounds.scoring.keys import keys_of_roles

KERNEL = TableKernel.whole(3, 21, 3)


def test_a_ranking_knows_its_compositions_and_their_anions() -> None:
    ranking = ranked(KERNEL, size=300)
    again = keys_of_roles(ranking.roles())
    assert np.array_equal(again, ranking.keys)
    assert np.array_equal(KERNEL.score(ranking.roles()), ranking.scores)
    assert ranking.formulas()[7] == ranking.composition(7).formula
    assert set(ranking.anions.tolist()) <= set(space(3).ions.anions)
    assert ranking.places.tolist() == list(range(1, 301))
    assert ranking.threshold == ranking.scores[-1]
    assert ranking.n_scored == space(3).count()
    assert ranked(KERNEL, size=10**6).threshold is None


@pytest.mark.parametrize("n_shards", [2, 7])
def test_merged_shards_are_the_ranking_of_all(n_shards: int) -> None:
    whole, parts = ranked(KERNEL), shards_of(KERNEL, n_shards)
    merged = merge_rankings(parts)
    merged.check_complete()
    assert merged.sha256 == whole.sha256
    assert merged.n_scored == whole.n_scored
    assert [shard.shard for shard in merged.shards] == list(range(n_shards))


PARTS = shards_of(KERNEL, 8, size=50)


@settings(max_examples=30, deadline=None)
@given(order=st.permutations(range(8)), cuts=st.lists(st.integers(1, 7), max_size=3, unique=True))
def test_any_grouping_in_any_order_gives_the_same_bytes(order: list[int], cuts: list[int]) -> None:
    groups = np.split(np.array(order), sorted(cuts))
    merged = merge_rankings([merge_rankings([PARTS[index] for index in group]) for group in groups])
    assert merged.to_bytes() == merge_rankings(PARTS).to_bytes()


def test_columns_and_probabilities_go_with_their_rows() -> None:
    parts = [
        replace(part, probability=part.scores / 100, columns={"one": part.scores * 2, "key": part.keys % 1000})
        for part in PARTS
    ]
    empty = replace(parts[0].take(np.zeros(0, dtype=int)), columns={})
    merged = merge_rankings([*parts[1:], empty])
    assert np.array_equal(merged.probability, merged.scores / 100)
    assert np.array_equal(merged.columns["one"], merged.scores * 2)
    assert np.array_equal(merged.columns["key"], merged.keys % 1000)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model_sha256": "b" * 64}, r"shard 1 is from another run: its model is another \('bbbbbbbbbbbb...' instead"),
        ({"model": "cp"}, "its kind of model is another"),
        ({"top_k": 20}, "its number of candidates to keep is another .'20' instead of '50'"),
        ({"n_shards": 9}, "its number of shards is another"),
        ({"training": {"sha256": "x"}}, "its training set is another"),
        ({"space": {**RUN["space"], "limits": {"cation": 2, "anion": 3}}}, "its space of candidates is another"),
        ({"shortlist": {"sha256": "x"}}, "its shortlist is another"),
        ({"stride": 3}, "its step of the histogram"),
        ({"excluded_sha256": "y"}, "its set of excluded compositions"),
    ],
)
def test_a_shard_of_another_run_is_refused(change: dict[str, Any], reason: str) -> None:
    stranger = replace(PARTS[1], run=replace(PARTS[1].run, **change))
    with pytest.raises(RankingError, match=reason):
        merge_rankings([PARTS[0], stranger])


def test_repeated_and_missing_shards_are_refused() -> None:
    with pytest.raises(RankingError, match="shard 3 is there twice"):
        merge_rankings([PARTS[3], PARTS[1], merge_rankings(PARTS[2:5])])
    with pytest.raises(RankingError, match=r"of the 8 shards 2 are missing \(0, 5, counted from 0\)"):
        merge_rankings([*PARTS[1:5], *PARTS[6:]]).check_complete()
    with pytest.raises(RankingError, match="no ranking to merge"):
        merge_rankings([])


def test_shards_with_other_columns_are_refused() -> None:
    with pytest.raises(RankingError, match="one ranking has"):
        merge_rankings([PARTS[0], replace(PARTS[1], columns={"one": PARTS[1].scores})])


def test_bytes_are_the_same_again() -> None:
    ranking = replace(PARTS[2], columns={"one": PARTS[2].scores * 3})
    again = Ranking.from_bytes(ranking.to_bytes())
    assert again.to_bytes() == ranking.to_bytes()
    assert again.run == ranking.run
    assert np.isnan(again.probability).all()


@pytest.mark.parametrize("length", [0, 10, 200, -1, -300])
def test_truncated_bytes_are_refused(length: int) -> None:
    with pytest.raises(RankingError, match="no ranking"):
        Ranking.from_bytes(PARTS[0].to_bytes()[:length])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scores", np.arange(50.0)),
        ("scores", np.full(50, np.nan)),
        ("scores", np.zeros(3)),
        ("numbers", np.full((50, 3), 200, dtype=np.uint8)),
        ("numbers", np.full((50, 3), "H")),
        ("numbers", np.full((50, 3), 26.0)),
        ("numbers", np.full((50, 3), 26)),
        ("anions", np.full(50, 1)),
        ("coefficients", np.zeros((50, 3), dtype=np.uint8)),
        ("coefficients", np.full((50, 3), 41)),
        ("histogram", np.zeros(5, dtype=np.int64)),
        ("record", np.frombuffer(b"{}", dtype=np.uint8)),
        ("record", np.frombuffer(b'{"format": 1, "run": {}, "shards": []}', dtype=np.uint8)),
        ("record", np.frombuffer(b'{"format": 2}', dtype=np.uint8)),
        ("stranger", np.zeros(3)),
    ],
)
def test_arrays_that_are_no_ranking_are_refused(name: str, value: Any) -> None:
    arrays = read_arrays(PARTS[0].to_bytes())
    with pytest.raises(RankingError, match="no ranking"):
        Ranking.from_bytes(write_arrays({**arrays, name: value}))


def test_rows_are_selected_by_elements_anion_and_threshold() -> None:
    ranking = ranked(KERNEL, size=400)
    formulas = np.array(ranking.formulas())
    for elements in (["Fe"], ["Fe", "O"], ["Fe", "O", "Na"]):
        chosen = ranking.select(elements=elements)
        expected = [set(elements) <= set(ranking.composition(row).elements) for row in range(400)]
        assert chosen.formulas() == formulas[expected].tolist()
        assert np.array_equal(chosen.places, ranking.places[expected])
    assert set(ranking.select(anions=["O", "Cl"]).anions.tolist()) == {8, 17}
    middle = float(ranking.scores[200])
    assert np.array_equal(ranking.select(threshold=middle).scores, ranking.scores[ranking.scores > middle])
    assert len(ranking.select(n_elements=3)) == 400
    assert len(ranking.select(n_elements=4)) == 0
    with pytest.raises(RankingError, match="'Xx' is no element"):
        ranking.select(elements=["Xx"])
