"""Tests of aiida_gbml.science.engines.lammps.frame."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aiida_gbml.science.engines.lammps.frame import LammpsFrame, LammpsFrameError

ATOMS = np.array([[0.1, 0.2, 0.3], [1.0, -2.0, 7.0]])
PERIODICITIES = st.tuples(st.booleans(), st.booleans(), st.booleans()).map(np.array)


@given(seed=st.integers(0, 10**6), pbc=PERIODICITIES)
def test_a_frame_is_a_rotation_into_a_lower_triangular_box(seed, pbc):
    cell = np.random.default_rng(seed).normal(size=(3, 3)) * 5 + 4 * np.eye(3)
    frame = LammpsFrame.of(cell, pbc, ATOMS)
    assert np.allclose(frame.rotation @ frame.rotation.T, np.eye(3))
    assert np.linalg.det(frame.rotation) == pytest.approx(1.0)
    assert np.all(frame.box[np.triu_indices(3, 1)] == 0.0)
    assert np.all(np.diag(frame.box) > 0)
    assert np.allclose(frame.structure_cell(frame.box), cell)
    assert np.all(np.isin(frame.handedness, (-1.0, 1.0)))


@given(seed=st.integers(0, 10**6), pbc=PERIODICITIES)
def test_atoms_are_inside_a_box_that_is_not_periodic(seed, pbc):
    positions = np.random.default_rng(seed).normal(size=(5, 3)) * 20
    frame = LammpsFrame.of(np.diag([4.0, 5.0, 6.0]), pbc, positions)
    rotated = positions @ frame.rotation
    high = frame.origin + np.diag(frame.box)
    assert np.all((rotated > frame.origin + 9.9)[:, ~pbc])
    assert np.all((rotated < high - 9.9)[:, ~pbc])
    assert np.allclose(frame.structure_vectors(rotated), positions)


def test_a_cell_in_the_orientation_of_lammps_is_left_alone():
    cell = np.array([[3.0, 0.0, 0.0], [1.0, 4.0, 0.0], [0.5, 0.25, 5.0]])
    frame = LammpsFrame.of(cell, np.ones(3, dtype=bool), ATOMS)
    assert frame.is_aligned
    assert np.array_equal(frame.box, cell)
    assert np.array_equal(frame.structure_vectors(ATOMS), ATOMS)


def test_a_slab_with_c_along_its_normal_is_aligned_too():
    frame = LammpsFrame.of(np.diag([3.0, 4.0, 0.0]), np.array([True, True, False]), ATOMS)
    assert frame.is_aligned


def test_a_uniaxial_stress_turns_with_the_structure():
    rotation = Rotation.from_euler("xyz", [20, 30, 40], degrees=True).as_matrix()
    cell = np.diag([3.0, 4.0, 5.0]) @ rotation
    frame = LammpsFrame.of(cell, np.ones(3, dtype=bool), ATOMS)
    stress = frame.structure_stress(np.diag([0.0, 0.0, -2.0]), frame.box)
    along_c = cell[2] / 5.0
    assert np.allclose(stress, 2.0 * np.outer(along_c, along_c))


def test_a_flat_cell_is_refused():
    with pytest.raises(LammpsFrameError, match="span no volume"):
        LammpsFrame.of(np.diag([3.0, 4.0, 0.0]), np.ones(3, dtype=bool), ATOMS)
