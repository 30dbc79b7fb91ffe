"""Kernels against scikit-learn, and harmonics against the symmetry that they are made for."""

import numpy as np
import pytest
from sklearn.gaussian_process.kernels import Matern

from aiida_gbml.science.learning.kernels import invariant_harmonics, matern_covariance

TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
MIRROR_X, MIRROR_Y = np.diag([-1.0, 1.0]), np.diag([1.0, -1.0])
SIXTH = np.array([[0.5, -np.sqrt(0.75)], [np.sqrt(0.75), 0.5]])


def powers(rotation, order):
    return [np.linalg.matrix_power(rotation, power) for power in range(order)]


GROUPS = {
    "p1": ([[3.0, 0.0], [0.7, 2.0]], [np.eye(2)], [[0, 0]]),
    "p2, centre off the origin": ([[3.0, 0.0], [0.7, 2.0]], [np.eye(2), -np.eye(2)], [[0, 0], [0.4, 0.9]]),
    "c2mm": ([[2.0, 1.0], [4.0, 0.0]], [np.eye(2), MIRROR_X, MIRROR_Y, -np.eye(2)], np.zeros((4, 2))),
    "pg": ([[4.0, 0.0], [0.0, 3.0]], [np.eye(2), MIRROR_Y], [[0, 0], [2.0, 0.0]]),
    "p4": ([[2.5, 0.0], [0.0, 2.5]], powers(TURN, 4), np.zeros((4, 2))),
    "p6": ([[2.0, 0.0], [1.0, np.sqrt(3.0)]], powers(SIXTH, 6), np.zeros((6, 2))),
}


@pytest.fixture(params=GROUPS)
def group(request):
    return tuple(np.asarray(array, dtype=float) for array in GROUPS[request.param])


def values(harmonics, lattice, points):
    return np.array([harmonic(points @ np.linalg.inv(lattice)) for harmonic in harmonics])


def test_covariance_is_the_matern_kernel():
    generator = np.random.default_rng(0)
    left, right = generator.normal(size=(6, 3)), generator.normal(size=(4, 3))
    np.testing.assert_allclose(matern_covariance(left, right), Matern(nu=2.5)(left, right), atol=1e-12)


def test_harmonics_are_invariant(group):
    lattice, rotations, shifts = group
    points = np.random.default_rng(1).uniform(-9, 9, (50, 2))
    harmonics = invariant_harmonics(lattice, rotations, shifts, 9)
    assert len(harmonics) == 9
    expected = values(harmonics, lattice, points)
    for rotation, shift in zip(rotations, shifts, strict=True):
        moved = points @ rotation.T + shift + lattice[0] - 2 * lattice[1]
        np.testing.assert_allclose(values(harmonics, lattice, moved), expected, atol=1e-9)


def test_harmonics_are_orthonormal_over_the_cell(group):
    lattice, rotations, shifts = group
    steps = np.stack(np.meshgrid(*[np.arange(40) / 40] * 2), axis=-1).reshape(-1, 2)
    found = values(invariant_harmonics(lattice, rotations, shifts, 9), lattice, steps @ lattice)
    np.testing.assert_allclose(found @ found.T / len(steps), np.eye(9), atol=1e-9)


def test_harmonics_come_by_increasing_wave_number(group):
    wave_numbers = [harmonic.wave_number for harmonic in invariant_harmonics(*group, 9)]
    assert np.all(np.diff(wave_numbers) > -1e-9)


def test_no_invariant_function_is_left_out():
    """Any function averaged over the group is a sum of harmonics: here one with three waves, in p4."""
    lattice, rotations, shifts = (np.asarray(array, dtype=float) for array in GROUPS["p4"])
    points = np.random.default_rng(2).uniform(0, 5, (200, 2))

    def function(point):
        x, y = 2 * np.pi * point.T / 2.5
        return np.sin(x + 0.3) * np.cos(y) + 0.5 * np.sin(2 * x - y) + 0.2 * np.cos(2 * y + 1)

    average = np.mean([function(points @ rotation.T) for rotation in rotations], axis=0)
    design = values(invariant_harmonics(lattice, rotations, shifts, 8), lattice, points).T
    residual = average - design @ np.linalg.lstsq(design, average, rcond=None)[0]
    np.testing.assert_allclose(residual, 0.0, atol=1e-10)


def test_glide_extinguishes_odd_harmonics_along_it():
    lattice, rotations, shifts = (np.asarray(array, dtype=float) for array in GROUPS["pg"])
    for harmonic in invariant_harmonics(lattice, rotations, shifts, 20):
        on_glide_line = np.all(harmonic.indices[:, 1] == 0)
        assert not on_glide_line or np.all(harmonic.indices[:, 0] % 2 == 0)


def space_group():
    """Return P4_1 in a cell of 3 x 3 x 5 Å: turns with quarters of c between them."""
    turn = np.eye(3)
    turn[:2, :2] = TURN
    lattice = np.diag([3.0, 3.0, 5.0])
    return lattice, np.array(powers(turn, 4)), np.array([[0, 0, 1.25 * step] for step in range(4)])


def test_harmonics_of_a_crystal_are_invariant_and_orthonormal():
    lattice, rotations, shifts = space_group()
    harmonics = invariant_harmonics(lattice, rotations, shifts, 14)
    points = np.random.default_rng(3).uniform(-5, 5, (40, 3))
    expected = values(harmonics, lattice, points)
    for rotation, shift in zip(rotations, shifts, strict=True):
        np.testing.assert_allclose(values(harmonics, lattice, points @ rotation.T + shift), expected, atol=1e-9)
    steps = np.stack(np.meshgrid(*[np.arange(16) / 16] * 3), axis=-1).reshape(-1, 3)
    found = values(harmonics, lattice, steps @ lattice)
    np.testing.assert_allclose(found @ found.T / len(steps), np.eye(14), atol=1e-9)


def test_a_screw_axis_extinguishes_all_but_every_fourth_reflection_along_it():
    for harmonic in invariant_harmonics(*space_group(), 40):
        on_axis = np.all(harmonic.indices[:, :2] == 0)
        assert not on_axis or np.all(harmonic.indices[:, 2] % 4 == 0)
