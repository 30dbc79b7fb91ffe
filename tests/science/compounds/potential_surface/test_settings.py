"""Which strategies are accepted."""

import pytest

from aiida_gbml.science.compounds.potential_surface.settings import SaddleSettings, SaddleStrategy
from aiida_gbml.science.learning.search import METHODS, SearchError


def test_settings_are_those_given():
    strategy = SaddleStrategy.from_dict({"method": "kriging", "n_initial": 7, "features": "harmonics"})
    assert strategy.settings == SaddleSettings(n_initial=7, features="harmonics")
    assert [SaddleStrategy.from_dict({"method": method}).method for method in METHODS] == list(METHODS)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "magic"}, "unknown search method 'magic', known are kriging, random, exhaustive"),
        ({"acquisition": "hope"}, "unknown acquisition 'hope', known are dominant points"),
        ({"features": 3}, "unknown features '3'"),
        ({"n_draws": 0}, "'n_draws' of the search must be positive"),
        ({"n_draws": 2.5}, "'n_draws' of the search must be a whole number"),
        ({"tolerance": 2}, "'tolerance' of the search is a share"),
        ({"patience": True}, "'patience' of the search must be positive, got True"),
        ({"n_start": 3}, "unknown setting 'n_start' of the strategy, known are method, acquisition"),
    ],
)
def test_nonsense_is_refused(settings, message):
    with pytest.raises(SearchError, match=message):
        SaddleStrategy.from_dict(settings)
