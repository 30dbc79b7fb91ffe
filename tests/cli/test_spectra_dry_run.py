"""Sites, supercells and costs, said without computing them; the command itself is tested in test_spectra.py."""

from __future__ import annotations

from typing import Any

import pytest
from ase.build import bulk
from core_hole_data import oxygen_pair

from aiida_gbml.cli.configuration import ConfigurationError
from aiida_gbml.cli.spectra_dry_run import _cost, describe
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")

O_K = [{"element": "O", "edge": "K"}]


def described(*symbols: str, **settings: Any) -> str:
    structures = [bulk(symbol, "rocksalt", a=4.2) for symbol in symbols]
    content = StructureSet.from_ase(structures, structure_label=list(symbols))
    return describe({"edges": O_K, "overrides": {"cell": {"min_distance": 5.9}}, **settings}, content)


def test_costs_grow_with_treatments_and_directions() -> None:
    def seconds(**settings: Any) -> float:
        line = next(line for line in described("MgO", **settings).splitlines() if "about" in line)
        number, unit = line.rpartition("about ")[2].split(" ", 1)
        return float(number) * (3600 if "hours" in unit else 1)

    vectors = {"mode": "vectors", "vectors": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}
    cell = {"min_distance": 5.9}
    assert seconds() < seconds(treatments=["none", "full"])
    assert seconds() < seconds(overrides={"cell": cell, "polarisations": vectors})
    assert seconds(overrides={"cell": cell, "alignment": "fermi"}) < seconds()


def test_what_nobody_has_a_recipe_for_has_an_unknown_cost() -> None:
    assert "unknown cost" in described("EuO")
    assert "Eu: there is no pseudopotential of Eu" in described("EuO")


def test_what_is_stored_is_named() -> None:
    pair = oxygen_pair()
    assert f"O: pair {pair.pk}, hole in 1s" in described("MgO")


def test_a_recipe_that_is_named_is_the_one_that_counts() -> None:
    chosen = oxygen_pair(recipe="O_soft")
    oxygen_pair(recipe="O")
    told = described("MgO", recipes={"O": "O_soft", "Mg": "Mg_n"})
    assert f"O: pair {chosen.pk} by the recipe O_soft, hole in 1s" in told
    assert "Mg: there is no pseudopotential of Mg by the recipe Mg_n" in told
    with pytest.raises(ConfigurationError, match="recipe of 'Ti', but the elements are Mg, O"):
        described("MgO", recipes={"Ti": "Ti"})
    with pytest.raises(ConfigurationError, match=r"must be a name, such as 'O', got \['O'\]"):
        described("MgO", recipes={"O": ["O"]})


def test_long_lists_are_cut() -> None:
    assert "... and 5 more structures" in described(*["MgO"] * 25)
    assert "25 sites, 25 spectra" in described(*["MgO"] * 25)


def test_times_are_words() -> None:
    assert [_cost([0.1]), _cost([100.0, 20.0]), _cost([7200.0]), _cost([1.0, None])] == [
        "1 CPU second",
        "120 CPU seconds",
        "2.0 core hours",
        "unknown cost",
    ]
