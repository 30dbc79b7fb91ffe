"""Grids against the operations that they have to respect."""

import numpy as np
import pytest

from aiida_gbml.science.learning.periodic_grid import PeriodicGridError, invariant_divisions

IDENTITY = np.eye(3)


def test_without_symmetry_the_spacing_alone_decides():
    lattice = np.diag([3.0, 4.0, 5.1])
    assert invariant_divisions(lattice, IDENTITY[None], np.zeros((1, 3)), 0.5) == (6, 8, 11)


def test_vectors_that_are_turned_into_each_other_are_divided_alike():
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    lattice = np.diag([3.0, 3.0, 5.0])
    divisions = invariant_divisions(lattice, np.array([IDENTITY, turn]), np.zeros((2, 3)), 0.7)
    assert divisions == (5, 5, 8)


def test_a_screw_needs_a_whole_number_of_steps():
    shifts = np.array([[0, 0, 0], [0, 0, 1 / 3]])
    lattice = np.diag([3.0, 3.0, 5.0])
    first, second, third = invariant_divisions(lattice, np.array([IDENTITY, IDENTITY]), shifts, 0.7)
    assert (first, second, third) == (5, 5, 9)


def test_points_stay_on_the_grid_of_a_hexagonal_cell():
    lattice = np.array([[3.0, 0, 0], [-1.5, 1.5 * np.sqrt(3), 0], [0, 0, 4.0]])
    sixth = np.array([[1, -1, 0], [1, 0, 0], [0, 0, 1]])
    divisions = invariant_divisions(lattice, np.array([IDENTITY, sixth]), np.zeros((2, 3)), 0.4)
    points = np.stack(np.meshgrid(*[np.arange(n) / n for n in divisions], indexing="ij"), axis=-1).reshape(-1, 3)
    moved = points @ sixth.T * divisions
    np.testing.assert_allclose(moved, np.round(moved), atol=1e-9)


@pytest.mark.parametrize("spacing", [0.0, -1.0, np.nan])
def test_a_spacing_has_to_be_positive(spacing):
    with pytest.raises(PeriodicGridError, match="must be positive"):
        invariant_divisions(np.eye(3), IDENTITY[None], np.zeros((1, 3)), spacing)


def test_a_shift_that_no_grid_meets_is_refused():
    shifts = np.array([[0, 0, 0], [0.0123456, 0, 0]])
    with pytest.raises(PeriodicGridError, match="respects the symmetry"):
        invariant_divisions(np.eye(3), np.array([IDENTITY, IDENTITY]), shifts, 0.5)
