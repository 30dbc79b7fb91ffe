"""The symmetry of bicrystals against unrelaxed energies of a real engine."""

from itertools import product

import numpy as np
import pytest

from aiida_gbml.science.engines.lammps import LammpsPotential, LammpsSettings, run_batch
from aiida_gbml.science.interfaces.bicrystal import Bicrystal
from aiida_gbml.science.interfaces.boundary import Boundary
from aiida_gbml.science.interfaces.crystal import Crystal
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.lammps

COPPER = Crystal.prototype("fcc", "Cu", 3.615)
IRON = Crystal.prototype("bcc", "Fe", 2.855)
MGO = Crystal.prototype("rocksalt", ("Mg", "O"), 4.212)
SILICON = Crystal.prototype("diamond", "Si", 5.431)
POTENTIALS = {
    "Cu": LammpsPotential.from_file_name("Cu_mishin1.eam.alloy"),
    "Fe": LammpsPotential.from_file_name("Fe_mm.eam.fs"),
    "Si": LammpsPotential.from_file_name("Si.tersoff"),
    # Lewis and Catlow, J. Phys. C 18, 1149 (1985), with rigid ions.
    "Mg": LammpsPotential(
        "buck/coul/long 8.0",
        ("Mg O 821.6 0.3242 0.0", "O O 22764.0 0.149 27.88", "Mg Mg 0.0 1.0 0.0"),
        charges={"Mg": 2.0, "O": -2.0},
        kspace_style="ewald 1e-8",
    ),
}
TILT_210, TILT_310, TWIST = (Boundary.from_sigma(5, (0, 0, 1), plane) for plane in [(2, 1, 0), (3, 1, 0), (0, 0, 1)])
CASES = [
    (COPPER, TILT_210),
    (COPPER, TILT_310),
    (COPPER, TWIST),
    (COPPER, Boundary.from_sigma(3, (1, -1, 0), (1, 1, 2))),
    (COPPER, Boundary.from_sigma(5, (0, 0, 1), (1, 0, 0))),
    (IRON, TILT_310),
    (IRON, Boundary.from_sigma(3, (1, 1, 0), (1, 1, 0))),
    (IRON, Boundary.from_sigma(3, (1, -1, 0), (1, 1, 1))),
    (MGO, TILT_210),
    (MGO, TILT_310),
    (MGO, Boundary.from_sigma(3, (1, -1, 0), (1, 1, 1))),
    (SILICON, TILT_210),
    (SILICON, Boundary.from_sigma(3, (1, -1, 0), (1, 1, 1))),
]


@pytest.fixture
def energies_of(lmp, lammps_potentials, tmp_path):
    """Return a function that gives the unrelaxed energies in eV of some structures."""

    def evaluate(structures):
        potential = POTENTIALS[sorted(structures[0].symbols.formula.count())[0]]
        files = {name: (lammps_potentials / name).read_bytes() for name in potential.files}
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        batch = StructureSet.from_ase(structures)
        evaluated = run_batch(lmp, batch, potential, LammpsSettings(), potential_files=files, folder=folder)
        assert set(evaluated.columns["status"].tolist()) == {"ok"}
        return evaluated

    return evaluate


@pytest.mark.parametrize(("crystal", "boundary"), CASES, ids=str)
def test_equivalent_translations_have_equal_energies(energies_of, crystal, boundary):
    """Images of random translations, moved by lattice vectors on top, agree for all terminations and removed atoms."""
    bicrystal = Bicrystal(crystal, boundary, thickness=9.0)
    generator = np.random.default_rng(0)
    orbits = []
    for termination, n_removed in product(range(len(bicrystal.terminations)), range(3)):
        group = bicrystal.group_of([termination])
        images = group.images(generator.random((1, 2)) @ group.lattice)[:, 0]
        images = images + generator.integers(-2, 3, images.shape) @ group.lattice
        orbits.append([bicrystal.build(t, 0.6, termination, n_removed) for t in images])
    energies = energies_of([atoms for orbit in orbits for atoms in orbit]).columns["energy"]
    for own in np.split(energies, np.cumsum([len(orbit) for orbit in orbits])[:-1]):
        assert own == pytest.approx(np.full(len(own), own[0]), abs=1e-6)


@pytest.mark.parametrize(
    ("crystal", "boundary", "spacing"),
    [
        (COPPER, TILT_210, 0.5),
        (COPPER, TILT_310, 0.5),
        (COPPER, TWIST, 0.2),
        (IRON, TILT_310, 0.4),
        (MGO, TILT_310, 0.8),
    ],
    ids=str,
)
def test_energies_tell_the_orbits(energies_of, crystal, boundary, spacing):
    """On a whole grid there are as many different energies as orbits: no symmetry is missed, none is invented."""
    bicrystal = Bicrystal(crystal, boundary, thickness=6.0)
    grid = bicrystal.group.grid(spacing)
    labels = bicrystal.group.orbits(grid)
    energies = energies_of([bicrystal.build(t, 1.0) for t in grid]).columns["energy"]
    lowest = np.array([energies[labels == label].min() for label in range(labels.max() + 1)])
    assert energies == pytest.approx(lowest[labels], abs=1e-6)
    assert np.diff(np.sort(lowest)).min() > 1e-6


@pytest.mark.parametrize(("crystal", "boundary"), CASES, ids=str)
def test_boundaries_said_to_be_equivalent_have_equal_energies(energies_of, crystal, boundary):
    """The energies of the atoms near either boundary add up to the same, and only then."""
    bicrystal = Bicrystal(crystal, boundary, thickness=16.0)
    neutral = [index for index, one in enumerate(bicrystal.terminations) if one.stoichiometric]
    chosen = list(product(neutral, range(2)))
    structures = [bicrystal.build((0.37, 0.81), 0.6, *choice) for choice in chosen]
    evaluated = energies_of(structures)
    for row, (termination, _) in enumerate(chosen):
        energies = evaluated.atom_columns["energies"][evaluated.atoms_of(row)]
        heights = bicrystal.boundary_heights(0.6, termination)
        first, second = (energies[near(structures[row], height, 6.0)].sum() for height in heights)
        assert (first == pytest.approx(second, abs=1e-6)) == bicrystal.terminations[termination].boundaries_equivalent


def near(atoms, height, radius):
    """Return which atoms are within a distance of a height of a periodic cell."""
    period = atoms.cell[2, 2]
    distances = atoms.positions[:, 2] - height
    return np.abs(distances - period * np.round(distances / period)) < radius
