"""Tests of aiida_gbml.science.engines.lammps.batch: physics that a real LAMMPS must get right through our files."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111
from ase.calculators.eam import EAM
from scipy.spatial.transform import Rotation

from aiida_gbml.science.engines.lammps import LammpsPotential, LammpsSettings, LammpsSetupError, run_batch
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.lammps

COPPER = LammpsPotential.from_file_name("Cu_mishin1.eam.alloy")
DEPTH, STIFFNESS, DISTANCE = 0.7, 1.4, 2.6
MORSE = LammpsPotential("morse 12.0", (f"Cu Cu {DEPTH} {STIFFNESS} {DISTANCE}",))
# Repulsive everywhere and of long range: two atoms fly apart until they leave the box.
REPULSIVE = LammpsPotential("buck 60.0", ("Cu Cu 1000.0 2.0 0.0",))
# Point charges alone, so that the energy is Madelung's.
CHARGES = LammpsPotential("buck/coul/long 9.0", ("* * 0.0 1.0 0.0",), {"Na": 1.0, "Cl": -1.0}, "ewald 1e-8")
EV_ANGSTROM = 14.399645  # e²/(4πε₀)


@pytest.fixture
def run(lmp, lammps_potentials, tmp_path):
    """Return a function that evaluates ASE structures or a set."""

    def run(structures, potential=COPPER, **settings):
        files = {name: (lammps_potentials / name).read_bytes() for name in potential.files}
        given = structures if isinstance(structures, StructureSet) else StructureSet.from_ase(structures)
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        return run_batch(lmp, given, potential, LammpsSettings(**settings), potential_files=files, folder=folder)

    return run


def rattled(seed=0, size=(2, 2, 2)):
    """Return a strained copper crystal with displaced atoms and no symmetry left."""
    atoms = bulk("Cu", cubic=True) * size
    rng = np.random.default_rng(seed)
    atoms.set_cell(atoms.cell @ (np.eye(3) + rng.normal(0, 0.02, (3, 3))), scale_atoms=True)
    atoms.positions += rng.normal(0, 0.08, atoms.positions.shape)
    return atoms


def test_copper_has_the_published_energy_and_lattice_parameter(run):
    """Mishin et al., Phys. Rev. B 63, 224106 (2001): 3.615 Å, -3.54 eV an atom."""
    relaxed = run([bulk("Cu", a=3.7, cubic=True), bulk("Cu", a=3.5)], mode="relax", cell="isotropic")
    assert relaxed.columns["converged"].all()
    assert relaxed.columns["energy"] / relaxed.sizes == pytest.approx(-3.54, abs=5e-4)
    assert relaxed.cells[0, 0, 0] == pytest.approx(3.615, abs=5e-4)
    assert np.linalg.det(relaxed.cells[1]) == pytest.approx(3.615**3 / 4, abs=5e-3)


def test_a_free_cell_loses_its_strain(run):
    """The same copper from a tetragonal and from a sheared start; isotropic relaxation keeps their shapes."""
    starts = [bulk("Cu", a=3.6, cubic=True) for _ in range(2)]
    for atoms, strain in zip(
        starts, (np.diag([1.04, 1.0, 0.98]), [[1, 0.04, 0], [0, 1, 0.03], [0, 0, 1]]), strict=True
    ):
        atoms.set_cell(atoms.cell @ np.array(strain), scale_atoms=True)
    relaxed = run(starts, mode="relax", cell="free", max_steps=2000)
    assert relaxed.columns["converged"].all()
    assert relaxed.columns["energy"] / relaxed.sizes == pytest.approx(-3.54, abs=5e-4)
    assert np.allclose([atoms.cell.cellpar() for atoms in relaxed], [3.615] * 3 + [90] * 3, atol=5e-3)
    kept = run(starts, mode="relax", cell="isotropic")
    assert np.all(kept.columns["energy"] > relaxed.columns["energy"] + 1e-3)


def test_energies_and_forces_agree_with_the_eam_of_ase(run, lammps_potentials):
    atoms = rattled()
    evaluated = run([atoms])
    atoms.calc = EAM(potential=str(lammps_potentials / "Cu_mishin1.eam.alloy"))
    assert evaluated.columns["energy"][0] == pytest.approx(atoms.get_potential_energy(), abs=2e-4)
    assert np.allclose(evaluated.atom_columns["forces"], atoms.get_forces(), atol=2e-3)
    assert evaluated.atom_columns["energies"].sum() == pytest.approx(evaluated.columns["energy"][0])


def test_an_isolated_dimer_follows_morse(run):
    distances = np.array([2.2, 2.6, 3.5])
    dimers = [Atoms("Cu2", [[0.0, 0.0, 0.0], [0.6 * r, 0.0, 0.8 * r]]) for r in distances]
    evaluated = run(dimers, MORSE)
    decay = np.exp(-STIFFNESS * (distances - DISTANCE))
    assert evaluated.columns["energy"] == pytest.approx(DEPTH * (decay**2 - 2 * decay), abs=1e-9)
    pull = 2 * DEPTH * STIFFNESS * (decay**2 - decay)
    assert evaluated.atom_columns["forces"][1::2] == pytest.approx(np.outer(pull, [0.6, 0.0, 0.8]), abs=1e-9)


def test_sodium_chloride_has_the_energy_of_madelung(run):
    primitive, conventional = bulk("NaCl", "rocksalt", a=5.64), bulk("NaCl", "rocksalt", a=5.64, cubic=True)
    evaluated = run([primitive, conventional], CHARGES)
    expected = -1.747564594633 * EV_ANGSTROM / (5.64 / 2)
    assert evaluated.columns["energy"] / evaluated.sizes * 2 == pytest.approx(expected, rel=1e-6)


def test_a_charged_slab_does_not_feel_its_images(run):
    slab = bulk("NaCl", "rocksalt", a=5.64, cubic=True) * (1, 1, 2)
    slab.center(vacuum=30.0, axis=2)
    alone = slab.copy()
    alone.pbc = [True, True, False]
    energies = run([slab, alone], CHARGES).columns["energy"]
    assert energies[0] == pytest.approx(energies[1], abs=1e-4)


def test_the_same_crystal_in_any_cell_and_orientation(run):
    atoms = rattled()
    rotation = Rotation.from_euler("xyz", [25, 130, 70], degrees=True).as_matrix()
    turned, sheared, mirrored = atoms.copy(), atoms.copy(), atoms.copy()
    turned.set_cell(atoms.cell @ rotation)
    turned.positions = atoms.positions @ rotation
    sheared.set_cell([[1, 0, 0], [2, 1, 0], [-1, 1, 1]] @ atoms.cell.array)
    mirrored.set_cell(atoms.cell[[1, 0, 2]])
    far = atoms.copy()
    far.positions += atoms.cell[0] * 3 - atoms.cell[2]
    evaluated = run([atoms, turned, sheared, mirrored, far])
    forces = evaluated.atom_columns["forces"].reshape(5, -1, 3)
    stress = evaluated.columns["stress"]
    assert evaluated.columns["energy"] == pytest.approx(evaluated.columns["energy"][0], abs=1e-9)
    assert np.allclose(forces[1], forces[0] @ rotation, atol=1e-9)
    assert np.allclose(forces[2:], forces[0], atol=1e-9)
    assert np.allclose(stress[1], rotation.T @ stress[0] @ rotation, atol=1e-10)
    assert np.allclose(stress[2:], stress[0], atol=1e-10)


def test_forces_are_slopes_of_the_energy(run):
    atoms, step = rattled(1), 1e-4
    moved = []
    for axis in range(3):
        for sign in (1, -1):
            other = atoms.copy()
            other.positions[5, axis] += sign * step
            moved.append(other)
    evaluated = run([atoms, *moved])
    energies = evaluated.columns["energy"][1:]
    assert np.allclose(evaluated.atom_columns["forces"][5], (energies[1::2] - energies[::2]) / (2 * step), atol=1e-6)


def test_stress_is_the_slope_of_the_energy_with_strain(run):
    atoms, step = rattled(2), 1e-5
    strained = []
    for i, j in np.ndindex(3, 3):
        for sign in (1, -1):
            strain = np.zeros((3, 3))
            strain[i, j] += sign * step / 2
            strain[j, i] += sign * step / 2
            other = atoms.copy()
            other.set_cell(atoms.cell @ (np.eye(3) + strain), scale_atoms=True)
            strained.append(other)
    evaluated = run([atoms, *strained])
    energies = evaluated.columns["energy"][1:]
    slopes = (energies[::2] - energies[1::2]).reshape(3, 3) / (2 * step)
    assert np.allclose(evaluated.columns["stress"][0], slopes / atoms.get_volume(), atol=1e-6)


def test_a_slab_in_vacuum_and_a_slab_without_a_third_vector_are_the_same(run):
    slab = fcc111("Cu", (1, 1, 5), a=3.615, vacuum=8.0, periodic=True)
    alone = slab.copy()
    alone.pbc = [True, True, False]
    alone.cell[2] = 0.0
    evaluated = run([slab, alone], mode="relax", force_tolerance=1e-6)
    assert evaluated.columns["energy"][0] == pytest.approx(evaluated.columns["energy"][1], abs=1e-8)
    assert np.array_equal(evaluated.cells, [slab.cell.array, alone.cell.array])
    assert np.isnan(evaluated.columns["stress"][1]).all()


def test_normal_relaxations_move_along_the_normal_only(run):
    evaluated = run([rattled(3)] * 2, mode="relax", atoms="normal", cell="normal")
    before = StructureSet.from_ase([rattled(3)])
    own = evaluated.atoms_of(0)
    # The rattled cell is not in LAMMPS' orientation: the normal is that of its first two vectors.
    normal = np.cross(before.cells[0, 0], before.cells[0, 1])
    normal /= np.linalg.norm(normal)
    moves = evaluated.positions[own] - before.positions
    assert np.allclose(moves, np.outer(moves @ normal, normal), atol=1e-9)
    assert np.abs(moves).max() > 0.01
    change = evaluated.cells[0] - before.cells[0]
    assert np.allclose(change[:2], 0.0)
    assert np.allclose(change[2], (change[2] @ normal) * normal, atol=1e-9)
    assert normal @ evaluated.columns["stress"][0] @ normal == pytest.approx(0.0, abs=1e-4)
    assert np.abs(evaluated.atom_columns["forces"][own] @ normal).max() < 1e-3
    assert evaluated.columns["converged"].all()


def test_an_upright_cell_may_tilt_when_all_of_it_relaxes(run):
    """Unwrapped positions of atoms that left the cell hold its tilt, in the table of atoms and in its sums alike."""
    atoms = bulk("Cu", cubic=True)
    atoms.positions += np.random.default_rng(6).normal(0, 0.15, atoms.positions.shape) - 0.2
    evaluated = run([atoms], mode="relax", cell="free")
    assert evaluated.columns["status"][0] == "ok", evaluated.columns["reason"][0]
    assert evaluated.columns["energy"][0] / 4 == pytest.approx(-3.54, abs=1e-3)  # Mishin et al., PRB 63, 224106


def test_fixed_coordinates_stay_and_keep_their_forces(run):
    atoms = bulk("Cu", cubic=True) * (2, 2, 2)
    atoms.positions += np.random.default_rng(4).normal(0, 0.1, atoms.positions.shape)
    fixed = np.zeros((len(atoms), 3), dtype=bool)
    fixed[:7] = True
    fixed[9, 1] = True
    evaluated = run(StructureSet.from_ase([atoms]).with_atom_columns(fixed=fixed), mode="relax")
    assert np.allclose(evaluated.positions[fixed], atoms.positions[fixed], atol=1e-12)
    forces = evaluated.atom_columns["forces"]
    assert np.abs(forces[~fixed]).max() <= 1e-3
    assert np.abs(forces[fixed]).max() > 0.01
    assert evaluated.columns["converged"][0]
    assert np.array_equal(evaluated.atom_columns["fixed"], fixed)


def test_a_relaxation_that_ran_out_of_steps_says_so(run):
    evaluated = run([rattled(5)], mode="relax", max_steps=2)
    assert evaluated.columns["status"][0] == "ok"
    assert not evaluated.columns["converged"][0]
    assert evaluated.columns["n_steps"][0] == 2


def test_columns_pass_through_in_order(run):
    given = StructureSet.from_ase([bulk("Cu", a=a) for a in (3.5, 3.6, 3.7)], lattice=[3.5, 3.6, 3.7], energy=[1, 2, 3])
    evaluated = run(given)
    assert evaluated.columns["lattice"].tolist() == [3.5, 3.6, 3.7]
    assert np.argmin(evaluated.columns["energy"]) == 1
    assert np.array_equal(evaluated.positions, given.positions)


def test_coincident_atoms_fail_their_row_only(run):
    overlapping = bulk("Cu", cubic=True)
    overlapping.positions[1] = overlapping.positions[0]
    evaluated = run([bulk("Cu"), overlapping, bulk("Cu")], mode="relax")
    assert evaluated.columns["status"].tolist() == ["ok", "failed", "ok"]
    assert "atoms are too close" in evaluated.columns["reason"][1]
    assert np.isnan(evaluated.columns["energy"][1])
    assert evaluated.columns["energy"][2] == evaluated.columns["energy"][0]


def test_lost_atoms_fail_their_row_only(run):
    near = Atoms("Cu2", [[0.0, 0.0, 0.0], [2.0, 0.0, 0.0]])
    far = Atoms("Cu2", [[0.0, 0.0, 0.0], [59.0, 0.0, 0.0]])
    evaluated = run([near, far], REPULSIVE, mode="relax", force_tolerance=1e-5)
    assert evaluated.columns["status"].tolist() == ["failed", "ok"]
    assert "LAMMPS lost atoms: 0 of 2 are left" in evaluated.columns["reason"][0]


def test_a_row_that_ends_the_process_does_not_take_the_others_along(run):
    huge = Atoms("Cu", cell=[1e12, 1e12, 1e12], pbc=True)
    evaluated = run([bulk("Cu"), huge, bulk("Cu"), huge, bulk("Cu")])
    assert evaluated.columns["status"].tolist() == ["ok", "failed", "ok", "failed", "ok"]
    assert evaluated.columns["reason"][3].startswith("LAMMPS stopped: ")


def test_a_damaged_potential_is_refused_in_the_words_of_lammps(lmp, tmp_path):
    given = StructureSet.from_ase([bulk("Cu")])
    files = {"Cu.eam.alloy": b"a\nb\nc\n1 Cu\nno numbers here\n"}
    with pytest.raises(LammpsSetupError, match="before the first structure: "):
        run_batch(
            lmp,
            given,
            LammpsPotential.from_file_name("Cu.eam.alloy"),
            LammpsSettings(),
            potential_files=files,
            folder=tmp_path,
        )
