"""A contest: what rankings have found is what a count by hand finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from known_compositions import all_candidates, known_set, space_of
from pretended_recommenders import HashRecommender, OracleRecommender

from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.evaluation.contest import Contest, Lists, symbols
from aiida_gbml.science.compounds.evaluation.leakage import count_swaps, element_swaps
from aiida_gbml.science.compounds.evaluation.ranks import Ranked, rank_candidates
from aiida_gbml.science.compounds.evaluation.splits import EvaluationError, Split
from aiida_gbml.science.compounds.recommenders.base import Recommender
from aiida_gbml.science.compounds.scoring.keys import keys_of_roles

SPACE = space_of(3)


@pytest.fixture(scope="module")
def contest() -> Contest:
    known, later = Split("holdout", fraction=0.3, seed=1).parts(known_set())
    others = CompositionSet.of([parse_formula(text) for text in ("XeF2", "LiNaFe", "Mg4Al2O7", "LiFeCl5", "UTi2O6")])
    return Contest(known, later.joined(others), SPACE)


def ranking(contest: Contest, model: Recommender, longest: int = 200) -> Ranked:
    fitted = {"a": model.fit(contest.known, contest.space)}
    return rank_candidates(fitted, contest.space, contest.taken, longest, contest.n_candidates)["a"]


def formulas(contest: Contest, ranked: Ranked) -> list[str]:
    roles = all_candidates(3)
    by_key = dict(zip(keys_of_roles(roles).tolist(), range(len(roles)), strict=True))
    return [roles.composition(by_key[key]).formula for key in ranked.keys.tolist()]


def test_counts_are_those_of_all_candidates(contest: Contest) -> None:
    roles = all_candidates(3)
    every = {roles.composition(row).formula: int(roles.anions[row]) for row in range(len(roles))}
    known = set(contest.known.formulas())
    unknown = {name: anion for name, anion in every.items() if name not in known}
    assert contest.n_candidates == len(unknown)
    assert contest.n_by_anion == {anion: list(unknown.values()).count(anion) for anion in contest.n_by_anion}
    assert sorted(contest.later_formulas) == sorted(name for name in contest.later.formulas() if name in unknown)
    summary = contest.summary()
    assert summary["later"]["outside"] == {
        "number of elements": int((contest.later.arity != 3).sum()),
        "no ion": 1,
        "no anion": 1,
        "not neutral": 1,
        "coefficient": 1,
    }
    assert summary["later"]["n_candidates"] == contest.n_later > 20
    assert summary["n_swap_candidates"] == count_swaps(contest.known, SPACE)
    assert summary["rate"] == pytest.approx(contest.n_later / len(unknown), rel=1e-5)


def test_what_is_known_may_have_fewer_elements_than_the_candidates() -> None:
    contest = Contest(known_set().take(known_set().arity < 3), known_set().take(known_set().arity == 3), SPACE)
    assert contest.n_candidates == len(all_candidates(3))
    assert contest.summary()["n_swap_candidates"] == 0


def test_hits_swaps_and_elements_are_those_of_a_count_by_hand(contest: Contest) -> None:
    ranked = ranking(contest, HashRecommender())
    names = formulas(contest, ranked)
    verdict = contest.judge(ranked, Lists((10, 150), 200))
    later = set(contest.later_formulas)
    for top, found in verdict.tops.items():
        hits = [name for name in names[:top] if name in later]
        assert found.enrichment.hits == len(hits)
        hit_set = CompositionSet.of([parse_formula(name) for name in hits])
        assert found.n_swaps == int(element_swaps(hit_set, contest.known).sum())
        assert found.n_elements == len({symbol for name in names[:top] for symbol in parse_formula(name).elements})
    assert verdict.curve[-1] == sum(name in later for name in names) > 0
    for place, name in enumerate(contest.later_formulas):
        assert verdict.ranks[place] == (names.index(name) + 1 if name in names else 0)


def test_anions_are_counted_apart(contest: Contest) -> None:
    ranked = ranking(contest, HashRecommender())
    verdict = contest.judge(ranked, Lists((10, 150), 200))
    roles = all_candidates(3)
    anion_of = dict(zip(keys_of_roles(roles).tolist(), roles.anions.tolist(), strict=True))
    for row, top in enumerate((10, 150)):
        own = [anion_of[key] for key in ranked.keys[:top].tolist()]
        assert verdict.listed[row].tolist() == [own.count(anion) for anion in contest.n_by_anion]
        assert verdict.hits[row].sum() == verdict.tops[top].enrichment.hits


def test_a_perfect_ranking_reaches_the_largest_enrichment(contest: Contest) -> None:
    ranked = ranking(contest, OracleRecommender(tuple(contest.later_keys.tolist())))
    found = contest.judge(ranked, Lists((20,), 200)).tops[20].enrichment
    assert found.hits == 20
    assert found.enrichment == pytest.approx(found.largest)
    values = contest.judge(ranked, Lists((20,), 200)).tops[20].to_dict()
    assert (values["hits"], values["n_swaps"] <= 20) == (20, True)


def test_chance_is_what_random_rankings_reach(contest: Contest) -> None:
    hits = [
        contest.judge(ranking(contest, HashRecommender(seed, 10**6)), Lists((200,), 200)).tops[200].enrichment.hits
        for seed in range(60)
    ]
    expected = 200 * contest.n_later / contest.n_candidates
    assert np.mean(hits) == pytest.approx(expected, abs=4 * np.sqrt(expected / 60))


def test_leaks_are_removed_or_refused() -> None:
    known = known_set()
    half = known.take(np.arange(0, len(known), 2))
    assert Contest(half, known, SPACE).n_leaked == len(half)
    with pytest.raises(EvaluationError, match="are known already"):
        Contest(half, known, SPACE, "refuse")


def test_nothing_to_find_is_refused_with_reasons() -> None:
    later = CompositionSet.of([parse_formula(text) for text in ("XeO3F", "NaCl2", "LiNaFe")])
    with pytest.raises(EvaluationError, match=r"\(number of elements: 1, no ion: 1, no anion: 1\): check ions"):
        Contest(known_set(), later, SPACE)


@pytest.mark.parametrize(
    ("tops", "longest", "reason"),
    [
        ((), 10, "ascending whole numbers"),
        ((3, 2), 10, "ascending whole numbers"),
        ((2, 2), 10, "ascending whole numbers"),
        ((0, 2), 10, "ascending whole numbers"),
        (("a",), 10, "ascending whole numbers"),
        ((True,), 10, "ascending whole numbers"),
        (tuple(range(1, 30)), 100, "ascending whole numbers"),
        ((5,), 4, "from 5 to 1000000, got 4"),
        ((5,), 10**7, "from 5 to 1000000"),
    ],
)
def test_impossible_lists_are_refused(tops: Any, longest: int, reason: str) -> None:
    with pytest.raises(EvaluationError, match=reason):
        Lists(tops, longest)


def test_lists_end_with_the_candidates() -> None:
    assert Lists((10, 100, 1000), 5000).within(50) == Lists((10, 50), 50)


def test_symbols_of_numbers() -> None:
    assert symbols(np.array([8, 16])).tolist() == ["O", "S"]
