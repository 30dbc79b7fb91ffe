"""What is refused before anything runs, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from aiida import orm
from core_hole_data import upf, upf_node

from aiida_gbml.science.spectra.recipes import recipes
from aiida_gbml.workflows.spectra.pseudos import CoreHolePseudosWorkChain
from aiida_gbml.workflows.spectra.pseudos_ports import validate_core_hole_pseudos

pytestmark = pytest.mark.usefixtures("aiida_profile")


def refusal(name: str = "O", shell: str = "1s", **inputs: Any) -> str | None:
    """Return what is said of the inputs for a recipe, with all partners and codes unless these are given."""
    recipe = recipes()[name]
    partners = {one.partition("_")[0]: orm.Dict(recipes()[one].to_mapping()) for one in recipe.crystal.partners}
    given: Mapping[str, Any] = {
        "recipe": orm.Dict(recipe.to_mapping()),
        "shell": orm.Str(shell),
        "ld1": {"code": object()},
        "partner_recipes": partners,
        **inputs,
    }
    return validate_core_hole_pseudos(given, CoreHolePseudosWorkChain.spec().inputs)


def test_recipes_and_pairs_that_fit_are_accepted() -> None:
    assert refusal() is None
    assert refusal("Si_d", "2p") is None
    oxygen = {"ground": upf_node("O", 6.0), "holes": {"full": upf_node("O", 7.0)}}
    assert refusal(**oxygen) is None
    assert refusal(**oxygen, ld1={}, partner_recipes={}, partners={"Mg": upf_node("Mg", 2.0)}) is None
    assert validate_core_hole_pseudos({}, CoreHolePseudosWorkChain.spec().inputs) is None


def test_a_pair_that_does_not_belong_together_is_refused() -> None:
    ground = upf_node("O", 6.0)
    assert "charges differ by 1, the hole is 0.5" in str(refusal(ground=ground, holes={"half": upf_node("O", 7.0)}))
    assert "element is O in the ground state and N" in str(refusal(ground=ground, holes={"full": upf_node("N", 7.0)}))
    assert "functional" in str(refusal(ground=ground, holes={"full": upf_node("O", 7.0, "PZ")}))
    assert "no hole of the size 'whole', expected half or full" in str(
        refusal(ground=ground, holes={"whole": upf_node("O", 7.0)})
    )
    assert "needs the ground state that belongs to it" in str(refusal(holes={"full": upf_node("O", 7.0)}))
    assert "is one of N, the recipe O is of another element" in str(refusal(ground=upf_node("N", 5.0)))


def test_datasets_of_another_functional_do_not_share_a_crystal() -> None:
    assert upf("O", 6.0) != upf("O", 6.0, "PZ")
    local = {"ground": upf_node("O", 6.0, "PZ"), "holes": {"full": upf_node("O", 7.0, "PZ")}}
    assert "the dataset of Mg is one of PBE, that of O of PZ: give datasets of one functional" in str(refusal(**local))
    assert refusal(**local, partner_recipes={}, partners={"Mg": upf_node("Mg", 2.0, "PZ")}) is None


def test_what_is_missing_is_named() -> None:
    assert "give the code `ld1.code`" in str(refusal(ld1={}))
    assert "the crystal of O needs a dataset of Mg: give it in `partners`" in str(refusal(partner_recipes={}))
    assert "give `ld1.code` to make the dataset of Mg" in str(refusal(ground=upf_node("O", 6.0), ld1={}))
    assert "it lacks configuration" in str(refusal(recipe=orm.Dict({"name": "O", "crystal": 1})))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("scales", [0.99, 1.0, 1.01], "at least 4 numbers around 1"),
        ("scales", [0.98, 0.99, 1.0, "a"], "at least 4 numbers around 1"),
        ("scales", [0.98, 0.99, 1.0, 2.0], "0.8 to 1.2"),
        ("kpoints_distance", 0.0, "expected a positive number"),
        ("max_concurrent", 0, "expected a positive number"),
    ],
)
def test_numbers_out_of_range_are_refused(name: str, value: object, message: str) -> None:
    assert message in str(refusal(**{name: orm.to_aiida_type(value)}))
