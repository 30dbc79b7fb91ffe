"""From configuration files and options to the inputs of a search."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiida import orm

from aiida_gbml.cli import configuration
from aiida_gbml.cli.configuration import ConfigurationError, find_code

pytestmark = pytest.mark.usefixtures("aiida_profile")

SETTINGS: dict[str, Any] = {
    "boundary": {"sigma": 5, "axis": [0, 0, 1], "plane": [2, 1, 0]},
    "overrides": {"space": {"thickness": 5.0, "translation_spacing": 0.8}, "budget": 4},
}


@pytest.fixture
def settings(copper_cif: Path, engine_code: str) -> dict[str, Any]:
    engine = {"name": "gbml.evaluation.emt", "code": engine_code}
    return {**SETTINGS, "overrides": dict(SETTINGS["overrides"]), "crystal": copper_cif, "engine": engine}


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "mine.eam.alloy").write_text("")
    path = tmp_path / "search.yaml"
    path.write_text(yaml.safe_dump({"crystal": "copper.cif", "engine": {"potential": "mine.eam.alloy"}}))
    read = configuration.read(path)
    assert read["crystal"] == tmp_path / "copper.cif"
    assert read["engine"]["potential"] == str(tmp_path / "mine.eam.alloy")
    path.write_text(yaml.safe_dump({"engine": {"potential": "Cu_mishin1.eam.alloy"}}))
    assert configuration.read(path)["engine"]["potential"] == "Cu_mishin1.eam.alloy"  # one of LAMMPS' collection


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("boundary: [", "is no readable YAML"),
        ("\x00", "is no readable YAML"),
        ("!!python/object/apply:os.system [reboot]", "is no readable YAML"),
        ("- a\n- b\n", "must hold a mapping with the keys crystal, boundary"),
        ("", "must hold a mapping"),
        ("crystals: copper.cif", "has the unknown key 'crystals'"),
        ("5: 1\nname: 2", "has the unknown key '5'"),
        ("boundary: 5", "'boundary' in '.*' must be a mapping, got 5"),
        ("engine: lammps", "'engine' in '.*' must be a mapping, got 'lammps'"),
        ("verification: [pw]", "'verification' in '.*' must be a mapping"),
        ("overrides:", "'overrides' in '.*' must be a mapping, got None"),
    ],
)
def test_what_is_no_configuration_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "search.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=sentence):
        configuration.read(path)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "search.yaml"
    path.write_bytes(b"\xff\xfe\x00crystal")
    with pytest.raises(ConfigurationError, match="is no readable YAML"):
        configuration.read(path)


def test_options_find_their_place() -> None:
    settings: dict[str, Any] = {"overrides": {"seed": 3}}
    configuration.put(settings, ("overrides", "strategy", "method"), "random")
    configuration.put(settings, ("boundary", "axis"), (0, 0, 1))
    assert settings == {"overrides": {"seed": 3, "strategy": {"method": "random"}}, "boundary": {"axis": [0, 0, 1]}}


def test_a_builder_holds_what_was_asked_for_and_stores_nothing(settings: dict[str, Any]) -> None:
    before = orm.QueryBuilder().append(orm.Node).count()
    built = configuration.builder({**settings, "label": "copper; $(reboot)\n../"})
    assert built.boundary.get_dict() == SETTINGS["boundary"]
    assert (built.budget.value, built.space["thickness"]) == (4, 5.0)
    assert built.engine.workflow.value == "gbml.evaluation.emt"
    assert built.metadata.label == "copper; $(reboot)\n../"  # a label is nothing but text
    assert orm.QueryBuilder().append(orm.Node).count() == before


def test_a_budget_of_zero_is_every_candidate(settings: dict[str, Any]) -> None:
    settings["overrides"]["budget"] = 0
    assert "budget" not in configuration.builder(settings)._inputs(prune=True)


def test_a_second_engine_takes_its_number_of_basins(settings: dict[str, Any]) -> None:
    built = configuration.builder({**settings, "verification": {**settings["engine"], "n_basins": 2}})
    assert built.verification.n_basins.value == 2
    assert "verification" not in configuration.builder(settings)._inputs(prune=True)


def test_a_worker_proposes_where_one_is_named(
    settings: dict[str, Any], aiida_code_installed: Callable[..., orm.InstalledCode]
) -> None:
    code = aiida_code_installed(default_calc_job_plugin="gbml.worker", filepath_executable=sys.executable)
    built = configuration.builder({**settings, "worker": code.full_label})
    assert built.worker.code.uuid == code.uuid


def test_a_code_of_another_program_is_refused(aiida_code_installed: Callable[..., orm.InstalledCode]) -> None:
    pw = aiida_code_installed(default_calc_job_plugin="quantumespresso.pw", filepath_executable="/bin/true")
    foreign = aiida_code_installed(default_calc_job_plugin="core.arithmetic.add", filepath_executable="/bin/false")
    with pytest.raises(ConfigurationError, match=rf"'{pw.full_label}' runs quantumespresso.pw, not gbml.worker"):
        find_code(pw.full_label, "worker")
    assert find_code(pw.full_label, "pw").uuid == find_code(pw.full_label, "gbml.evaluation.emt").uuid == pw.uuid
    assert find_code(foreign.full_label, "worker").uuid == foreign.uuid


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"crystal": None}, "which crystal"),
        ({"crystal": Path("/nowhere/copper.cif")}, "cannot open the crystal '/nowhere/copper.cif'"),
        ({"boundary": {}}, "needs an axis, a plane"),
        ({"engine": {"name": "oracle"}}, "there is no engine 'oracle', known are lammps, pw"),
        ({"engine": {"code": "nobody@nowhere"}}, "there is no code 'nobody@nowhere'; `aiida-gbml setup`"),
        ({"engine": {"code": "$(reboot); rm -rf ~"}}, r"there is no code '\$\(reboot\); rm -rf ~'"),
        ({"worker": "python@nowhere"}, "there is no code 'python@nowhere'"),
        ({"extend": 999999}, "there is no search 999999"),
        ({"start_from": [999999]}, "there is no search 999999"),
        ({"extend": "first"}, "first"),
        ({"overrides": {"bugdet": 4}}, "there is no setting 'bugdet'"),
        ({"overrides": {"budget": -1}}, "'budget' must be at least 1, got -1"),
        ({"protocol": "quick"}, "quick"),
    ],
)
def test_what_does_not_exist_is_named(settings: dict[str, Any], changes: dict[str, Any], sentence: str) -> None:
    before = orm.QueryBuilder().append(orm.Node).count()
    with pytest.raises(ValueError, match=sentence):
        configuration.builder({**settings, **changes})
    assert orm.QueryBuilder().append(orm.Node).count() == before


def test_settings_that_an_engine_does_not_know_are_named(settings: dict[str, Any]) -> None:
    settings["engine"]["colour"] = "blue"
    settings["engine"]["name"] = "lammps"
    with pytest.raises(ConfigurationError, match=r"settings of the engine 'lammps' do not fit it: .*colour"):
        configuration.builder(settings)


def test_only_searches_are_extended(settings: dict[str, Any]) -> None:
    for node in (orm.Dict({}).store(), orm.WorkChainNode().store()):
        with pytest.raises(ConfigurationError, match=f"process {node.pk} has no evaluated structures to start from"):
            configuration.builder({**settings, "extend": node.pk})


def test_the_crystal_becomes_a_node_of_its_file(settings: dict[str, Any]) -> None:
    structure = configuration.read_into_graph(settings)
    file = structure.creator.inputs.file  # type: ignore[union-attr]
    assert file.filename == "copper.cif"
    assert file.get_content(mode="rb") == settings["crystal"].read_bytes()
