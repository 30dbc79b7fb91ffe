"""Test terminations of compounds."""

import numpy as np
import pytest

from aiida_gbml.science.interfaces.bicrystal import Bicrystal
from aiida_gbml.science.interfaces.boundary import Boundary
from aiida_gbml.science.interfaces.crystal import Crystal
from aiida_gbml.science.interfaces.terminations import is_stoichiometric

MGO = Crystal.prototype("rocksalt", ("Mg", "O"), 4.212, {"Mg": 2, "O": -2})
SRTIO3 = Crystal.prototype("perovskite", ("Sr", "Ti", "O"), 3.905, {"Sr": 2, "Ti": 4, "O": -2})
SILICON = Crystal.prototype("diamond", "Si", 5.43)
TWIN = Boundary.from_sigma(3, (1, -1, 0), (1, 1, 1))


def surfaces(bicrystal):
    return [(one.lower, one.upper) for one in bicrystal.terminations]


def test_neutral_planes_leave_one_termination():
    (only,) = Bicrystal(MGO, Boundary.from_sigma(5, (0, 0, 1), (3, 1, 0))).terminations
    assert (only.lower, only.upper) == ("MgO", "MgO")
    assert only.stoichiometric
    assert only.polar is False
    assert only.boundaries_equivalent


def test_polar_planes_are_flagged_and_come_last_when_not_stoichiometric():
    bicrystal = Bicrystal(MGO, TWIN)
    assert surfaces(bicrystal)[0] in [("Mg", "O"), ("O", "Mg")]
    assert set(surfaces(bicrystal)[1:]) == {("Mg", "Mg"), ("O", "O")}
    assert [one.stoichiometric for one in bicrystal.terminations] == [True, False, False]
    assert all(one.polar for one in bicrystal.terminations)
    assert all(one.boundaries_equivalent for one in bicrystal.terminations)


def test_without_charges_polarity_is_unknown():
    bare = Crystal.prototype("rocksalt", ("Mg", "O"), 4.212)
    assert {one.polar for one in Bicrystal(bare, TWIN).terminations} == {None}


def test_perovskite_planes_combine():
    bicrystal = Bicrystal(SRTIO3, Boundary.from_sigma(5, (0, 0, 1), (2, 1, 0)))
    assert sorted(tuple(sorted(pair)) for pair in surfaces(bicrystal)) == [
        ("SrO", "SrO"),
        ("SrO", "TiO2"),
        ("TiO2", "TiO2"),
    ]
    assert not any(one.polar for one in bicrystal.terminations)


def test_diamond_is_cut_through_one_or_three_bonds():
    """The (111) planes come in pairs: shuffle and glide cuts of either grain, the mixed one once."""
    assert len(Bicrystal(SILICON, TWIN).terminations) == 3


@pytest.mark.parametrize("crystal", [MGO, SRTIO3])
def test_flags_are_those_of_the_built_cells(crystal):
    bicrystal = Bicrystal(crystal, TWIN)
    for index, termination in enumerate(bicrystal.terminations):
        atoms = bicrystal.build((0.0, 0.0), 0.5, index)
        assert is_stoichiometric(atoms.numbers, crystal) == termination.stoichiometric
        charge = sum(crystal.charges[symbol] for symbol in atoms.symbols)
        assert (charge == 0) == termination.stoichiometric


@pytest.mark.parametrize("crystal", [MGO, SRTIO3, SILICON])
@pytest.mark.parametrize("boundary", [TWIN, Boundary.from_sigma(5, (0, 0, 1), (0, 0, 1))])
def test_both_boundaries_show_the_same_distances(crystal, boundary):
    """Around either boundary of a cell the sorted distances of all pairs that cross it are the same."""
    bicrystal = Bicrystal(crystal, boundary, thickness=8.0)
    for index, termination in enumerate(bicrystal.terminations):
        assert termination.boundaries_equivalent
        atoms = bicrystal.build((0.31, 0.77), 0.4, index)
        first, second = (crossing_distances(atoms, height) for height in bicrystal.boundary_heights(0.4, index))
        assert first == pytest.approx(second, abs=1e-6)


def crossing_distances(atoms, height):
    """Return the sorted distances below 4.5 Å between the grains across the boundary at a height."""
    from ase.neighborlist import neighbor_list

    shifted = atoms.copy()
    shifted.positions[:, 2] += atoms.cell[2, 2] / 2 - height
    shifted.wrap()
    shifted.pbc = [True, True, False]
    first, second, distances = neighbor_list("ijd", shifted, 4.5)
    across = shifted.get_tags()[first] != shifted.get_tags()[second]
    return np.sort(distances[across])


def test_formula_units_are_counted():
    assert is_stoichiometric(np.array([12, 8, 8, 12]), MGO)
    assert not is_stoichiometric(np.array([12, 8, 8]), MGO)
    assert not is_stoichiometric(np.array([12, 8, 26]), MGO)
    assert not is_stoichiometric(np.array([12, 12]), MGO)
