"""What all searches share: nothing twice, nothing hidden, nothing beyond the budget."""

from dataclasses import dataclass

import numpy as np
import pytest

from aiida_gbml.science.interfaces.candidates import CandidateSet
from aiida_gbml.science.interfaces.kriging import KrigingSearch
from aiida_gbml.science.interfaces.translations import TranslationGroup
from aiida_gbml.science.learning.search import METHODS, ExhaustiveSearch, RandomSearch, SearchError, read_strategy

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


@pytest.mark.parametrize("kind", [ExhaustiveSearch, RandomSearch], indirect=True)
def test_who_learns_nothing_looks_once_for_all_that_are_asked_for(kind):
    """Ten thousand candidates are asked for in one round, and each look goes through all of them."""

    class Watched(kind):
        n_looks = 0

        @property
        def available(self):
            self.n_looks += 1
            return super().available

    search = Watched(candidate_set(13), seed=3, budget=9)
    search.tell([2, 4], [0.0, 1.0])
    assert len(search.ask(20)) == len(search.pending) == 7
    assert search.n_looks == 1
    assert search.ask().tolist() == []


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


def test_what_the_machine_failed_is_used_up_but_not_observed(kind):
    search = kind(candidate_set(12), budget=5)
    search.mark_pending([7])
    search.tell([3, 4, 7], [np.nan, 1.0, np.nan], [False, False, True])
    assert sorted(search.observed) == [3, 4]
    asked = search.ask(10).tolist()
    assert len(asked) == 2
    assert not {3, 4, 7} & set(asked)
    for again in (lambda: search.tell([7], [1.0]), lambda: search.mark_pending([7])):
        with pytest.raises(SearchError, match="candidate 7 was told twice"):
            again()
    with pytest.raises(SearchError, match="was told with an energy"):
        search.tell([8], [1.0], [True])
    assert 8 not in {*search.observed, *search.uncomputed}


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


@dataclass(frozen=True)
class Settings:
    """How long to wait."""

    patience: int = 3

    def __post_init__(self):
        if self.patience < 1:
            raise SearchError("the patience must be positive")


def test_a_strategy_is_a_method_and_its_settings():
    assert read_strategy({}, Settings) == ("kriging", Settings())
    assert read_strategy({"method": "random", "patience": 5}, Settings) == ("random", Settings(5))
    assert [read_strategy({"method": method}, Settings)[0] for method in METHODS] == list(METHODS)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"method": "magic"}, "unknown search method 'magic', known are kriging"),
        ({"method": ["kriging"]}, "unknown search method"),
        ({"haste": 3}, "unknown setting 'haste' of the strategy, known are method, patience"),
        ({"patience": "much"}, "has the wrong type"),
        ({"patience": 0}, "must be positive"),
    ],
)
def test_strategies_that_make_no_sense_are_refused(values, message):
    with pytest.raises(SearchError, match=message):
        read_strategy(values, Settings)
