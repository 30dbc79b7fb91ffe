"""The gamma-surface is unfolded by the symmetry exactly, and covers the whole cell."""

from pathlib import Path

import numpy as np
import pytest

from aiida_gbml.science.interfaces.candidates import CandidateSet
from aiida_gbml.science.interfaces.plots import plot_gamma_surface, save
from aiida_gbml.science.interfaces.plots.gamma_surface import drawn_cell, unfold
from aiida_gbml.science.interfaces.translations import TranslationGroup

CENTRED = np.array([[0.0, 3.6], [-4.0, 1.8]])
MIRRORS = np.array([np.eye(2), -np.eye(2), np.diag([1, -1]), np.diag([-1, 1])])


def test_a_centred_lattice_is_drawn_as_its_rectangle() -> None:
    assert np.allclose(drawn_cell(CENTRED), np.diag([8.0, 3.6]))
    assert np.allclose(drawn_cell(np.array([[0, -2.5], [-6.0, 0]])), np.diag([6.0, 2.5]))


def test_a_lattice_without_rectangle_keeps_its_area_to_the_right_and_above() -> None:
    lattice = np.array([[-1.0, -2.1], [-3.0, 0.4]])
    cell = drawn_cell(lattice)
    assert np.isclose(abs(np.linalg.det(cell)), abs(np.linalg.det(lattice)))
    assert cell[0, 0] > 0
    assert cell[1, 1] > 0


def test_the_symmetry_unfolds_a_function_over_the_cell() -> None:
    group = TranslationGroup(CENTRED, MIRRORS, np.zeros((4, 2)))

    def energy(points: np.ndarray) -> np.ndarray:  # has the mirrors and the centring
        return np.cos(2 * np.pi * points[..., 0] / 4.0) + np.cos(4 * np.pi * points[..., 1] / 3.6)

    translations, _ = group.representatives(0.15)
    assert len(translations) < 0.4 * len(group.grid(0.15))
    mesh, values = unfold(group, drawn_cell(CENTRED), translations, energy(translations)[:, None])
    assert np.abs(values[..., 0] - energy(mesh)).max() < 0.02
    assert np.ptp(mesh[..., 0]) == pytest.approx(8.0)


@pytest.mark.parametrize("seed", range(10))
def test_no_place_is_left_empty(seed: int) -> None:
    random = np.random.default_rng(seed)
    group = TranslationGroup.of_lattice(np.diag([0.5, 6.0])[:: 1 - 2 * (seed % 2)] + 0.2 * random.random((2, 2)))
    translations = group.grid(float(random.uniform(0.1, 8.0)))
    _, values = unfold(group, drawn_cell(group.lattice), translations, random.random((len(translations), 1)))
    assert np.all(np.isfinite(values))


def candidates(count: int) -> CandidateSet:
    group = TranslationGroup(CENTRED, MIRRORS, np.zeros((4, 2)))
    translations = np.repeat(group.representatives(0.6)[0][:count], 2, axis=0)
    zeros = np.zeros(len(translations), dtype=int)
    gaps = np.tile([0.2, 0.6], len(translations) // 2)
    return CandidateSet(translations, gaps, zeros, zeros, zeros + 1, group, len(translations))


def test_the_lowest_prediction_of_a_translation_is_drawn() -> None:
    some = candidates(1)
    figure = plot_gamma_surface(some, np.array([1.5, 1.2]), np.array([0.03, 0.01]))
    energies, deviations = (axes.collections[0].get_array() for axes in figure.axes[:2])
    assert np.allclose(energies, 1.2)
    assert np.allclose(deviations, 10.0)  # mJ/m²


def test_every_equivalent_of_the_best_is_marked(tmp_path: Path) -> None:
    some = candidates(40)
    general = int(np.argmax(some.group.orbits(some.translations) >= 0))
    mean = np.linspace(1.0, 2.0, len(some))
    figure = plot_gamma_surface(some, mean, 0.01 * mean, evaluated=[0, 1, general], best=general)
    (stars,) = (one for one in figure.axes[0].get_lines() if one.get_label() == "most stable")
    points = np.column_stack(stars.get_data())
    rectangle = TranslationGroup(np.diag([8.0, 3.6]), MIRRORS, np.zeros((4, 2)))
    assert {tuple(point) for point in np.round(rectangle.fractional(points), 4)} >= {
        tuple(point)
        for point in np.round(rectangle.fractional(rectangle.images(some.translations[[general]])[:, 0]), 4)
    }
    for name in ("gamma.png", "gamma.svg"):
        save(figure, tmp_path / name)
