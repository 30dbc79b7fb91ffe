"""Point groups of molecules are those of the textbooks, however a molecule is turned."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.cluster import Icosahedron
from scipy.spatial.transform import Rotation

from aiida_gbml.science.spectra.point_group import molecule_operations, orthogonal, schoenflies


def octahedron() -> Atoms:
    return Atoms("SF6", positions=[(0, 0, 0), *(1.56 * np.vstack([np.eye(3), -np.eye(3)]))])


def allene() -> Atoms:
    carbons = [(0, 0, z) for z in (-1.31, 0, 1.31)]
    hydrogens = [(0.93, 0, 1.86), (-0.93, 0, 1.86), (0, 0.93, -1.86), (0, -0.93, -1.86)]
    return Atoms("C3H4", positions=[*carbons, *hydrogens])


def planar_boric_acid() -> Atoms:
    turns = Rotation.from_euler("z", [[0], [120], [240]], degrees=True).as_matrix()
    oxygens, hydrogens = turns @ [1.37, 0, 0], turns @ [1.7, 0.9, 0]
    return Atoms("BO3H3", positions=[(0, 0, 0), *oxygens, *hydrogens])


# Order and name of the group: any textbook of group theory in chemistry
KNOWN = [
    (molecule("CH4"), "Td", 24),
    (octahedron(), "Oh", 48),
    (Icosahedron("Cu", 2), "Ih", 120),
    (molecule("C6H6"), "D6h", 24),
    (molecule("C2H4"), "D2h", 8),
    (molecule("C2H6"), "D3d", 12),
    (allene(), "D2d", 8),
    (molecule("NH3"), "C3v", 6),
    (molecule("H2O"), "C2v", 4),
    (planar_boric_acid(), "C3h", 6),
    (molecule("H2O2"), "C2", 2),
    (molecule("CH3CH2OH"), "Cs", 2),
]


@pytest.mark.parametrize(("atoms", "name", "order"), KNOWN, ids=[name for _, name, _ in KNOWN])
@pytest.mark.parametrize("seed", [1, 2])
def test_known_molecules(atoms: Atoms, name: str, order: int, seed: int) -> None:
    turned = atoms.positions @ Rotation.random(random_state=seed).as_matrix().T + [1, 2, 3]
    rotations, images = molecule_operations(turned, atoms.numbers, 2e-2)
    assert (schoenflies(rotations), len(rotations)) == (name, order)
    centred = turned - turned.mean(axis=0)
    for rotation, image in zip(rotations, images, strict=True):
        assert np.allclose(centred @ rotation.T, centred[image], atol=5e-2)


def test_types_that_differ_break_the_symmetry() -> None:
    methane = molecule("CH4")
    rotations, _ = molecule_operations(methane.positions, np.array([0, 1, 2, 2, 2]), 1e-3)
    assert schoenflies(rotations) == "C3v"


@pytest.mark.parametrize(("atoms", "order"), [(molecule("CO2"), 16), (molecule("CO"), 8), (Atoms("Ne"), 48)])
def test_infinite_groups_have_their_finite_stand_ins(atoms: Atoms, order: int) -> None:
    turned = atoms.positions @ Rotation.random(random_state=3).as_matrix().T
    assert len(molecule_operations(turned, atoms.numbers, 1e-3)[0]) == order


@pytest.mark.parametrize("name", ["C1", "Ci", "Cs", "S4", "D2", "D3", "C4h", "D4h", "D2d", "T", "Th", "O"])
def test_names_of_groups_made_of_generators(name: str) -> None:
    def turn(angle: float, axis: str = "z") -> np.ndarray:
        return Rotation.from_euler(axis, angle, degrees=True).as_matrix()

    inversion, diagonal = -np.eye(3), np.roll(np.eye(3), 1, axis=0)
    generators = {
        "C1": [],
        "Ci": [inversion],
        "Cs": [np.diag([1, -1, 1])],
        "S4": [turn(90) @ np.diag([1, 1, -1])],
        "D2": [turn(180), turn(180, "x")],
        "D3": [turn(120), turn(180, "x")],
        "C4h": [turn(90), inversion],
        "D4h": [turn(90), turn(180, "x"), inversion],
        "D2d": [turn(90) @ np.diag([1, 1, -1]), turn(180, "x")],
        "T": [diagonal, turn(180)],
        "Th": [diagonal, turn(180), inversion],
        "O": [diagonal, turn(90)],
    }[name]
    group = [np.eye(3)]
    for element in group:  # grows while it is walked through
        for generator in generators:
            product = element @ generator
            if not any(np.allclose(product, other) for other in group):
                group.append(product)
    turned = Rotation.random(random_state=4).as_matrix()
    assert schoenflies(np.array([turned @ element @ turned.T for element in group])) == name


def test_almost_orthogonal_matrices_are_made_orthogonal() -> None:
    rotation = Rotation.random(random_state=5).as_matrix()
    noisy = rotation + 1e-4 * np.random.default_rng(0).normal(size=(3, 3))
    made = orthogonal(noisy)
    assert np.allclose(made @ made.T, np.eye(3))
    assert np.allclose(made, rotation, atol=5e-4)
