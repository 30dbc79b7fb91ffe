"""`aiida-gbml launch potential-surface`, as a user types it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from aiida import orm
from ase.build import bulk
from ase.io import write
from click.testing import CliRunner
from hosts import PALLADIUM

from aiida_gbml.cli.launch import launch
from aiida_gbml.cli.potential_surface import _KEYS, _OPTIONS, potential_surface

pytestmark = pytest.mark.usefixtures("aiida_profile")

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def palladium(tmp_path):
    write(tmp_path / "palladium.cif", bulk("Pd", a=3.89))
    return tmp_path / "palladium.cif"


def invoke(*arguments, expect=0):
    result = CliRunner().invoke(potential_surface, [str(one) for one in arguments])
    assert result.exit_code == expect, result.output
    assert "Traceback" not in result.output
    return result.output


def test_it_is_a_command_of_launch():
    assert "potential-surface" in launch.list_commands(None)
    assert {place[0] for _, place in _OPTIONS} <= set(_KEYS)


def test_a_search_of_a_file_runs_here(palladium, engine_code, tmp_path):
    overrides = {"grid": PALLADIUM, "strategy": {"method": "exhaustive"}}
    settings = {"crystal": palladium.name, "mobile": "H", "overrides": overrides}
    settings["engine"] = {"name": "gbml.evaluation.emt", "code": engine_code}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings))
    output = invoke("--config", tmp_path / "config.yaml", "--seed", 3, "--run", "--plot", tmp_path / "pictures")
    assert "barrier" in output
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 2  # a complete search has no course
    node = orm.QueryBuilder().append(orm.WorkChainNode).order_by({orm.WorkChainNode: {"id": "desc"}}).first(flat=True)
    search = node if node.process_label == "PotentialSurfaceWorkChain" else node.caller
    assert search.inputs.seed.value == 3
    assert search.inputs.structure.creator.process_label == "read_crystal"


def test_a_dry_run_makes_nothing(palladium):
    before = orm.QueryBuilder().append(orm.Node).count()
    output = invoke(palladium, "--mobile", "H", "--spacing", 0.5, "--budget", 7, "--dry-run")
    assert "6 x 6 x 6 = 216 points" in output
    assert "one for each orbit of 48 operations" in output
    assert "at most 7" in output
    assert orm.QueryBuilder().append(orm.Node).count() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mobile", "H"], "which crystal?"),
        (["CIF"], "which element moves?"),
        (["CIF", "--mobile", "Xx"], "got 'Xx'"),
        (["CIF", "--mobile", "H", "--spacing", "-1"], "'spacing' of the grid must be a positive number"),
        (["CIF", "--mobile", "H", "--engine", "guess"], "there is no engine 'guess'"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(palladium, arguments, message):
    given = [palladium if one == "CIF" else one for one in arguments]
    output = invoke(*given, *(["--run"] if "guess" in given else ["--dry-run"]), expect=1)
    assert output.startswith("Critical: ")
    assert message in output
    assert len(output.splitlines()) == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("mobile: [H]", "which element moves? Give --mobile with a symbol, such as H, got '['H']'"),
        ("mobile: H\noverrides: {grid: 3}", "'grid' must be a mapping, got 3"),
        ("mobile: H\noverrides: {temperature: -3}", "'temperature' must be positive, got -3"),
        ("mobile: H\noverrides: {engine: 3}", "'engine' must be a mapping, got 3"),
        ("mobile: H\nengine: {potential: missing.yaml}", "there is no potential file 'missing.yaml'"),
    ],
)
def test_a_dry_run_refuses_what_a_search_would(palladium, tmp_path, settings, message):
    (tmp_path / "config.yaml").write_text(settings)
    assert message in invoke(palladium, "--config", tmp_path / "config.yaml", "--dry-run", expect=1)


def test_unknown_keys_of_a_file_are_named(tmp_path):
    (tmp_path / "config.yaml").write_text("boundary: {sigma: 5}\n")
    assert "unknown key 'boundary'" in invoke("--config", tmp_path / "config.yaml", "--dry-run", expect=1)


@pytest.mark.lammps
def test_the_example_finds_the_path_of_a_proton(lammps_code):
    code = lammps_code.full_label
    overrides = ["--spacing", 0.25, "--strategy", "exhaustive"]  # one job of all points
    output = invoke("--config", EXAMPLES / "proton.yaml", "--code", code, *overrides, "--run")
    assert "buck/coul/long" in output
    assert "bottleneck_evaluated  True" in output
