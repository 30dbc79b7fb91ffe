"""What all searches share: nothing twice, nothing hidden, nothing beyond the budget."""

import numpy as np
import pytest

from aiida_gbml.science.interfaces.candidates import CandidateSet
from aiida_gbml.science.interfaces.kriging import KrigingSearch
from aiida_gbml.science.interfaces.search import ExhaustiveSearch, RandomSearch, SearchError
from aiida_gbml.science.interfaces.translations import TranslationGroup

SEARCHES = [ExhaustiveSearch, RandomSearch, KrigingSearch]


def candidate_set(count):
    grid = np.stack(np.meshgrid(np.arange(count) / count, [0.0], indexing="ij"), axis=-1).reshape(-1, 2)
    integers = np.zeros(count, dtype=int)
    group = TranslationGroup.of_lattice(np.eye(2))
    return CandidateSet(grid, np.zeros(count), integers, integers, integers + 1, group, count)


@pytest.fixture(params=SEARCHES)
def kind(request):
    return request.param


def energies(rows):
    return np.cos(np.asarray(rows, dtype=float))


def test_every_candidate_is_asked_for_once(kind):
    search, asked = kind(candidate_set(13), seed=3), []
    while search.stop_reason != "all candidates evaluated":
        rows = search.ask(3)
        search.tell(rows, energies(rows))
        asked.extend(rows.tolist())
    assert sorted(asked) == list(range(13))
    assert search.ask(3).tolist() == []


def test_pending_candidates_are_not_asked_for_again(kind):
    search = kind(candidate_set(12))
    search.mark_pending([0, 5])
    asked = np.concatenate([search.ask(1) for _ in range(10)])
    assert sorted([0, 5, *asked.tolist()]) == list(range(12))


def test_budget_counts_failures_and_pending_candidates(kind):
    search = kind(candidate_set(12), budget=5)
    search.tell([3, 4], [np.nan, 1.0])
    search.mark_pending([6])
    assert len(search.ask(10)) == 2
    assert search.stop_reason == "budget spent"


def test_proposals_follow_from_seed_and_observations(kind):
    first = kind(candidate_set(30), seed=5)
    for _ in range(9):
        rows = first.ask(1)
        first.tell(rows, energies(rows))
    again = kind(candidate_set(30), seed=5)
    again.tell(list(first.observed), list(first.observed.values()))
    assert again.ask(4).tolist() == first.ask(4).tolist()


def test_random_search_is_drawn_from_its_seed():
    orders = {seed: tuple(RandomSearch(candidate_set(30), seed=seed).ask(30).tolist()) for seed in (1, 2)}
    assert orders[1] == tuple(RandomSearch(candidate_set(30), seed=1).ask(30).tolist())
    assert orders[1] != orders[2]


def test_exhaustive_search_keeps_the_order():
    assert ExhaustiveSearch(candidate_set(6)).ask(6).tolist() == [0, 1, 2, 3, 4, 5]


def test_best_ignores_failures(kind):
    search = kind(candidate_set(6))
    search.tell([1], [np.nan])
    assert search.best is None
    search.tell([2, 5, 0], [1.0, 0.5, 0.7])
    assert search.best == 5


@pytest.mark.parametrize(
    ("rows", "values", "message"),
    [
        ([6], [1.0], "candidate 6 does not exist, there are 6"),
        ([-1], [1.0], "candidate -1 does not exist"),
        ([2, 2], [1.0, 1.0], "candidate 2 was told twice"),
        ([0], [1.0], "candidate 0 was told twice"),
        ([1, 2], [1.0], "2 candidates were told with 1 energies"),
        ([1], [np.inf], "tell NaN"),
    ],
)
def test_nonsense_is_refused_and_nothing_recorded(kind, rows, values, message):
    search = kind(candidate_set(6))
    search.tell([0], [1.0])
    with pytest.raises(SearchError, match=message):
        search.tell(rows, values)
    assert search.observed == {0: 1.0}


def test_a_search_needs_candidates_a_budget_and_a_batch(kind):
    with pytest.raises(SearchError, match="at least one candidate"):
        kind(candidate_set(0))
    with pytest.raises(SearchError, match="got 0"):
        kind(candidate_set(6), budget=0)
    with pytest.raises(SearchError, match="got -1"):
        kind(candidate_set(6)).ask(-1)
