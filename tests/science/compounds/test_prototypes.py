"""Tests of aiida_gbml.science.compounds.prototypes."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.spacegroup import crystal

from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.prototypes import (
    PrototypeError,
    charges_of,
    composition_of,
    find_matches,
    length_scale,
    substitute,
)

ROCK_SALT = bulk("MgO", "rocksalt", a=4.212)
PEROVSKITE = crystal(
    ["Sr", "Ti", "O"], [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0)], spacegroup=221, cellpar=[3.905] * 3 + [90] * 3
)
SPINEL = crystal(
    ["Mg", "Al", "O"],
    [(0.125, 0.125, 0.125), (0.5, 0.5, 0.5), (0.2624, 0.2624, 0.2624)],
    spacegroup=227,
    setting=2,
    cellpar=[8.083] * 3 + [90] * 3,
    primitive_cell=True,
)


def made(formula: str, *prototypes: Atoms) -> Atoms:
    """Return the structure of a composition after its nearest prototype."""
    known = [composition_of(one) for one in prototypes]
    match = find_matches(parse_formula(formula), known)[0]
    return substitute(prototypes[match.row], match)


@pytest.mark.parametrize(
    ("formula", "prototype", "lattice_parameter"),
    [
        # Wyckoff, Crystal Structures (1963), in Å
        ("CaO", ROCK_SALT, 4.811),
        ("BaO", ROCK_SALT, 5.523),
        ("MnO", ROCK_SALT, 4.445),
        ("NaCl", ROCK_SALT, 5.640),
        ("KBr", ROCK_SALT, 6.600),
        ("BaTiO3", PEROVSKITE, 4.012),
        ("KMgF3", PEROVSKITE, 3.973),
        ("ZnAl2O4", SPINEL, 8.086),
        ("MgCr2O4", SPINEL, 8.333),
    ],
)
def test_scaled_lattices_are_close_to_the_real_ones(formula: str, prototype: Atoms, lattice_parameter: float) -> None:
    old = {id(ROCK_SALT): 4.212, id(PEROVSKITE): 3.905, id(SPINEL): 8.083}[id(prototype)]
    new = made(formula, prototype)
    assert composition_of(new) == parse_formula(formula)
    assert old * (new.get_volume() / prototype.get_volume()) ** (1 / 3) == pytest.approx(lattice_parameter, rel=0.05)
    moved = new.get_scaled_positions() - prototype.get_scaled_positions()
    assert np.allclose(moved, np.round(moved))


def test_metals_are_scaled_by_covalent_radii() -> None:
    """Cu3Au and Au3Cu (3.98 Å): the strain of a swap is that of the mean bond."""
    cu3au = crystal(["Au", "Cu"], [(0, 0, 0), (0, 0.5, 0.5)], spacegroup=221, cellpar=[3.75] * 3 + [90] * 3)
    swapped = made("Au3Cu", cu3au)
    assert composition_of(swapped).formula == parse_formula("Au3Cu").formula
    assert swapped.cell[0, 0] == pytest.approx(3.75, rel=1e-12), "the bonds are between Cu and Au in both"
    assert made("Ag3Pd", cu3au).cell[0, 0] > 3.75


def test_the_nearest_swap_is_taken_and_anions_stay_anions() -> None:
    known = [composition_of(SPINEL), composition_of(PEROVSKITE)]
    (match,) = find_matches(parse_formula("FeCr2S4"), known)
    assert {known[0].numbers[i]: match.places[known[0].numbers[i]] for i in range(3)} == {8: 16, 12: 26, 13: 24}
    # both cations have the coefficient 1: Ba goes for Sr, Zr for Ti
    (match,) = find_matches(parse_formula("BaZrO3"), known)
    assert match.places == {8: 8, 22: 40, 38: 56}
    assert match.row == 1
    assert find_matches(parse_formula("Mg3Al2O6"), known) == []


def test_the_nearest_prototype_comes_first() -> None:
    known = [parse_formula(formula) for formula in ("NaCl", "CuO", "CaO")]
    matches = find_matches(parse_formula("SrO"), known)
    assert [known[match.row].formula for match in matches] == ["CaO", "NaCl", "CuO"]
    assert [match.distance for match in matches] == sorted(match.distance for match in matches)
    assert find_matches(parse_formula("CuO"), known)[0].distance == 0


@pytest.mark.parametrize(
    ("formula", "charges"),
    [
        ("MgAl2O4", {8: -2, 12: 2, 13: 3}),
        ("SrTiO3", {8: -2, 22: 4, 38: 2}),
        ("KMgF3", {9: -1, 12: 2, 19: 1}),
        ("Cu3Au", None),
    ],
)
def test_charges(formula: str, charges: dict[int, int] | None) -> None:
    assert charges_of(parse_formula(formula)) == charges


def test_the_same_elements_keep_the_lengths() -> None:
    match = find_matches(parse_formula("MgAl2O4"), [composition_of(SPINEL)])[0]
    assert length_scale(SPINEL, match) == 1.0


def test_a_molecule_is_no_prototype() -> None:
    molecule = Atoms("MgO", [[0, 0, 0], [0, 0, 1.8]])
    match = find_matches(parse_formula("CaO"), [composition_of(molecule)])[0]
    with pytest.raises(PrototypeError, match="the prototype MgO is no crystal"):
        substitute(molecule, match)
