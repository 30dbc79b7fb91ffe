"""The picture of a boundary: every atom once, in its grain and its layer."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import EllipseCollection

from aiida_gbml.science.interfaces.bicrystal import LOWER, Bicrystal
from aiida_gbml.science.interfaces.boundary import Boundary
from aiida_gbml.science.interfaces.crystal import Crystal
from aiida_gbml.science.interfaces.plots import plot_structure, save
from aiida_gbml.science.interfaces.plots.structure import project

TILT = Boundary.from_sigma(5, (0, 0, 1), (2, 1, 0))


@pytest.fixture(params=["periodic", "slab"])
def copper(request: pytest.FixtureRequest) -> Bicrystal:
    return Bicrystal(Crystal.prototype("fcc", "Cu", 3.615), TILT, geometry=request.param)


def test_atoms_are_told_by_their_grain(copper: Bicrystal) -> None:
    atoms = copper.build((0.7, 0.9), gap=0.4)
    view = project(atoms, copper.boundary_heights(0.4))
    assert np.array_equal(view.is_lower, atoms.get_tags()[view.rows] == LOWER)


def test_a_repeat_of_fcc_along_its_cube_edge_has_two_layers(copper: Bicrystal) -> None:
    atoms = copper.build((0.7, 0.9), gap=0.4)
    view = project(atoms, copper.boundary_heights(0.4))
    repeat = len(view.rows) / len(atoms) * atoms.cell[1, 1]
    assert repeat == pytest.approx(3.615)
    assert 2 * view.is_back[view.is_lower].sum() == view.is_lower.sum()
    assert 2 * view.is_back[~view.is_lower].sum() == (~view.is_lower).sum()


def test_layers_survive_small_displacements(copper: Bicrystal) -> None:
    atoms = copper.build((0.7, 0.9), gap=0.4)
    heights = copper.boundary_heights(0.4)
    straight = project(atoms, heights)
    atoms.rattle(0.05, seed=1)
    rattled = project(atoms, heights)
    same = rattled.is_back == straight.is_back
    assert same.all() or not same.any() or same[straight.is_lower].all() or same[~straight.is_lower].all()


def test_every_place_of_the_projection_is_taken_once(copper: Bicrystal) -> None:
    view = project(copper.build((0.0, 0.0), gap=0.4), copper.boundary_heights(0.4))
    places = np.round(np.column_stack([view.x, view.z, view.is_back]), 3)
    assert len(np.unique(places, axis=0)) == len(view.rows)
    assert np.all((view.x >= 0) & (view.x <= view.width))


def test_a_boundary_is_drawn_with_energies_or_without(copper: Bicrystal, tmp_path: Path) -> None:
    atoms, heights = copper.build((0.7, 0.9), gap=0.4), copper.boundary_heights(0.4)
    by_grain = plot_structure(atoms, heights)
    by_energy = plot_structure(atoms, heights, np.linspace(-0.01, 0.3, len(atoms)))
    assert len(by_grain.axes) == 1
    assert [one.get_ylabel() for one in by_energy.axes[0].child_axes] == ["excess energy of an atom (eV)"]
    save(by_grain, tmp_path / "grain.png")
    save(by_energy, tmp_path / "energy.svg")


def test_the_elements_of_a_compound_are_in_the_legend() -> None:
    magnesia = Bicrystal(Crystal.prototype("rocksalt", ("Mg", "O"), 4.21), TILT)
    figure = plot_structure(magnesia.build((0.0, 0.0), gap=0.6), magnesia.boundary_heights(0.6))
    assert {text.get_text() for text in figure.legends[0].get_texts()} == {"Mg", "O", "boundary plane", "cell"}


def test_a_perfect_crystal_has_no_excess_energy_to_scale() -> None:
    magnesia = Bicrystal(Crystal.prototype("fcc", "Cu", 3.615), TILT)
    atoms = magnesia.build((0.0, 0.0))
    figure = plot_structure(atoms, magnesia.boundary_heights(), np.zeros(len(atoms)))
    discs = [one for one in figure.axes[0].collections if isinstance(one, EllipseCollection)]
    assert all(np.all(np.isfinite(one.get_facecolors())) for one in discs)
