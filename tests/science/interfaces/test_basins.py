"""Test how distinct boundary structures are told apart."""

import numpy as np
import pytest
from ase.build import bulk

from aiida_gbml.science.interfaces.basins import FAILED, basin_labels, excess_distances
from aiida_gbml.science.interfaces.bicrystal import Bicrystal
from aiida_gbml.science.interfaces.boundary import Boundary
from aiida_gbml.science.interfaces.crystal import Crystal
from aiida_gbml.science.structure_set import StructureSet

COPPER = Crystal.prototype("fcc", "Cu", 3.615)
SIGMA5 = Boundary.from_sigma(5, (0, 0, 1), (3, 1, 0))
BICRYSTAL = Bicrystal(COPPER, SIGMA5)


def difference(first, second, n_boundaries=2):
    """Return the largest difference of the excess distances of two structures."""
    grids = [excess_distances(atoms, BICRYSTAL.bulk_atoms, n_boundaries) for atoms in (first, second)]
    return np.abs(grids[0] - grids[1]).max()


def test_a_perfect_crystal_has_no_excess():
    assert excess_distances(BICRYSTAL.bulk_atoms * (1, 2, 3), bulk("Cu", a=3.615), 2) == pytest.approx(0, abs=1e-9)


def test_excess_does_not_depend_on_thickness_or_frame():
    thin, thick = BICRYSTAL.build((1.0, 0.5), 0.4), Bicrystal(COPPER, SIGMA5, thickness=18.0).build((1.0, 0.5), 0.4)
    moved = thin.copy()
    moved.positions += [0.3, 1.1, 5.0]
    moved.wrap()
    moved.rotate(40, "z", rotate_cell=True)
    assert len(thick) > len(thin)
    assert difference(thin, thick) == pytest.approx(0, abs=1e-9)
    assert difference(thin, moved) == pytest.approx(0, abs=1e-9)
    assert difference(thin, BICRYSTAL.build((1.3, 0.5), 0.4)) > 0.01


def test_symmetric_images_are_one_structure():
    images = BICRYSTAL.group.images(np.array([[1.0, 0.5]]))[:, 0]
    first, *others = (BICRYSTAL.build(image, 0.4) for image in images)
    assert max(difference(first, other) for other in others) == pytest.approx(0, abs=1e-9)


def test_labels_need_structure_and_energy():
    """Rows: a structure, its mirror image, the same with another energy, another one at the same energy, a failure."""
    structures = StructureSet.from_ase(
        BICRYSTAL.build(t, 0.4) for t in [(1.0, 0.5), (-1.0, -0.5), (1.0, 0.5), (2.2, 1.6), (0.1, 0.1)]
    )
    energies = np.array([0.9101, 0.9100, 0.95, 0.9105, np.nan])
    labels = basin_labels(structures, energies, BICRYSTAL.bulk_atoms)
    assert labels.tolist() == [0, 0, 2, 1, FAILED]


def test_the_rows_beyond_the_wanted_basins_are_not_looked_at():
    structures = StructureSet.from_ase(BICRYSTAL.build(t, 0.4) for t in [(1.0, 0.5), (2.2, 1.6), (-1.0, -0.5)])
    labels = basin_labels(structures, np.array([0.910, 0.95, 0.9101]), BICRYSTAL.bulk_atoms, most=1)
    assert labels.tolist() == [0, FAILED, FAILED]


def test_small_noise_is_no_new_basin():
    atoms = BICRYSTAL.build((1.0, 0.5), 0.4)
    noisy = atoms.copy()
    noisy.rattle(0.005, seed=1)
    structures = StructureSet.from_ase([atoms, noisy])
    assert basin_labels(structures, np.array([0.9, 0.9002]), BICRYSTAL.bulk_atoms).tolist() == [0, 0]


def test_species_matter():
    """Swapping Mg and O at unchanged positions keeps rocksalt as it is, but not one swapped pair."""
    crystal = Crystal.prototype("rocksalt", ("Mg", "O"), 4.2)
    perfect = crystal.to_ase() * (2, 2, 2)
    swapped, antisite = perfect.copy(), perfect.copy()
    swapped.numbers = 20 - perfect.numbers
    antisite.numbers[[np.flatnonzero(perfect.numbers == number)[0] for number in (8, 12)]] = 12, 8
    assert excess_distances(swapped, crystal.to_ase(), 2) == pytest.approx(0, abs=1e-9)
    assert np.abs(excess_distances(antisite, crystal.to_ase(), 2)).max() > 0.01
