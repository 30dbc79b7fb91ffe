"""The structures that are worth a better engine."""

import numpy as np
import pytest
from ase.build import bulk
from searches import emt

from aiida_gbml.science.interfaces.problem import standard_bulk
from aiida_gbml.science.interfaces.verification import most_stable_basins
from aiida_gbml.science.structure_set import FAILED


@pytest.fixture(scope="module")
def other_reference():
    return emt(standard_bulk(bulk("Cu", a=3.7)))


def test_the_best_of_each_distinct_structure_is_chosen(evaluated, reference):
    """Unrelaxed candidates of different orbits are different structures."""
    basins = most_stable_basins(evaluated, reference, reference, 3)
    order = np.argsort(evaluated.columns["excess_energy"])
    assert basins.columns["candidate"].tolist() == evaluated.columns["candidate"][order[:3]].tolist()
    assert basins.columns["screening_energy"].tolist() == evaluated.columns["excess_energy"][order[:3]].tolist()
    assert basins.columns["status"].tolist() == ["new"] * 3


def test_copies_of_a_structure_count_once(evaluated, reference):
    best = int(np.argmin(evaluated.columns["excess_energy"]))
    others = np.argsort(evaluated.columns["excess_energy"])[1:3].tolist()
    doubled = evaluated.take([best, others[0], best, others[1], best])
    basins = most_stable_basins(doubled, reference, reference, 5)
    assert basins.columns["candidate"].tolist() == [evaluated.columns["candidate"][row] for row in (best, *others)]


def test_equal_energies_do_not_make_equal_structures(evaluated, reference):
    """Told by structure, not by energy alone."""
    pair = evaluated.take(np.argsort(evaluated.columns["excess_energy"])[[0, 5]])
    level = pair.with_columns(excess_energy=[0.9, 0.9])
    assert len(most_stable_basins(level, reference, reference, 2)) == 2


def test_failed_rows_are_no_basins(evaluated, reference):
    order = np.argsort(evaluated.columns["excess_energy"])
    status, energies = evaluated.columns["status"].copy(), evaluated.columns["excess_energy"].copy()
    status[order[0]], energies[order[0]] = FAILED, np.nan
    failed = evaluated.with_columns(status=status, excess_energy=energies)
    basins = most_stable_basins(failed, reference, reference, 1)
    assert basins.columns["candidate"][0] == evaluated.columns["candidate"][order[1]]


def test_basins_are_strained_to_the_lattice_of_the_other_engine(evaluated, reference, other_reference):
    basins = most_stable_basins(evaluated, reference, other_reference, 2)
    row = int(np.argmin(evaluated.columns["excess_energy"]))
    scale = 3.7 / 3.615
    np.testing.assert_allclose(basins.cells[0], evaluated.cells[row] * scale)
    fractions = basins.to_ase(0).get_scaled_positions() - evaluated.to_ase(row).get_scaled_positions()
    np.testing.assert_allclose(fractions - np.round(fractions), 0, atol=1e-12)
    assert basins.columns["boundary_height"][0] == pytest.approx(scale * evaluated.columns["boundary_height"][row])
    assert basins.columns["gap"][0] == evaluated.columns["gap"][row]  # which start it was does not change


def test_there_may_be_fewer_basins_than_wanted(evaluated, reference):
    assert len(most_stable_basins(evaluated.take([2]), reference, reference, 4)) == 1
