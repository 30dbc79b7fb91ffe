"""Test bicrystals: cells, frames and the candidates built from them."""

import numpy as np
import pytest
from ase.neighborlist import neighbor_list

from aiida_gbml.science.interfaces.bicrystal import LOWER, UPPER, Bicrystal, BicrystalError
from aiida_gbml.science.interfaces.boundary import Boundary, list_boundaries
from aiida_gbml.science.interfaces.crystal import Crystal

COPPER = Crystal.prototype("fcc", "Cu", 3.615)
MGO = Crystal.prototype("rocksalt", ("Mg", "O"), 4.212, {"Mg": 2, "O": -2})
SIGMA5 = Boundary.from_sigma(5, (0, 0, 1), (2, 1, 0))


@pytest.mark.parametrize("boundary", list_boundaries(9), ids=str)
@pytest.mark.parametrize(
    "crystal",
    [
        COPPER,
        Crystal.prototype("bcc", "Fe", 2.855),
        Crystal.prototype("diamond", "Si", 5.43),
        MGO,
        Crystal.prototype("perovskite", ("Sr", "Ti", "O"), 3.905),
    ],
    ids=lambda crystal: "".join(crystal.formula),
)
def test_grains_are_perfect_crystals_in_a_right_handed_cell(crystal, boundary):
    bicrystal = Bicrystal(crystal, boundary, thickness=6.0)
    atoms = bicrystal.build((0.4, 0.9))
    cell = atoms.cell.array
    assert np.linalg.det(cell) > 0
    assert cell[0, 1:] == pytest.approx([0, 0])
    assert cell[2, :2] == pytest.approx([0, 0])
    assert abs(cell[1, 0]) <= cell[0, 0] / 2 + 1e-6
    for grain in (LOWER, UPPER):
        own = atoms[atoms.get_tags() == grain]
        own.pbc = [True, True, False]
        first, distances = neighbor_list("id", own, 1.01 * crystal.bond_length)
        assert distances == pytest.approx(crystal.bond_length)
        middle = np.argmin(np.abs(own.positions[:, 2] - own.positions[:, 2].mean()))
        bulk = neighbor_list("i", crystal.to_ase(), 1.01 * crystal.bond_length)
        assert np.sum(first == middle) in np.bincount(bulk)


def test_density_of_a_stoichiometric_periodic_cell_is_exact():
    bicrystal = Bicrystal(COPPER, SIGMA5)
    atoms = bicrystal.build((0.4, 0.9), gap=0.0)
    assert atoms.get_volume() == pytest.approx(len(atoms) * COPPER.volume_per_atom)
    wider = bicrystal.build((0.4, 0.9), gap=0.7)
    assert wider.get_volume() - atoms.get_volume() == pytest.approx(2 * 0.7 * bicrystal.area)


def test_cell_is_the_smallest_exact_one():
    """The centred period of (210): half of a sqrt(5) by a, one atom a plane; 13 planes a grain are 10 Å."""
    bicrystal = Bicrystal(COPPER, SIGMA5, thickness=10.0)
    assert bicrystal.area == pytest.approx(3.615**2 * 5**0.5 / 2)
    assert bicrystal.cell == pytest.approx(3.615 * np.array([[5**0.5, 0], [5**0.5 / 2, 0.5]]))
    assert len(bicrystal.build((0, 0))) == 26


def test_tilt_axis_lies_along_y():
    """Atoms repeat along y with the period of the axis [001]."""
    bicrystal = Bicrystal(COPPER, Boundary.from_sigma(5, (0, 0, 1), (3, 1, 0)))
    assert bicrystal.cell == pytest.approx(np.diag([3.615 * 10**0.5 / 2, 3.615]))
    for grain in (bicrystal.lower, bicrystal.upper):
        assert grain.orientation @ (0, 0, 1) == pytest.approx((0, 1, 0))


def test_repetitions_give_the_rectangular_cell():
    rectangular = Bicrystal(COPPER, SIGMA5, repeat=(1, 2))
    assert rectangular.cell == pytest.approx(3.615 * np.diag([5**0.5, 1.0]))
    assert rectangular.group.area == pytest.approx(Bicrystal(COPPER, SIGMA5).group.area)


def test_thickness_in_planes():
    assert len(Bicrystal(COPPER, SIGMA5, n_planes=7).build((0, 0))) == 14


def test_mirror_image_at_vanishing_translation():
    """Without translation the upper grain is the mirror image of the lower one."""
    bicrystal = Bicrystal(COPPER, SIGMA5)
    atoms = bicrystal.build((0.0, 0.0))
    height = bicrystal.boundary_heights()[0]
    lower, upper = (atoms[atoms.get_tags() == grain].positions - [0, 0, height] for grain in (LOWER, UPPER))
    lower[:, 2] *= -1
    assert lower[np.lexsort(lower.round(6).T)] == pytest.approx(upper[np.lexsort(upper.round(6).T)])


def test_translation_moves_the_upper_grain():
    bicrystal = Bicrystal(COPPER, SIGMA5)
    still, moved = bicrystal.build((0, 0), 0.2), bicrystal.build((0.3, -0.4), 0.2)
    difference = moved.positions - still.positions
    assert difference[still.get_tags() == LOWER] == pytest.approx(0)
    assert np.all(np.isclose(difference[still.get_tags() == UPPER], [0.3, -0.4, 0.0]))


def test_slab_has_one_boundary_and_vacuum():
    bicrystal = Bicrystal(COPPER, SIGMA5, geometry="slab", vacuum=20.0)
    atoms = bicrystal.build((0, 0), 0.5)
    assert bicrystal.n_boundaries == 1
    assert atoms.pbc.tolist() == [True, True, False]
    assert atoms.cell[2, 2] - np.ptp(atoms.positions[:, 2]) >= 20.0
    (height,) = bicrystal.boundary_heights(0.5)
    tags = atoms.get_tags()
    assert atoms.positions[tags == LOWER, 2].max() < height < atoms.positions[tags == UPPER, 2].min()


@pytest.mark.parametrize("gap", [0.0, 0.6])
def test_boundary_heights_lie_between_the_grains(gap):
    bicrystal = Bicrystal(COPPER, SIGMA5)
    atoms = bicrystal.build((0, 0), gap)
    first, second = bicrystal.boundary_heights(gap)
    tags, z = atoms.get_tags(), atoms.positions[:, 2]
    assert first - z[tags == LOWER].max() == pytest.approx(z[tags == UPPER].min() - first)
    assert z[tags == LOWER].min() - second == pytest.approx(second + atoms.cell[2, 2] - z[tags == UPPER].max())


@pytest.mark.parametrize("n_removed", [1, 2])
def test_equivalent_boundaries_lose_equally_many_atoms(n_removed):
    bicrystal = Bicrystal(COPPER, SIGMA5, repeat=(1, 2))
    whole = bicrystal.build((1.0, 0.5), 0.3)
    left = bicrystal.build((1.0, 0.5), 0.3, n_removed=n_removed)
    assert len(whole) - len(left) == 2 * n_removed


def test_compounds_lose_formula_units():
    bicrystal = Bicrystal(MGO, SIGMA5)
    whole, left = bicrystal.build((1.0, 0.5), 0.3), bicrystal.build((1.0, 0.5), 0.3, n_removed=1)
    assert len(whole) - len(left) == 4
    assert np.sum(left.numbers == 12) == np.sum(left.numbers == 8)


def test_contacts_are_those_of_the_built_cells():
    bicrystal = Bicrystal(MGO, SIGMA5)
    generator = np.random.default_rng(2)
    translations, gaps = generator.random((20, 2)) * 8, generator.random(20)
    found = bicrystal.contacts(translations, gaps)
    for contact, translation, gap in zip(found, translations, gaps, strict=True):
        atoms = bicrystal.build(translation, gap)
        shortest = neighbor_list("d", atoms, 1.001 * MGO.bond_length).min()
        assert contact == pytest.approx(shortest, abs=1e-6)
        assert bicrystal.contact_of(atoms, gap) == pytest.approx(contact)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"thickness": 1.0}, "grains of 1.00 Å are thinner than one bond"),
        ({"thickness": -5.0}, "grains of -5.00 Å are thinner than one bond"),
        ({"n_planes": 1}, "give a larger thickness or number of planes"),
        ({"geometry": "wire"}, "unknown geometry 'wire', expected 'periodic' or 'slab'"),
        ({"geometry": "slab", "vacuum": 5.0}, "vacuum of at least 15.0 Å, got 5.0 Å"),
        ({"thickness": float("nan")}, "give a larger thickness"),
        ({"repeat": (1000, 1000)}, "more than 100000"),
        ({"repeat": (0, 1)}, "two positive integers"),
        ({"repeat": (1, 1, 1)}, "two positive integers"),
    ],
)
def test_senseless_bicrystals_are_refused(arguments, message):
    with pytest.raises(BicrystalError, match=message):
        Bicrystal(COPPER, SIGMA5, **arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"gap": -0.1}, "must not be negative, got -0.1 Å"),
        ({"termination": 3}, "no termination 3; this boundary has 1"),
        ({"n_removed": 50}, "cannot remove 50 at a boundary"),
    ],
)
def test_senseless_candidates_are_refused(arguments, message):
    with pytest.raises(BicrystalError, match=message):
        Bicrystal(COPPER, SIGMA5).build((0, 0), **arguments)
