"""Recipes of core-hole datasets, and the inputs of ld1.x that they give."""

from __future__ import annotations

import json
import re

import pytest

from aiida_gbml.science.spectra.recipes import Recipe, RecipeError, find_recipe, recipes

ELECTRONS = re.compile(r"\d[spdf](\d+(?:\.\d+)?)")
NAMES = sorted(recipes())


def electrons(text: str) -> float:
    """Return the electrons of the configuration in an input; a negative occupation is an empty, unbound orbital."""
    configuration = re.search(r"config='([^']*)'", text)
    assert configuration is not None
    return sum(float(number) for number in ELECTRONS.findall(configuration[1]))


def test_the_elements_of_the_issue_are_there() -> None:
    with_holes = {recipe.element for recipe in recipes().values() if recipe.holes}
    assert with_holes >= {"C", "N", "O", "F", "Mg", "Al", "Si", "Ti", "Fe", "Cu"}
    for element in with_holes:
        assert find_recipe(element, "1s").element == element
    assert find_recipe("Si", "2p").name == "Si_d"


@pytest.mark.parametrize("name", NAMES)
def test_a_ground_state_is_neutral_and_a_hole_takes_what_it_says(name: str) -> None:
    recipe = recipes()[name]
    assert electrons(recipe.input_text("1s", "none", "a.UPF")) == recipe.z
    for shell, holes in recipe.holes.items():
        for hole, removed in ((hole, {"half": 0.5, "full": 1.0}[hole]) for hole in holes):
            text = recipe.input_text(shell, hole, "a.UPF")
            assert electrons(text) == recipe.z - removed
            assert f"zval={recipe.z_valence + removed:g}\n" in text
            same = recipe.input_text(shell, "none", "a.UPF").split("tm=")[1]
            assert text.split("tm=")[1] == same, "radii and energies of a pair must be the same"


@pytest.mark.parametrize("name", NAMES)
def test_valence_electrons_are_those_of_the_projectors(name: str) -> None:
    recipe = recipes()[name]
    assert sum(max(0.0, orbital.occupation) for orbital in recipe.projectors) == recipe.z_valence


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_survives_json_with_its_checksum(name: str) -> None:
    recipe = recipes()[name]
    again = Recipe.from_mapping(json.loads(json.dumps(recipe.to_mapping())))
    assert again == recipe
    assert again.checksum == recipe.checksum


@pytest.mark.parametrize("name", NAMES)
def test_reference_crystals_are_small_sourced_and_made_of_known_elements(name: str) -> None:
    recipe = recipes()[name]
    atoms = recipe.crystal.atoms()
    assert len(atoms) <= 2
    assert atoms[0].symbol == recipe.element
    assert all(partner in recipes() for partner in recipe.crystal.partners)
    assert recipe.crystal.source
    assert recipe.validation
    assert recipe.sources
    assert recipe.crystal.atoms(1.1).cell.volume == pytest.approx(1.1**3 * atoms.cell.volume)


def test_checksums_tell_datasets_apart_and_texts_not() -> None:
    assert len({recipe.checksum for recipe in recipes().values()}) == len(recipes())
    carbon = recipes()["C"]
    told = Recipe.from_mapping({**carbon.to_mapping(), "validation": "nothing"})
    other = Recipe.from_mapping({**carbon.to_mapping(), "core_radius": 0.8})
    assert told.checksum == carbon.checksum != other.checksum


def test_names_of_datasets_say_what_is_in_them() -> None:
    assert recipes()["C"].pseudo_filename("1s", "none") == "C.gs.pbe-us_gipaw.UPF"
    assert recipes()["C"].pseudo_filename("1s", "full") == "C.star1s.pbe-us_gipaw.UPF"
    assert recipes()["Si_d"].pseudo_filename("2p", "half") == "Si_d.half2p.pbe-us_gipaw.UPF"
    assert recipes()["H"].pseudo_filename("1s", "none") == "H.gs.pbe-nc.UPF"


def test_a_missing_recipe_says_how_to_add_one() -> None:
    with pytest.raises(RecipeError, match=r"no recipe for a 1s hole in 'Xe'.*core_hole_recipes.yaml.*UPF files"):
        find_recipe("Xe")
    with pytest.raises(RecipeError, match="no recipe for a 2p hole in 'C'; there are Si_d"):
        find_recipe("C", "2p")


def test_a_hole_that_is_not_there_is_refused() -> None:
    with pytest.raises(RecipeError, match="no full hole in 2p, it has 1s: half, full"):
        recipes()["C"].input_text("2p", "full", "a.UPF")
    with pytest.raises(RecipeError, match="none at all"):
        recipes()["H"].input_text("1s", "full", "a.UPF")
