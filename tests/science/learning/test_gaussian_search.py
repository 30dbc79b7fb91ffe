"""A search with a Gaussian process whose acquisition is as plain as can be: the lowest mean."""

from dataclasses import dataclass

import numpy as np
import pytest

from aiida_gbml.science.learning import gaussian_search
from aiida_gbml.science.learning.gaussian_process import HyperparameterPrior, LogNormal, fit_hyperparameters
from aiida_gbml.science.learning.gaussian_search import GaussianSearch, _last_refit
from aiida_gbml.science.learning.search import SearchError

POINTS = np.linspace(0, 1, 41)[:, None]
VALUES = (POINTS[:, 0] - 0.3) ** 2


@dataclass(frozen=True)
class Shift:
    """Targets are energies from their mean on."""

    offset: float

    def targets(self, energies):
        return np.nan_to_num(energies, nan=1.0) - self.offset


class Greedy(GaussianSearch[Shift]):
    """Take the lowest mean."""

    def _scale_of(self, energies):
        return Shift(float(np.mean(energies)))

    def _choose(self):
        return int(np.argmin(np.where(self.available, self._believe().mean, np.inf)))


def search(**options):
    return Greedy(POINTS, POINTS, HyperparameterPrior((LogNormal(0.5, 1.0),)), n_initial=3, **options)


def run(one, count):
    for _ in range(count):
        rows = one.ask()
        one.tell(rows, VALUES[rows])
    return one


def test_the_design_is_spread_and_the_model_finds_the_rest():
    found = run(search(seed=2), 8)
    first = POINTS[list(found.observed)[:3], 0]
    assert np.min(np.abs(np.subtract.outer(first, first))[np.triu_indices(3, 1)]) > 0.2
    assert VALUES[found.best] == VALUES.min()


def test_starting_points_come_first():
    assert search(starting_points=[7, 9, 7]).ask(2).tolist() == [7, 9]


def test_pending_candidates_are_believed_to_be_as_predicted():
    one = run(search(), 6)
    before = one._believe().mean
    one.ask(2)
    np.testing.assert_allclose(one._believe().mean, before, atol=1e-4)


def test_nothing_is_learned_from_what_the_machine_failed():
    blamed, spared = run(search(), 6), run(search(), 6)
    before = spared._believe().mean
    row = int(np.flatnonzero(spared.available)[len(before) // 2])
    blamed.tell([row], [np.nan])
    spared.tell([row], [np.nan], [True])
    np.testing.assert_array_equal(spared._believe().mean, before)
    assert blamed._believe().mean[row] > before[row] + 0.5
    assert not spared.available[row]


def test_failures_alone_teach_nothing():
    one = search()
    one.tell([3], [np.nan])
    with pytest.raises(SearchError, match="nothing can be predicted"):
        one._believe()


def test_many_observations_count_but_do_not_hold_up_the_fit(monkeypatch):
    """The hyperparameters follow from a part of them, the belief from all."""
    points = np.linspace(0, 1, 1001)[:, None]
    values = np.sin(9 * points[:, 0])
    sizes = []

    def counted(some, targets, prior):
        sizes.append(len(some))
        return fit_hyperparameters(some, targets, prior)

    monkeypatch.setattr(gaussian_search, "fit_hyperparameters", counted)
    rows = np.arange(0, 1000, 2)
    one = Greedy(points, points, HyperparameterPrior((LogNormal(0.5, 1.0),)), n_initial=3)
    one.tell(rows, values[rows])
    np.testing.assert_allclose(one._believe().mean + one._scale.offset, values, atol=0.02)
    assert sizes == [_last_refit(500) // 2]
    assert len(one._posterior.rows) == 500


def test_refits_become_rare():
    refits = [_last_refit(count) for count in range(1, 200)]
    assert refits[:34] == [*range(1, 31), 30, 30, 30, 30]
    assert len(set(refits)) < 50
    assert all(refit <= count for count, refit in enumerate(refits, start=1))
