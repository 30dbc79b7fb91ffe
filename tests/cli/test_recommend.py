"""Tests of aiida_gbml.cli.recommend."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from aiida.cmdline.utils import echo
from click.testing import CliRunner, Result
from known_compositions import IONS, known_set

from aiida_gbml.cli.recommend import recommend
from aiida_gbml.cli.recommend_launch import KINDS
from aiida_gbml.science.compounds.recommenders.registry import RECOMMENDERS
from aiida_gbml.science.compounds.roles import RoleTable


@pytest.fixture
def run(aiida_profile: Any) -> Callable[..., Result]:
    """Return a function that runs a command."""

    def invoke(*arguments: Any) -> Result:
        return CliRunner().invoke(recommend, [str(one) for one in arguments])

    return invoke


@pytest.fixture
def known_csv(tmp_path: Path) -> Path:
    """Return a file of known compositions."""
    path = tmp_path / "known.csv"
    path.write_text("formula\n" + "\n".join(known_set().formulas()) + "\nD2O\n")
    return path


@pytest.fixture
def ions_yaml(tmp_path: Path) -> Path:
    """Return a file of ions."""
    path = tmp_path / "ions.yaml"
    path.write_text(json.dumps(IONS.to_dict()))
    return path


def test_the_steps_one_by_one(
    run: Callable[..., Result], known_csv: Path, ions_yaml: Path, python_code: orm.InstalledCode
) -> None:
    worker = ["--worker", python_code.full_label]
    done = run("fit", known_csv, "--kind", "substitution", "--ions", ions_yaml, "--label", "mine", *worker)
    assert done.exit_code == 0, done.output
    assert "n_used" in done.output
    pk = done.output.split("pk ")[1].split()[0]
    job = orm.load_node(int(pk)).creator
    assert job.label == "mine"
    assert job.inputs.arrays.known.creator.process_label == "read_compositions"
    done = run("score", "--model", pk, "--top-k", "7", "--json", *worker)
    assert done.exit_code == 0, done.output
    content = json.loads(done.output)
    assert len(content["rows"]) == 7
    assert content["provenance"]["model"] == "substitution"
    best = content["rows"][0]
    done = run("score", best["formula"], "--model", pk, "--json")
    assert json.loads(done.output) == [{"formula": best["formula"], "score": best["score"], "known": False}]
    old = RoleTable.of(known_set(), IONS, 3)[0].composition(0).formula
    assert "known already, so that no ranking lists it" in run("explain", old, "--model", pk).output
    assert run("score", old, best["formula"], "--model", pk).output.split()[-1] == "no"
    done = run("explain", best["formula"], "--model", job.pk, "--rows", "2")
    assert done.exit_code == 0, done.output
    assert "known analogues:" in done.output
    explained = json.loads(run("explain", best["formula"], "--model", pk, "--json").output)
    assert explained["score"] == best["score"]
    assert {one["formula"] for one in explained["analogues"]} <= set(known_set().formulas())


def test_evaluate(run: Callable[..., Result], known_csv: Path, ions_yaml: Path, python_code: orm.InstalledCode) -> None:
    arguments = ["--kind", "popularity", "--ions", ions_yaml, "--hold-out", "0.3", "--worker", python_code.full_label]
    done = run("evaluate", known_csv, *arguments)
    assert done.exit_code == 0, done.output
    assert "popularity" in done.output
    assert "in 100" in done.output


def test_lookup(run: Callable[..., Result], stored_recommendation: orm.WorkChainNode) -> None:
    ranking = stored_recommendation.outputs.ranking.ranking
    symbol = ranking.composition(0).elements[0]
    done = run("lookup", stored_recommendation.pk, "--element", symbol, "--rows", "30", "--json")
    rows = json.loads(done.output)["rows"]
    expected = [row for row in range(30) if symbol in ranking.composition(row).elements]
    assert [row["formula"] for row in rows] == [ranking.composition(row).formula for row in expected]
    done = run("lookup", stored_recommendation.outputs.ranking.pk, "--threshold", ranking.scores[4])
    assert f"4 of {len(ranking)} rows fit, 4 are shown" in done.output
    assert f"0 of {len(ranking)} rows fit" in run("lookup", stored_recommendation.pk, "--n-elements", "4").output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["explain", "Xx2O", "--model", "{model}"], "'Xx2O' has the symbol 'Xx', which is no element"),
        (["explain", "D2SO4", "--model", "{model}"], "deuterium"),
        (["explain", "MgO", "--model", "{model}"], "'MgO' is no neutral composition of 3 elements"),
        (["explain", "MgAl2O4", "--model", "{known}"], "neither is nor has a fitted recommender"),
        (["score", "Mg(", "--model", "{model}"], "is no formula"),
        (["lookup", "{known}"], "neither a recommendation nor a ranking"),
        (["lookup", "{ranking}", "--element", "Xx"], "'Xx' is no element"),
        (["fit", "absent.csv"], "there is neither a file nor a node 'absent.csv'"),
        (["fit", "{known}", "--worker", "absent"], "there is no code 'absent'"),
        (["evaluate", "{known}", "--hold-out", "0.2", "--cutoff", "5"], "are different ways to judge"),
    ],
)
def test_bad_input_is_one_sentence(
    run: Callable[..., Result],
    stored_recommendation: orm.WorkChainNode,
    python_code: orm.InstalledCode,
    arguments: list[str],
    sentence: str,
) -> None:
    outputs = stored_recommendation.outputs
    pks = {"model": outputs.model.pk, "ranking": outputs.ranking.pk, "known": stored_recommendation.inputs.known.pk}
    given = [one.format(**pks) for one in arguments]
    if given[0] == "fit" and "--worker" not in given:
        given += ["--worker", python_code.full_label]
    done = run(*given)
    assert done.exit_code == 1
    assert sentence in done.output
    assert "Traceback" not in done.output


def test_all_recommenders_are_named_in_the_help() -> None:
    assert set(re.findall(r"\w+", KINDS)) - {"or"} == set(RECOMMENDERS)


def test_an_explanation_is_printed_at_once(
    run: Callable[..., Result], stored_recommendation: orm.WorkChainNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or its rest finds no reader when it is piped into `head`, of which AiiDA prints a traceback a line."""
    printed: list[str] = []
    monkeypatch.setattr(echo, "echo", printed.append)
    formula = stored_recommendation.outputs.ranking.ranking.composition(0).formula
    assert run("explain", formula, "--model", stored_recommendation.pk).exit_code == 0
    (text,) = printed
    assert text.startswith(f"{formula}: score ")
    assert "\nfactors:\n" in text
