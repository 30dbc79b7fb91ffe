"""Pseudopotentials are found among what is stored."""

from __future__ import annotations

import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida_pseudo.groups.family import CutoffsPseudoPotentialFamily
from core_hole_data import oxygen_pair, upf_node

from aiida_gbml.cli.configuration import ConfigurationError
from aiida_gbml.cli.spectra_datasets import find_pairs, find_pseudos

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")

O_K = [{"element": "O", "edge": "K"}]


def made(element: str, label: str, exit_status: int = 0, name: str | None = None) -> orm.Data:
    """Return a pseudopotential as the chain that makes them leaves it."""
    chain, job = orm.WorkChainNode(), orm.CalcJobNode()
    recipe = orm.Dict({"element": element, "name": name or element}).store()
    chain.set_process_label("CoreHolePseudosWorkChain")
    chain.set_exit_status(exit_status)
    chain.store()
    job.base.links.add_incoming(recipe, LinkType.INPUT_CALC, "recipe")
    job.base.links.add_incoming(chain, LinkType.CALL_CALC, label)
    job.store()
    pseudo = upf_node(element, 2.0).clone()
    pseudo.base.links.add_incoming(job, LinkType.CREATE, "pseudo")
    return pseudo.store()


def test_the_latest_pair_that_has_passed_is_taken() -> None:
    with pytest.raises(ConfigurationError, match=r"no dataset of O with a full hole in 1s.*core-hole-pseudos O`"):
        find_pairs(O_K, ["full"])
    oxygen_pair()
    latest = oxygen_pair()
    oxygen_pair(verdict="failed")
    assert find_pairs(O_K, ["full"])["O"]["full"].uuid == latest.uuid
    assert find_pairs(O_K, ["full"], accept_failed=True)["O"]["full"].uuid != latest.uuid


def test_a_half_hole_belongs_to_the_same_ground_state() -> None:
    full = oxygen_pair()
    with pytest.raises(ConfigurationError, match="with a half hole"):
        find_pairs(O_K, ["half"])
    half = oxygen_pair("half")
    oxygen_pair("half", valence=8.0)
    found = find_pairs(O_K, ["none", "half"])["O"]
    assert {name: pair.uuid for name, pair in found.items()} == {"full": full.uuid, "half": half.uuid}


def test_a_recipe_that_is_named_goes_before_later_ones() -> None:
    soft, hard = oxygen_pair(recipe="O_soft"), oxygen_pair(recipe="O")
    assert find_pairs(O_K, ["full"])["O"]["full"].uuid == hard.uuid
    assert find_pairs(O_K, ["full"], recipes={"O": "O_soft", "Mg": "Mg_n"})["O"]["full"].uuid == soft.uuid
    with pytest.raises(ConfigurationError, match=r"dataset of O by the recipe O_new with.*core-hole-pseudos O_new`"):
        find_pairs(O_K, ["full"], recipes={"O": "O_new"})


def test_a_ground_state_of_a_named_recipe_goes_before_later_ones_and_families() -> None:
    rocksalt, metal = made("Mg", "atom_none", name="Mg_n"), made("Mg", "atom_none")
    assert find_pseudos(["Mg"], None)["Mg"].uuid == metal.uuid
    family = CutoffsPseudoPotentialFamily(label="theirs").store()
    theirs = upf_node("O", 6.0)
    family.add_nodes([theirs])
    found = find_pseudos(["O", "Mg"], "theirs", {"Mg": "Mg_n", "C": "C"})
    assert {element: pseudo.uuid for element, pseudo in found.items()} == {"O": theirs.uuid, "Mg": rocksalt.uuid}
    with pytest.raises(ConfigurationError, match=r"of Mg by the recipe Mg_x: .*core-hole-pseudos Mg_x`"):
        find_pseudos(["Mg"], None, {"Mg": "Mg_x"})


def test_other_elements_take_what_recipes_made_for_their_own_sake_first() -> None:
    with pytest.raises(ConfigurationError, match="no pseudopotential of Mg: make it by"):
        find_pseudos(["Mg"], None)
    partner = made("Mg", "partner_Mg")
    assert find_pseudos(["Mg"], None)["Mg"].uuid == partner.uuid
    own = made("Mg", "atom_none")
    made("Mg", "atom_none", exit_status=501)
    made("Mg", "partner_Mg")
    assert find_pseudos(["Mg"], None)["Mg"].uuid == own.uuid


def test_a_family_has_to_be_there() -> None:
    with pytest.raises(ConfigurationError, match="no pseudopotential family 'nobody'"):
        find_pseudos(["Mg"], "nobody")
