"""Sites and multiplicities of known structures, in whatever cell and direction they come."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.spacegroup import crystal
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from aiida_gbml.science.spectra.sites import SiteError, check_structure, inequivalent_sites


def alpha_quartz() -> Atoms:
    # Levien, Prewitt & Weidner, Am. Mineral. 65, 920 (1980); P3_221, Si on 3a (x 0 2/3), O on 6c
    cell = [4.916, 4.916, 5.4054, 90, 90, 120]
    return crystal(["Si", "O"], [(0.4697, 0, 2 / 3), (0.4135, 0.2669, 0.7858)], spacegroup=154, cellpar=cell)


def rutile() -> Atoms:
    cell = [4.594, 4.594, 2.959, 90, 90, 90]
    return crystal(["Ti", "O"], [(0, 0, 0), (0.3053, 0.3053, 0)], spacegroup=136, cellpar=cell)


def spinel() -> Atoms:
    positions = [(1 / 8, 1 / 8, 1 / 8), (0.5, 0.5, 0.5), (0.2624, 0.2624, 0.2624)]
    return crystal(["Mg", "Al", "O"], positions, spacegroup=227, setting=2, cellpar=[8.08] * 3 + [90] * 3)


# Multiplicity and symmetry of each site: Wyckoff positions of the International Tables A; point groups of molecules
KNOWN = [
    ("diamond", bulk("C", "diamond", a=3.567), "C", [(2, "Td")]),
    ("diamond, cubic", bulk("C", "diamond", a=3.567, cubic=True), "C", [(8, "Td")]),
    ("diamond, a longer cell", bulk("C", "diamond", a=3.567, cubic=True).repeat((1, 1, 2)), "C", [(16, "Td")]),
    ("magnesia", bulk("MgO", "rocksalt", a=4.212), "O", [(1, "Oh")]),
    ("quartz", alpha_quartz(), "Si", [(3, "C2")]),
    ("quartz", alpha_quartz(), "O", [(6, "C1")]),
    ("rutile", rutile(), "Ti", [(2, "D2h")]),
    ("rutile", rutile(), "O", [(4, "C2v")]),
    ("spinel", spinel(), "Mg", [(8, "Td")]),
    ("spinel", spinel(), "Al", [(16, "D3d")]),
    ("spinel", spinel(), "O", [(32, "C3v")]),
    ("beryllium", bulk("Be"), "Be", [(2, "D3h")]),
    ("methane", molecule("CH4"), "C", [(1, "Td")]),
    ("methane", molecule("CH4"), "H", [(4, "C3v")]),
    ("benzene", molecule("C6H6"), "C", [(6, "C2v")]),
    ("ethanol", molecule("CH3CH2OH"), "C", [(1, "Cs"), (1, "Cs")]),
    ("ethanol", molecule("CH3CH2OH"), "H", [(1, "Cs"), (2, "C1"), (1, "Cs"), (2, "C1")]),
    ("carbon dioxide", molecule("CO2"), "C", [(1, "D∞h")]),
    ("carbon dioxide", molecule("CO2"), "O", [(2, "C∞v")]),
    ("neon", Atoms("Ne"), "Ne", [(1, "Kh")]),
    ("copper slab", fcc111("Cu", (1, 1, 5), vacuum=4), "Cu", [(2, "C3v"), (2, "C3v"), (1, "D3d")]),
    ("copper slab without vacuum", fcc111("Cu", (1, 1, 6)), "Cu", [(2, "C3v")] * 3),
]
IDS = [f"{name}, {element}" for name, _, element, _ in KNOWN]


def summary(atoms: Atoms, element: str, symprec: float = 5e-3) -> list[tuple[int, str]]:
    return [(site.multiplicity, site.symmetry) for site in inequivalent_sites(atoms, element, symprec=symprec)]


@pytest.mark.parametrize(("name", "atoms", "element", "sites"), KNOWN, ids=IDS)
def test_known_structures(name: str, atoms: Atoms, element: str, sites: list[tuple[int, str]]) -> None:
    assert summary(atoms, element) == sites


@pytest.mark.parametrize(("name", "atoms", "element", "sites"), KNOWN, ids=IDS)
def test_every_atom_belongs_to_one_site(name: str, atoms: Atoms, element: str, sites: list[tuple[int, str]]) -> None:
    found = inequivalent_sites(atoms, element, symprec=5e-3)
    members = [index for site in found for index in site.equivalent]
    assert sorted(members) == [index for index, symbol in enumerate(atoms.symbols) if symbol == element]
    for site in found:
        assert (site.index, site.multiplicity) == (site.equivalent[0], len(site.equivalent))
        assert np.allclose(site.rotations @ np.swapaxes(site.rotations, 1, 2), np.eye(3))


@given(case=st.sampled_from(KNOWN), seed=st.integers(0, 10_000), shift=st.floats(-5, 5), order=st.randoms())
@settings(max_examples=40, deadline=None)
def test_direction_place_and_order_do_not_matter(case: tuple, seed: int, shift: float, order: object) -> None:
    _, atoms, element, sites = case
    turn = Rotation.random(random_state=seed).as_matrix()
    turned = atoms.copy()
    turned.set_cell(atoms.cell.array @ turn.T)
    turned.positions = (atoms.positions + shift * np.array([1, 0.3, 0.7])) @ turn.T
    indices = list(range(len(atoms)))
    order.shuffle(indices)  # type: ignore[attr-defined]
    assert sorted(summary(turned[indices], element)) == sorted(sites)


@pytest.mark.parametrize("case", [("CH4", "H"), ("C6H6", "C"), ("NH3", "N")])
def test_the_rotations_of_a_site_of_a_molecule_leave_its_distances(case: tuple[str, str]) -> None:
    atoms = molecule(case[0])
    for site in inequivalent_sites(atoms, case[1], symprec=1e-2):
        around = atoms.positions - atoms.positions[site.index]
        for rotation in site.rotations:
            moved = around @ rotation.T
            assert np.allclose(np.linalg.norm(moved[:, None] - around, axis=-1).min(axis=1), 0, atol=5e-2)


def test_the_rotations_of_a_site_of_a_crystal_map_it_onto_itself() -> None:
    atoms = rutile()
    images = atoms.repeat((5, 5, 5))
    centre = 62 * len(atoms)  # the middle cell
    for site in (*inequivalent_sites(atoms, "Ti"), *inequivalent_sites(atoms, "O")):
        around = images.positions - images.positions[centre + site.index]
        near = np.linalg.norm(around, axis=1) < 4
        for rotation in site.rotations:
            moved = around[near] @ rotation.T
            misses = np.linalg.norm(moved[:, None] - around, axis=-1)
            assert np.allclose(misses.min(axis=1), 0, atol=1e-6)
            assert (images.numbers[misses.argmin(axis=1)] == images.numbers[near]).all()


def test_kinds_make_sites_inequivalent() -> None:
    iron = bulk("Fe", cubic=True)
    assert summary(iron, "Fe") == [(2, "Oh")]
    found = inequivalent_sites(iron, "Fe", kinds=["Fe1", "Fe2"])
    assert [(site.index, site.multiplicity, site.symmetry) for site in found] == [(0, 1, "Oh"), (1, 1, "Oh")]
    methane = inequivalent_sites(molecule("CH4"), "H", kinds=["C", "D", "H", "H", "H"])
    assert [(site.multiplicity, site.symmetry) for site in methane] == [(1, "C3v"), (3, "Cs")]


def test_every_site_of_a_large_disordered_boundary_is_its_own() -> None:
    grain = bulk("MgO", "rocksalt", a=4.212, cubic=True).repeat((2, 4, 8))
    grain.positions += np.random.default_rng(0).normal(scale=0.05, size=(len(grain), 3))
    sites = inequivalent_sites(grain, "O")
    assert len(grain) == 512
    assert [site.multiplicity for site in sites] == [1] * 256


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda atoms: atoms.__delitem__(slice(None)), "no atoms"),
        (lambda atoms: atoms.positions.__setitem__((0, 1), np.nan), "not finite"),
        (lambda atoms: atoms.set_cell([1.0, 1.0, 0.0]), "not independent"),
        (lambda atoms: atoms.positions.__setitem__(1, atoms.positions[0] + 0.1), r"0 \(Mg\) and 1 \(O\) of MgO over"),
        (lambda atoms: atoms.info.update(occupancy={"0": {"Mg": 0.5, "Zn": 0.5}}), "partial occupancies"),
    ],
)  # fmt: skip
def test_what_cannot_be_calculated_is_refused(change: object, message: str) -> None:
    atoms = bulk("MgO", "rocksalt", a=4.212)
    change(atoms)  # type: ignore[operator]
    with pytest.raises(SiteError, match=message):
        check_structure(atoms)


def test_missing_elements_and_sites_are_named() -> None:
    magnesia = bulk("MgO", "rocksalt", a=4.212)
    with pytest.raises(SiteError, match="has no N; its elements are Mg, O"):
        inequivalent_sites(magnesia, "N")
    with pytest.raises(SiteError, match="site 2 is outside the structure: its 2 atoms have the indices 0 to 1"):
        check_structure(magnesia, site=2)
    check_structure(magnesia, "O", 1)


def test_a_cell_so_small_that_images_overlap_is_refused() -> None:
    with pytest.raises(SiteError, match="overlap"):
        check_structure(Atoms("C", cell=[0.3, 5, 5], pbc=True))
