"""Nothing but numbers, orbitals and checked names of a recipe reaches an input file."""

from __future__ import annotations

from typing import Any

import pytest

from aiida_gbml.science.spectra.recipes import Recipe, RecipeError, recipes

CARBON = recipes()["C"].to_mapping()
CRYSTAL = CARBON["crystal"]
INJECTION = "1s2'\n/\n&input iswitch=1"


def projector(**changes: Any) -> list[list[Any]]:
    """Return the projectors of carbon with the first one changed."""
    names = ("label", "n", "l", "occupation", "energy", "rcut", "rcut_us")
    first = dict(zip(names, CARBON["projectors"][0], strict=True)) | changes
    return [[first[name] for name in names], *CARBON["projectors"][1:]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "C'; rm"}, "name"),
        ({"name": "C\n"}, "name"),
        ({"name": "N"}, "must be C"),
        ({"element": "Q"}, "do not belong together"),
        ({"z": 7}, "do not belong together"),
        ({"configuration": INJECTION}, "configuration"),
        ({"configuration": "1s2\n"}, "configuration"),
        ({"configuration": "1s2 " * 100}, "configuration"),
        ({"pseudo_type": "PAW"}, "pseudo_type"),
        ({"local_l": 9}, "local_l"),
        ({"local_radius": None}, "local_radius"),
        ({"z_valence": "4"}, "z_valence"),
        ({"z_valence": True}, "z_valence"),
        ({"z_valence": float("nan")}, "z_valence"),
        ({"derivative_radius": 0}, "derivative_radius"),
        ({"core_radius": 1e9}, "core_radius"),
        ({"cutoff_wfc": None}, "cutoff_wfc"),
        ({"projectors": []}, "1 to 12"),
        ({"projectors": CARBON["projectors"] * 9}, "1 to 12"),
        ({"projectors": projector(label="2S 9")}, "label"),
        ({"projectors": projector(label="2P")}, "angular momentum"),
        ({"projectors": projector(n="1\n/")}, "whole number"),
        ({"projectors": projector(l=7)}, "whole number"),
        ({"projectors": projector(energy="0 /")}, "energy"),
        ({"projectors": projector(rcut=-1.0)}, "rcut"),
        ({"projectors": [["2S"]]}, "malformed"),
        ({"projectors": 7}, "malformed"),
        ({"reconstruction": []}, "needs orbitals of the reconstruction"),
        ({"holes": {"3d": ["full"]}}, "holes"),
        ({"holes": {"1s": ["double"]}}, "holes"),
        ({"holes": {"1s": ["full", "full"]}}, "holes"),
        ({"holes": {"2p": ["full"]}}, "not full"),
        ({"holes": {"2s": ["full"]}}, "must be in the core"),
        ({"holes": 3}, "malformed"),
        ({"crystal": {**CRYSTAL, "prototype": "quartz"}}, "prototype"),
        ({"crystal": {**CRYSTAL, "partners": ["O; rm"]}}, "partner"),
        ({"crystal": {**CRYSTAL, "partners": ["O"]}}, "has 1 elements"),
        ({"crystal": {**CRYSTAL, "lattice_constant": 0}}, "lattice_constant"),
        ({"crystal": {**CRYSTAL, "metallic": "yes"}}, "metallic"),
        ({"crystal": {**CRYSTAL, "more": 1}}, "malformed"),
        ({"sources": [7]}, "texts"),
        ({"validation": "x" * 9999}, "texts"),
        ({"command": "rm"}, "which no recipe has"),
    ],
)
def test_what_does_not_belong_into_an_input_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        Recipe.from_mapping({**CARBON, **changes})


@pytest.mark.parametrize("mapping", [None, 7, "C", [], {}, {"name": "C"}])
def test_what_is_no_recipe_is_refused(mapping: Any) -> None:
    with pytest.raises(RecipeError):
        Recipe.from_mapping(mapping)


@pytest.mark.parametrize("name", ["../C.UPF", "a b.UPF", "a.UPF\n", "a'.UPF", "a.txt", "", f"{'a' * 99}.UPF"])
def test_a_name_of_a_dataset_is_one_word(name: str) -> None:
    with pytest.raises(RecipeError, match="name for a dataset"):
        recipes()["C"].input_text("1s", "none", name)
