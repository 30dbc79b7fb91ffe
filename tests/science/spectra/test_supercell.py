"""Supercells are as small as they can be, and nothing but repetitions of the structure."""

from itertools import product

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule, nanotube
from ase.geometry import get_distances
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aiida_gbml.science.spectra.sites import SiteError
from aiida_gbml.science.spectra.supercell import (
    SupercellError,
    absorber_kind,
    kpoint_mesh,
    molecule_box,
    site_supercell,
    smallest_matrix,
)

MAGNESIA = bulk("MgO", "rocksalt", a=4.212)


def short_vectors(vectors: np.ndarray, length: float, reach: int = 6) -> np.ndarray:
    """Return the integer coordinates of the lattice vectors shorter than a length, by counting."""
    grid = np.array(list(product(range(-reach, reach + 1), repeat=len(vectors))))
    return grid[np.any(grid, axis=1) & (np.linalg.norm(grid @ vectors, axis=1) < length)]


def shortest(vectors: np.ndarray) -> float:
    """Return the length of the shortest vector of a lattice, by counting."""
    return float(np.linalg.norm(short_vectors(vectors, np.inf, 4) @ vectors, axis=1).min())


def all_sublattices(index: int, dimension: int) -> np.ndarray:
    """Return all sublattices of an index: one Hermite normal form each."""
    found = []
    below = [(i, j) for i in range(dimension) for j in range(i)]
    for diagonal in product(range(1, index + 1), repeat=dimension):
        if np.prod(diagonal) != index:
            continue
        for values in product(*(range(diagonal[j]) for _, j in below)):
            found.append(np.diag(diagonal))
            for place, value in zip(below, values, strict=True):
                found[-1][place] = value
    return np.array(found)


def hold_one(forms: np.ndarray, short: np.ndarray) -> np.ndarray:
    """Return which sublattices hold one or more of some vectors."""
    fractions = short @ np.linalg.inv(forms)
    return np.any(np.all(np.abs(fractions - np.round(fractions)) < 1e-6, axis=-1), axis=1)


@given(
    dimension=st.integers(1, 3),
    edges=st.lists(st.floats(2.0, 4.0), min_size=3, max_size=3),
    skew=st.lists(st.floats(-0.5, 0.5), min_size=3, max_size=3),
    times=st.floats(0.8, 1.6),
)
@settings(max_examples=30, deadline=None)
def test_no_smaller_supercell_is_as_good(dimension: int, edges: list[float], skew: list[float], times: float) -> None:
    shear = np.array([[1, 0, 0], [skew[0], 1, 0], [skew[1], skew[2], 1]])
    vectors = (np.diag(edges) @ shear)[:dimension]
    distance = times * max(edges)
    matrix = smallest_matrix(vectors, distance)
    index, reached = round(np.linalg.det(matrix)), shortest(matrix @ vectors)
    assert reached >= distance - 1e-5
    for smaller in range(1, index):
        assert hold_one(all_sublattices(smaller, dimension), short_vectors(vectors, distance)).all()
    assert hold_one(all_sublattices(index, dimension), short_vectors(vectors, reached + 1e-3)).all()


def test_fcc_reaches_9_angstroms_with_its_smallest_cell() -> None:
    # Hermite: no lattice of fewer than 9³ / (sqrt(2) a³/4) = 27.6 primitive cells has images 9 Å apart
    aluminium = bulk("Al", a=4.212)
    found = site_supercell(aluminium, 0, 9.0)
    assert found.distance >= 9
    assert len(found.atoms) == round(np.linalg.det(found.matrix)) >= 28
    assert shortest(found.atoms.cell.array) == pytest.approx(found.distance)
    short = short_vectors(aluminium.cell.array, 9.0)
    for index in range(28, len(found.atoms)):
        assert hold_one(all_sublattices(index, 3), short).all(), f"{index} cells are enough"


@pytest.mark.parametrize(
    "atoms",
    [MAGNESIA, bulk("Be"), bulk("Fe"), fcc111("Cu", (1, 1, 3), vacuum=5), nanotube(4, 0)],
    ids=["rocksalt", "hcp", "bcc", "slab", "tube"],
)
def test_distances_and_elements_are_those_of_the_structure(atoms: Atoms) -> None:
    found = site_supercell(atoms, 1 % len(atoms), 6.0)
    cells = round(np.linalg.det(found.matrix))
    assert len(found.atoms) == cells * len(atoms)
    assert found.absorber == 1 % len(atoms)
    assert np.allclose(found.atoms.positions[: len(atoms)], atoms.positions)
    assert np.allclose(found.atoms.cell, found.matrix @ atoms.cell)
    assert (found.atoms.pbc == atoms.pbc).all()
    assert (found.matrix[~atoms.pbc] == np.eye(3)[~atoms.pbc]).all()

    def around(structure: Atoms, index: int) -> list[tuple[int, float]]:
        near = structure.repeat(np.where(structure.pbc, 7, 1).tolist())
        middle = (len(near) // len(structure) // 2) * len(structure) + index
        lengths = np.linalg.norm(near.positions - near.positions[middle], axis=1)
        return sorted((int(n), round(float(x), 5)) for n, x in zip(near.numbers, lengths, strict=True) if x < 6)

    for index in range(0, len(found.atoms), 5):
        assert around(found.atoms, index) == around(atoms, index % len(atoms))


def test_the_supercell_is_the_same_for_every_site_and_keeps_what_atoms_carry() -> None:
    magnetic = bulk("FeO", "rocksalt", a=4.3)
    magnetic.set_initial_magnetic_moments([4, 0])
    first, second = (site_supercell(magnetic, site, 7.0) for site in (0, 1))
    assert (first.absorber, second.absorber) == (0, 1)
    assert first.atoms == second.atoms
    assert (first.atoms.get_initial_magnetic_moments() == [4, 0] * (len(first.atoms) // 2)).all()


def test_a_distance_that_the_structure_has_needs_no_supercell() -> None:
    cubic = bulk("MgO", "rocksalt", a=4.212, cubic=True)
    assert len(site_supercell(cubic, 0, 4.212).atoms) == 8
    assert site_supercell(cubic, 0, 4.212).distance == pytest.approx(4.212)


def test_a_matrix_of_the_user() -> None:
    found = site_supercell(MAGNESIA, 1, matrix=[[-1, 1, 1], [1, -1, 1], [1, 1, -1]])
    assert len(found.atoms) == 8
    assert found.distance == pytest.approx(4.212)
    assert np.allclose(found.atoms.cell, 4.212 * np.eye(3))


@pytest.mark.parametrize("atoms", [bulk("Al"), bulk("C", "diamond", a=3.567), bulk("Be"), bulk("Fe")])
@pytest.mark.parametrize("distance", [9.0, 12.0, 15.0, 20.0])
def test_no_cell_is_much_larger_than_it_has_to_be(atoms: Atoms, distance: float) -> None:
    found = site_supercell(atoms, 0, distance)
    assert found.distance >= distance
    density = found.distance**3 / 2**0.5 / found.atoms.cell.volume
    assert density > 0.7  # of the densest possible one


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_distance": 0}, "must be a positive length, got 0 Å"),
        ({"min_distance": float("nan")}, "must be a positive length"),
        ({"min_distance": 80}, "take more than 10000 atoms"),
        ({"matrix": [[1, 0], [0, 1]]}, "three rows of three integers"),
        ({"matrix": [[1, 0, 0.5], [0, 1, 0], [0, 0, 1]]}, "three rows of three integers"),
        ({"matrix": [[0, 1, 0], [1, 0, 0], [0, 0, 1]]}, "positive determinant"),
        ({"matrix": "2x2x2"}, "three rows of three integers"),
        ({"matrix": [[100, 0, 0], [0, 100, 0], [0, 0, 1]]}, "more than 10000 atoms"),
    ],
)
def test_senseless_cells_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(SupercellError, match=message):
        site_supercell(MAGNESIA, 0, **options)  # type: ignore[arg-type]


def test_structures_of_the_other_sort_are_refused() -> None:
    with pytest.raises(SupercellError, match="CH4 is not periodic, it needs a box"):
        site_supercell(molecule("CH4"), 0)
    with pytest.raises(SupercellError, match="MgO is periodic, it needs a supercell"):
        molecule_box(MAGNESIA, 0)
    with pytest.raises(SupercellError, match="along an axis that is not periodic"):
        site_supercell(fcc111("Cu", (1, 1, 3), vacuum=5), 0, matrix=np.diag([2, 2, 2]).tolist())
    with pytest.raises(SiteError, match="site -1 is outside"):
        site_supercell(MAGNESIA, -1)


@pytest.mark.parametrize(("name", "edge"), [("CH4", 8.0), ("C6H6", None)])
def test_a_box_is_twice_as_wide_as_its_molecule(name: str, edge: float | None) -> None:
    atoms = molecule(name)
    atoms.positions = atoms.positions @ Rotation.random(random_state=1).as_matrix()
    found = molecule_box(atoms, 0)
    longest = atoms.get_all_distances().max()
    assert found.distance == pytest.approx(edge or 2 * longest)
    assert found.distance >= 2 * np.ptp(atoms.positions, axis=0).max()
    assert np.allclose(found.atoms.cell, found.distance * np.eye(3))
    assert np.allclose(found.atoms.get_all_distances(), atoms.get_all_distances())
    middle = (found.atoms.positions.min(axis=0) + found.atoms.positions.max(axis=0)) / 2
    assert np.allclose(middle, found.distance / 2)
    assert not found.atoms.pbc.any()
    with pytest.raises(SupercellError, match="edge of a box"):
        molecule_box(atoms, 0, -1.0)


def test_kinds_of_absorbers_are_new_and_short() -> None:
    assert absorber_kind(["Mg", "O"], "O") == "O1"
    assert absorber_kind(["O", "O1", "O3"], "O") == "O2"
    assert absorber_kind(["Mg", "Mg1"], "Mg") == "Mg2"
    with pytest.raises(SupercellError, match="O1 to O9 of kinds are taken"):
        absorber_kind([f"O{number}" for number in range(1, 10)], "O")


def test_a_mesh_is_as_dense_as_asked_for() -> None:
    # |b| = 2π/a of a cubic cell; sqrt(3) 2π/a of primitive fcc
    assert kpoint_mesh(np.diag([10.0, 5.0, 2 * np.pi]), 0.5) == (2, 3, 2)
    assert kpoint_mesh(MAGNESIA.cell.array, np.sqrt(3) * 2 * np.pi / 4.212 / 4) == (4, 4, 4)
    assert kpoint_mesh(np.diag([3.0, 3.0, 20.0]), 0.1, (True, True, False)) == (21, 21, 1)
    assert kpoint_mesh(np.zeros((3, 3)), 0.1, (False, False, False)) == (1, 1, 1)
    with pytest.raises(SupercellError, match="must be positive, got 0 1/Å"):
        kpoint_mesh(np.eye(3), 0)


def test_the_images_of_the_absorber_are_where_the_distance_says() -> None:
    found = site_supercell(bulk("Be"), 1, 7.5)
    at = found.atoms.positions[[found.absorber]]
    around = found.atoms.repeat((3, 3, 3))
    same = around.positions[found.absorber :: len(found.atoms)]
    _, lengths = get_distances(at, same)
    assert np.sort(lengths.ravel())[1] == pytest.approx(found.distance)
