"""Targets against the logarithm that they are made of."""

import numpy as np
import pytest

from aiida_gbml.science.compounds.potential_surface.scale import LogScale


@pytest.fixture
def energies():
    return np.random.default_rng(0).exponential(2.0, 50) - 300.0


def test_targets_are_standardised_and_bring_the_energies_back(energies):
    scale = LogScale.of(energies)
    targets = scale.targets(energies)
    assert targets.mean() == pytest.approx(0.0, abs=1e-9)
    assert targets.std() == pytest.approx(1.0)
    np.testing.assert_allclose(scale.energies(targets), energies)


def test_the_order_of_energies_is_kept_below_the_lowest_too(energies):
    scale = LogScale.of(energies)
    more = np.linspace(energies.min() - 5, energies.max() + 100, 400)
    targets = scale.targets(more)
    assert np.all(np.diff(targets) > 0)
    np.testing.assert_allclose(scale.energies(targets), more)


def test_a_failure_is_as_high_as_the_highest(energies):
    scale = LogScale.of(energies)
    assert scale.targets(np.array([np.nan]))[0] == pytest.approx(scale.targets(energies).max())


def test_equal_energies_are_no_trouble():
    scale = LogScale.of(np.full(3, -1.0))
    np.testing.assert_allclose(scale.targets(np.array([-1.0, -1.0])), 0.0)
