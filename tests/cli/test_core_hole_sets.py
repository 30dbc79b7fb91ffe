"""Datasets by names, by files, or stored already."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiida import orm
from core_hole_data import upf

from aiida_gbml.cli.core_hole_sets import describe, describe_plan, find, read_dataset, read_pair
from aiida_gbml.data.core_hole_upf import CoreHoleUpfData
from aiida_gbml.science.spectra.recipes import recipes

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")

Store = Callable[..., orm.WorkChainNode]


def test_a_name_is_a_recipe_an_element_or_a_file(tmp_path: Path) -> None:
    assert find("O", None).recipe.name == "O"
    assert find("Mg_n", None).recipe.name == "Mg_n"
    assert (find("Si_d", None).shell, find("Si", "2p").recipe.name) == ("2p", "Si_d")
    mapping = {**recipes()["O"].to_mapping(), "name": "O_mine", "cutoff_wfc": 70.0}
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(mapping))
    assert find(str(path), None).recipe.cutoff_wfc == 70.0


def test_a_name_that_means_nothing_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no recipe for a 1s hole in 'U'"):
        find("U", None)
    with pytest.raises(ValueError, match="there is no recipe for a 2p hole in 'O'; there are Si_d"):
        find("O", "2p")
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(recipes()["O"].to_mapping()))
    with pytest.raises(ValueError, match="the recipe O makes no hole in 2p; it makes holes in: 1s"):
        find(str(tmp_path / "mine.yaml"), "2p")
    with pytest.raises(ValueError, match="cannot be read"):
        find(str(tmp_path / "none.yaml"), None)
    (tmp_path / "list.yaml").write_text("- 1\n")
    with pytest.raises(ValueError, match="expected a mapping"):
        find(str(tmp_path / "list.yaml"), None)


def test_a_users_files_are_sorted_by_their_valence(tmp_path: Path) -> None:
    paths = {}
    for name, valence in (("ground", 6.0), ("full", 7.0), ("half", 6.5), ("other", 8.0), ("again", 7.0)):
        paths[name] = tmp_path / f"{name}.UPF"
        paths[name].write_bytes(upf("O", valence))
    pair = read_pair(paths["ground"], [paths["half"], paths["full"]])
    assert {size: node.z_valence for size, node in pair.items()} == {"ground": 6, "half": 6.5, "full": 7}
    assert isinstance(pair["half"], CoreHoleUpfData)
    assert find("O", None, pair).sizes == ["half", "full"]
    with pytest.raises(ValueError, match=r"2 valence electrons more than .*: expected 0.5 or 1"):
        read_pair(paths["ground"], [paths["other"]])
    with pytest.raises(ValueError, match="there are two such files"):
        read_pair(paths["ground"], [paths["full"], paths["again"]])
    stored = read_dataset(paths["ground"]).store()
    assert read_dataset(paths["ground"]).pk == stored.pk
    (tmp_path / "bad.UPF").write_bytes(b"\0\xff")
    with pytest.raises(ValueError, match=r"bad\.UPF' cannot be used: "):
        read_dataset(tmp_path / "bad.UPF")


def test_a_set_is_found_again_when_nothing_of_it_has_changed(stored_set: Store) -> None:
    assert find("O", None).stored() is None
    stored_set("O", exit_status=511)
    assert find("O", None).stored() is None
    first, second = stored_set("O"), stored_set("O")
    found = find("O", None).stored()
    assert found is not None
    assert found.pk == second.pk > first.pk
    assert find("Mg_n", None).stored() is None
    stored_set("Mg_n", cutoff_wfc=99.0)
    assert find("Mg_n", None).stored() is None
    stored_set("Mg_n", validation="another text")
    assert find("Mg_n", None).stored() is not None


def test_verdicts_stand_in_a_table(stored_set: Store) -> None:
    made = {"O": stored_set("O"), "N": stored_set("N", exit_status=511, problems=["the lattice is off"])}
    text = describe(made)
    assert text.count("full 1s") == 2
    assert "4.2500 (+0.90 %)" in text
    assert "N full: the lattice is off" in text
    pair: Any = made["O"].outputs.pairs.full
    assert str(pair.pk) in text


def test_a_process_without_results_says_why(stored_set: Store) -> None:
    node = stored_set("O", exit_status=410, has_results=False)
    assert "O: [410] it went wrong" in describe({"O": node})


def test_a_plan_says_what_is_stored(stored_set: Store) -> None:
    node = stored_set("O")
    text = describe_plan([find("O", None), find("Si_d", None)], {"O": node})
    first, second = text.splitlines()[2:]
    assert first.split() == ["O", "1s", "half", "full", "rocksalt", "4.212", "Å", "Mg_n", "45", "360", str(node.pk)]
    assert second.split()[:3] == ["Si_d", "2p", *recipes()["Si_d"].holes["2p"][:1]]
