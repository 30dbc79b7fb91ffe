"""Strategies by name."""

import numpy as np
import pytest

from aiida_gbml.science.interfaces.kriging import (
    ACQUISITIONS,
    ExhaustiveSearch,
    KrigingSearch,
    RandomSearch,
    SearchError,
)
from aiida_gbml.science.interfaces.observations import Observations
from aiida_gbml.science.interfaces.strategies import Strategy

CLASSES = {"kriging": KrigingSearch, "random": RandomSearch, "exhaustive": ExhaustiveSearch}


@pytest.mark.parametrize("method", CLASSES)
def test_each_name_has_its_search(candidates, method):
    search = Strategy.from_dict({"method": method}).search(candidates, Observations.empty(), seed=1, budget=7)
    assert type(search) is CLASSES[method]
    assert (search.seed, search.budget) == (1, 7)
    assert len(set(search.ask(5).tolist())) == 5


def test_kriging_is_the_default_with_its_own_settings():
    assert Strategy.from_dict({}) == Strategy()
    strategy = Strategy.from_dict({"acquisition": ACQUISITIONS[-1], "n_initial": 4})
    assert (strategy.method, strategy.settings.acquisition, strategy.settings.n_initial) == (
        "kriging",
        ACQUISITIONS[-1],
        4,
    )


def test_a_search_knows_what_was_observed(candidates, observations):
    known = Observations(
        *(getattr(observations, name)[:9] for name in ("candidates", "energies", "volumes", "reasons"))
    )
    search = Strategy.from_dict({"method": "exhaustive"}).search(candidates, known, seed=0)
    assert search.ask(3).tolist() == [9, 10, 11]
    assert search.best == int(np.argmin(known.energies))


def test_starting_points_come_first(candidates):
    search = Strategy.from_dict({}).search(candidates, Observations.empty(), seed=0, starting_points=[17, 3])
    assert search.ask(2).tolist() == [17, 3]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"method": "annealing"}, "unknown search method 'annealing', known are kriging, random, exhaustive"),
        ({"method": ["kriging"]}, "unknown search method"),
        ({"method": "$(reboot)"}, "unknown search method"),
        ({"acquisition": "hope"}, "unknown acquisition 'hope', known are expected improvement"),
        ({"temperature": 3}, "unknown setting 'temperature' of the strategy"),
        ({"n_initial": 0}, "'n_initial' of the search must be positive, got 0"),
        ({"regret_tolerance": "small"}, "wrong type"),
        ({"patience": None}, "wrong type"),
        ({"acquisition": ["expected improvement"]}, "acquisition"),
        ({"n_initial": 2.5}, "n_initial"),
    ],
)
def test_unknown_strategies_are_refused_in_one_sentence(values, message):
    with pytest.raises(SearchError, match=message):
        Strategy.from_dict(values)
