"""Test the symmetry of bicrystals against the plane groups that follow by hand."""

import numpy as np
import pytest

from aiida_gbml.science.interfaces.bicrystal import Bicrystal
from aiida_gbml.science.interfaces.boundary import Boundary
from aiida_gbml.science.interfaces.crystal import Crystal

COPPER = Crystal.prototype("fcc", "Cu", 3.615)
IRON = Crystal.prototype("bcc", "Fe", 2.855)
MGO = Crystal.prototype("rocksalt", ("Mg", "O"), 4.212)


def bicrystal(crystal, sigma, axis, plane):
    return Bicrystal(crystal, Boundary.from_sigma(sigma, axis, plane), thickness=8.0)


@pytest.mark.parametrize(
    ("crystal", "boundary", "order", "area"),
    [
        # Mirrors normal to the axis and in the boundary: E(x, y) = E(-x, y) = E(x, -y); (210) is centred, (310) is not.
        (COPPER, (5, (0, 0, 1), (2, 1, 0)), 4, 5**0.5 / 2),
        (COPPER, (5, (0, 0, 1), (3, 1, 0)), 4, 10**0.5 / 2),
        # In bcc it is the other way round.
        (IRON, (5, (0, 0, 1), (2, 1, 0)), 4, 5**0.5),
        (IRON, (5, (0, 0, 1), (3, 1, 0)), 4, 10**0.5 / 2),
        (MGO, (5, (0, 0, 1), (3, 1, 0)), 4, 10**0.5 / 2),
        # Triangular planes of a coherent twin: threefold axis, mirrors, and the exchange of the grains.
        (COPPER, (3, (1, -1, 0), (1, 1, 1)), 12, 3**0.5 / 4),
        # Square planes turned against each other: fourfold axis and twofold axes in the boundary.
        (COPPER, (5, (0, 0, 1), (0, 0, 1)), 8, 1 / 2 / 5),
        # Without an exchange the mirror normal to the axis is left; the lattice of (340) is part of that of (100).
        (COPPER, (5, (0, 0, 1), (1, 0, 0)), 2, 1 / 2),
    ],
)
def test_groups_are_those_found_by_hand(crystal, boundary, order, area):
    made = bicrystal(crystal, *boundary)
    assert len(made.group) == order
    assert made.group.area == pytest.approx(area * crystal.lattice_parameter**2)


def test_sigma_5_210_is_c2mm():
    group = bicrystal(COPPER, 5, (0, 0, 1), (2, 1, 0)).group
    signs = sorted(tuple(np.diag(rotation).round().astype(int)) for rotation in group.rotations)
    assert signs == [(-1, -1), (-1, 1), (1, -1), (1, 1)]
    assert np.allclose(group.shifts, 0)
    length, width = 3.615 * 5**0.5, 3.615
    assert group.fractional(np.array([[length / 2, width / 2], [length, 0], [0, width]])) == pytest.approx(
        np.zeros((3, 2))
    )
    assert group.area == pytest.approx(length * width / 2)


@pytest.mark.parametrize(("sigma", "axis", "plane"), [(5, (0, 0, 1), (0, 0, 1)), (7, (1, 1, 1), (1, 1, 1))])
def test_elements_form_a_group(sigma, axis, plane):
    group = bicrystal(COPPER, sigma, axis, plane).group
    points = np.random.default_rng(1).random((5, 2)) @ group.lattice
    labels = group.orbits(np.concatenate([points, *group.images(points)]))
    twice = np.concatenate([group.images(image) for image in group.images(points)])
    assert np.array_equal(np.unique(labels), np.arange(5))
    assert len(np.unique(group.orbits(np.concatenate([points, *twice])))) == 5


def test_asymmetric_boundaries_of_a_cell_differ():
    assert not bicrystal(COPPER, 5, (0, 0, 1), (1, 0, 0)).boundaries_equivalent
    slab = Bicrystal(COPPER, Boundary.from_sigma(5, (0, 0, 1), (1, 0, 0)), geometry="slab")
    assert slab.boundaries_equivalent
    assert slab.n_boundaries == 1


def test_symmetric_boundaries_of_a_cell_are_equivalent():
    for crystal in (COPPER, IRON, MGO):
        for sigma, plane in [(5, (2, 1, 0)), (5, (3, 1, 0)), (5, (0, 0, 1)), (13, (5, 1, 0))]:
            assert bicrystal(crystal, sigma, (0, 0, 1), plane).boundaries_equivalent
