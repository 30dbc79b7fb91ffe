"""The Kriging search on boundary energies that are known everywhere."""

import numpy as np
import pytest

from aiida_gbml.science.interfaces.candidates import CandidateSet
from aiida_gbml.science.interfaces.kriging import ACQUISITIONS, KrigingSearch, KrigingSettings
from aiida_gbml.science.interfaces.translations import TranslationGroup
from aiida_gbml.science.learning.search import SearchError

MIRRORS = np.array([np.diag(signs) for signs in [(1.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (-1.0, -1.0)]])
PERIODS = np.array([6.4, 4.0])


@pytest.fixture
def group():
    return TranslationGroup(np.diag(PERIODS), MIRRORS, np.zeros((4, 2)))


@pytest.fixture
def candidates(group):
    """Return a quarter of the cell on a 0.32 x 0.25 Å grid, three gaps, two numbers of removed atoms."""
    axes = (np.linspace(0, PERIODS[0] / 2, 11), np.linspace(0, PERIODS[1] / 2, 9), [0.2, 0.5, 0.8], [0, 1])
    x, y, gap, removed = (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij"))
    integers = np.zeros(len(x), dtype=int)
    return CandidateSet(np.column_stack([x, y]), gap, integers, removed.astype(int), integers + 1, group, 4 * len(x))


def energy(candidates):
    """Excess energy in J/m² with the symmetry of the group, several minima, and a cost of overlapping atoms."""
    x, y = 2 * np.pi * (candidates.translations / PERIODS).T
    surface = 1.0 + 0.2 * np.cos(x) + 0.15 * np.cos(2 * x) * np.cos(y) - 0.1 * np.cos(y) + 0.05 * np.cos(3 * x)
    best_gap = 0.45 + 0.1 * np.cos(x)
    overlap = 0.8 * np.exp(4 * (np.cos(x) * np.cos(y) - 1))
    removed = candidates.n_removed * (0.1 + 0.08 * np.cos(x))
    return surface + 0.6 * (candidates.gaps - best_gap) ** 2 + overlap + removed


def advance(search, energies, count, batch_size=1):
    for _ in range(count):
        rows = search.ask(batch_size)
        search.tell(rows, energies[rows])
    return search


def asked(search):
    return list(search.observed)


@pytest.mark.parametrize("acquisition", ACQUISITIONS)
def test_finds_the_minimum_in_a_few_percent_of_the_evaluations(candidates, acquisition):
    energies = energy(candidates)
    search = advance(KrigingSearch(candidates, 1, settings=KrigingSettings(acquisition)), energies, 45)
    assert energies[search.best] < energies.min() + 1e-3  # 45 of 594, while a random search needs 200 on average


def test_batches_find_the_minimum_too(candidates):
    energies = energy(candidates)
    search = advance(KrigingSearch(candidates, 1), energies, 8, batch_size=5)
    assert energies[search.best] < energies.min() + 1e-3


def test_batches_are_spread_out(candidates):
    search = advance(KrigingSearch(candidates, 2), energy(candidates), 8)
    rows = search.ask(4)
    points = np.column_stack([candidates.translations, candidates.gaps, candidates.n_removed])[rows]
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    assert distances[np.triu_indices(4, 1)].min() > 0.2


def test_same_seed_same_search(candidates):
    searches = [advance(KrigingSearch(candidates, 4), energy(candidates), 12) for _ in range(2)]
    assert asked(searches[0]) == asked(searches[1])


def test_seeds_differ(candidates):
    assert len({int(KrigingSearch(candidates, seed).ask()[0]) for seed in range(5)}) > 1


@pytest.mark.parametrize("acquisition", ["expected improvement", "thompson sampling"])
@pytest.mark.parametrize("count", [3, 14, 33])
def test_state_is_rebuilt_from_observations_and_pending_candidates(candidates, acquisition, count):
    """Also beyond 30 observations, where hyperparameters are older than the latest ones."""
    energies, settings = energy(candidates), KrigingSettings(acquisition)
    search = advance(KrigingSearch(candidates, 6, settings=settings), energies, count)
    pending = search.ask(2)
    again = KrigingSearch(candidates, 6, settings=settings)
    again.tell(asked(search), energies[asked(search)])
    again.mark_pending(pending)
    assert again.ask(3).tolist() == search.ask(3).tolist()


def test_late_answers_of_pending_candidates_are_used(candidates):
    energies = energy(candidates)
    search = advance(KrigingSearch(candidates, 8), energies, 7)
    slow, quick = search.ask(2)
    search.tell([quick], energies[[quick]])
    search = advance(search, energies, 3)
    search.tell([slow], energies[[slow]])
    again = KrigingSearch(candidates, 8)
    again.tell(asked(search), energies[asked(search)])
    np.testing.assert_allclose(search.predict(), again.predict(), atol=1e-6)


def test_equivalent_structures_are_predicted_alike(candidates):
    search = advance(KrigingSearch(candidates, 0), energy(candidates), 10)
    translations = np.random.default_rng(0).uniform(0, 6, (20, 2))
    others = (np.full(20, 0.4), np.zeros(20, dtype=int), np.ones(20, dtype=int))
    expected = search.surrogate.predict(translations, *others)
    for image in candidates.group.images(translations):
        np.testing.assert_allclose(search.surrogate.predict(image - 3 * PERIODS, *others), expected, atol=1e-9)


def test_prediction_goes_through_the_observations(candidates):
    energies = energy(candidates)
    search = advance(KrigingSearch(candidates, 0), energies, 25)
    mean, deviation = search.predict()
    calm = [row for row in asked(search) if energies[row] < np.median(energies)]
    np.testing.assert_allclose(mean[calm], energies[calm], atol=5e-3)
    assert deviation[calm].max() < 0.1 * deviation.max()


def test_failures_are_avoided_and_do_not_poison_the_model(candidates):
    """Every candidate of one half of the cell fails: the search finds the minimum of the other half."""
    energies = energy(candidates)
    energies[candidates.translations[:, 1] > 1.2] = np.nan
    search = advance(KrigingSearch(candidates, 3), energies, 40)
    assert energies[search.best] < np.nanmin(energies) + 1e-3
    told = energies[asked(search)]
    assert np.isnan(told[20:]).sum() < 10
    mean, _ = search.predict()
    assert np.all(np.isfinite(mean))
    assert mean.max() < 3 * np.nanmax(energies)


def test_failures_alone_still_give_a_design(candidates):
    search = KrigingSearch(candidates)
    for _ in range(8):
        search.tell(search.ask(), [np.nan])
    assert len(search.ask(4)) == 4
    assert search.expected_regret == np.inf
    with pytest.raises(SearchError, match="nothing can be predicted"):
        search.predict()


def test_one_enormous_energy_changes_little(candidates):
    """Atoms on top of each other: what matters is that it is bad, not how bad."""
    energies, found = energy(candidates), []
    for peak in (10.0, 1e6):
        peaked = np.where(energies > np.percentile(energies, 97), peak, energies)
        found.append(asked(advance(KrigingSearch(candidates, 5), peaked, 15)))
    assert found[0] == found[1]


def test_regret_scales_with_the_energies(candidates):
    energies = energy(candidates)
    first = advance(KrigingSearch(candidates, 1), energies, 10)
    second = KrigingSearch(candidates, 1)
    second.tell(asked(first), 7.0 + 10 * energies[asked(first)])
    assert second.expected_regret == pytest.approx(10 * first.expected_regret, rel=1e-3)


def test_search_stops_when_little_is_left_to_gain(candidates):
    energies, search = energy(candidates), KrigingSearch(candidates, 2)
    while search.stop_reason is None:
        advance(search, energies, 1)
    assert "expected regret below 0.0005 J/m²" in search.stop_reason
    assert len(search.observed) < 80
    assert energies[search.best] < energies.min() + 1e-3


def test_starting_points_come_first(candidates):
    search = KrigingSearch(candidates, starting_points=[40, 7, 40])
    assert search.ask(3)[:2].tolist() == [40, 7]
    with pytest.raises(SearchError, match="candidate 594 does not exist"):
        KrigingSearch(candidates, starting_points=[594])


def test_earlier_observations_replace_the_initial_design(candidates):
    energies = energy(candidates)
    search = KrigingSearch(candidates)
    search.tell(np.arange(0, 594, 60), energies[::60])
    assert np.isfinite(search.expected_regret)
    assert len(search.ask(2)) == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"acquisition": "best guess"}, "unknown acquisition 'best guess', known are expected improvement"),
        ({"n_initial": 0}, "'n_initial' of the search must be positive, got 0"),
        ({"regret_tolerance": float("nan")}, "'regret_tolerance' of the search must be positive, got nan"),
    ],
)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(SearchError, match=message):
        KrigingSettings(**settings)
