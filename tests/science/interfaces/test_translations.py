"""Test the group of translations."""

import numpy as np
import pytest

from aiida_gbml.science.interfaces.translations import TranslationError, TranslationGroup

LENGTH, WIDTH = 3.615 * 5**0.5, 3.615
MIRRORS = np.array([np.diag(signs) for signs in [(1, 1), (-1, 1), (1, -1), (-1, -1)]], dtype=float)
CENTRED = TranslationGroup(np.array([[0, WIDTH], [LENGTH / 2, WIDTH / 2]]), MIRRORS, np.zeros((4, 2)))
TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
SQUARE = TranslationGroup(
    2.0 * np.eye(2), np.array([np.linalg.matrix_power(TURN, k) for k in range(4)]), np.full((4, 2), [0.0, 0.0])
)
GLIDE = TranslationGroup(np.diag([3.0, 5.0]), np.array([np.eye(2), np.diag([1.0, -1.0])]), np.array([[0, 0], [1.5, 0]]))


@pytest.mark.parametrize("group", [CENTRED, SQUARE, GLIDE])
@pytest.mark.parametrize("spacing", [0.11, 0.3, 0.5])
def test_grid_is_mapped_on_itself_in_steps_of_at_most_the_spacing(group, spacing):
    divisions = group.divisions(spacing)
    assert np.all(np.linalg.norm(group.lattice, axis=1) / divisions <= spacing + 1e-9)
    grid = group.grid(spacing)
    assert len(grid) == divisions[0] * divisions[1]
    images = group.images(grid).reshape(-1, 2)
    steps = group.fractional(images) * divisions
    assert np.allclose(steps, np.round(steps), atol=1e-6)


@pytest.mark.parametrize("group", [CENTRED, SQUARE, GLIDE])
def test_representatives_stand_for_every_point_once(group):
    points, sizes = group.representatives(0.3)
    assert sizes.sum() == len(group.grid(0.3))
    assert np.all(len(group) % sizes == 0)  # orbit-stabiliser theorem
    assert len(np.unique(group.orbits(points))) == len(points)


def test_orbits_hold_all_images_and_lattice_vectors():
    point = np.array([[0.7, 1.3]])
    images = CENTRED.images(point)[:, 0] + np.array([3, -2]) @ CENTRED.lattice
    others = np.array([[0.7, 1.2], [0.0, 0.0]])
    labels = CENTRED.orbits(np.concatenate([images, others]))
    assert len(set(labels[:4])) == 1
    assert len(set(labels)) == 3


def test_centring_and_mirrors_save_a_factor_of_eight():
    """The rectangular period of sigma 5 (210) holds two centred cells, each reduced by up to four mirrors."""
    points, _ = CENTRED.representatives(0.1)
    assert LENGTH * WIDTH / CENTRED.area == pytest.approx(2)
    assert 7 < 2 * len(CENTRED.grid(0.1)) / len(points) < 8


def test_fractions_are_inside_the_cell():
    translations = np.random.default_rng(0).normal(size=(50, 2)) * 20
    fractions = CENTRED.fractional(translations)
    assert np.all((fractions >= 0) & (fractions < 1))
    lattice_steps = (translations - fractions @ CENTRED.lattice) @ np.linalg.inv(CENTRED.lattice)
    assert np.allclose(lattice_steps, np.round(lattice_steps))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ((np.eye(3), np.eye(2)[None], np.zeros((1, 2))), "expected the shapes"),
        ((np.eye(2), np.zeros((0, 2, 2)), np.zeros((0, 2))), "expected the shapes"),
        ((np.ones((2, 2)), np.eye(2)[None], np.zeros((1, 2))), "has the area 0.0"),
    ],
)
def test_broken_groups_are_refused(arrays, message):
    with pytest.raises(TranslationError, match=message):
        TranslationGroup(*arrays)


def test_a_spacing_has_to_be_positive():
    with pytest.raises(TranslationError, match=r"must be positive, got -0.3 Å"):
        CENTRED.divisions(-0.3)


def test_a_symmetry_that_fits_no_grid_is_named():
    odd = TranslationGroup(np.eye(2), np.eye(2)[None].repeat(2, axis=0), np.array([[0, 0], [2**-0.5, 0]]))
    with pytest.raises(TranslationError, match=r"no grid of about 0.3 Å respects the symmetry"):
        odd.divisions(0.3)
