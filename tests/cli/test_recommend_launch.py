"""Tests of aiida_gbml.cli.recommend_launch."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiida import orm
from click.testing import CliRunner, Result
from known_compositions import IONS, known_set
from recommendations import SPACE

from aiida_gbml.cli.recommend_launch import recommend, settings_of

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def run(aiida_profile: Any) -> Callable[..., Result]:
    """Return a function that runs the command."""

    def invoke(*arguments: Any) -> Result:
        return CliRunner().invoke(recommend, [str(one) for one in arguments])

    return invoke


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a configuration file beside its known compositions."""

    def write(**changes: Any) -> Path:
        (tmp_path / "known.csv").write_text("formula\n" + "\n".join(known_set().formulas()) + "\nD2O\nMgO\n")
        (tmp_path / "ions.yaml").write_text(json.dumps(IONS.to_dict()))
        settings = {"known": "known.csv", "ions": "ions.yaml", "space": SPACE, "model": "substitution"} | changes
        path = tmp_path / "recommend.yaml"
        path.write_text(yaml.safe_dump(settings))
        return path

    return write


def test_a_ranking_with_one_command(
    run: Callable[..., Result], config: Callable[..., Path], python_code: orm.InstalledCode, tmp_path: Path
) -> None:
    arguments = ["--worker", python_code.full_label, "--top-k", 40, "--hold-out", 0.3, "--plot", tmp_path, "--run"]
    done = run("--config", config(), *arguments)
    assert done.exit_code == 0, done.output
    node = orm.load_node(int(done.output.split("\npk ")[1].split()[0]))
    assert len(node.outputs.ranking) == 40
    assert node.inputs.known.creator.process_label == "read_compositions"
    assert node.outputs.ranking.ranking.formulas()[0] in done.output
    assert "Nearest known" in done.output
    assert "popularity" in done.output
    assert (tmp_path / f"ranking_{node.pk}_enrichment.png").exists()


def test_a_dry_run_counts_and_stores_nothing(run: Callable[..., Result], config: Callable[..., Path]) -> None:
    before = orm.QueryBuilder().append(orm.Node).count()
    done = run("--config", config(), "--n-shards", 3, "--dry-run")
    assert done.exit_code == 0, done.output
    assert "1 rows: 1 isotope" in done.output
    assert "3, at most 2 at a time" in done.output
    assert orm.QueryBuilder().append(orm.Node).count() == before


@pytest.mark.parametrize(
    "bad",
    [
        ({"known": "absent.csv"}, (), "there is neither a file nor a node 'absent.csv'"),
        ({"colour": "red"}, (), "has the unknown key 'colour'"),
        ({"space": {"arity": 9}}, (), "2 to 5 elements"),
        ({"model": "oracle"}, (), "there is no recommender 'oracle'"),
        ({}, ("--require", "Kr"), "no neutral composition"),
        ({}, ("--anion", "Xx"), "'Xx', which is no element"),
        ({"ions": "absent.yaml"}, (), "there is no table of ions 'absent.yaml'"),
        ({}, ("--hold-out", "0.2", "--cutoff", "7"), "--hold-out and --cutoff are different ways"),
        ({"later": "known.csv", "validation": {"kind": "holdout"}}, (), "'later' and 'validation' are different ways"),
        ({}, ("--cutoff", "2020-01-01"), "no composition has a first-seen date"),
        ({"verification": {"engine": {}}}, (), "the verification needs 'prototypes'"),
        ({"verification": {"colour": 1}}, (), "the verification has the unknown key 'colour'"),
        ({"read": {"column": "price"}}, (), "known.csv"),
        ({}, ("--worker", "absent"), "there is no code 'absent'"),
    ],
)
def test_bad_input_is_one_sentence_and_stores_nothing(
    run: Callable[..., Result],
    config: Callable[..., Path],
    python_code: orm.InstalledCode,
    bad: tuple[dict[str, Any], tuple[str, ...], str],
) -> None:
    changes, arguments, sentence = bad
    before = orm.QueryBuilder().append(orm.Node).count()
    worker = () if "--worker" in arguments else ("--worker", python_code.full_label)
    done = run("--config", config(**changes), *arguments, *worker, "--run")
    assert done.exit_code == 1
    assert sentence in done.output
    assert "Traceback" not in done.output
    assert orm.QueryBuilder().append(orm.Node).count() == before


@pytest.mark.parametrize("name", ["oxides", "chalcogenides"])
def test_the_examples_are_read(run: Callable[..., Result], name: str) -> None:
    done = run("--config", EXAMPLES / f"{name}.yaml", "--model", "substitution", "--dry-run")
    assert done.exit_code == 0, done.output
    assert "no row" in done.output


def test_how_a_model_is_judged_is_said_by_the_command_before_the_file(config: Callable[..., Path]) -> None:
    from_file = settings_of(None, config(later="known.csv"), {})
    assert from_file["later"].endswith("known.csv")
    changed = settings_of(None, config(later="known.csv"), {"hold_out": 0.25})
    assert "later" not in changed
    assert changed["validation"]["fraction"] == 0.25
    changed = settings_of(None, config(validation={"kind": "holdout"}), {"later": "other.csv"})
    assert (changed["later"], "validation" in changed) == ("other.csv", False)
