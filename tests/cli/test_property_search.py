"""`aiida-gbml launch property-search`, as a user types it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from alloys import database, elements
from ase.io import write
from click.testing import CliRunner, Result

from aiida_gbml.cli.property_search import property_search
from aiida_gbml.data.structure_set import StructureSetData

pytestmark = pytest.mark.usefixtures("aiida_profile")

Invoke = Callable[..., Result]
FORMATION = ["--property", "formation_energy_per_atom", "--references", "metals.extxyz"]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine_code: str, emt_engine: str) -> Invoke:
    """Return a function that runs the command in a folder with alloys, with the engine within the interpreter."""
    monkeypatch.chdir(tmp_path)
    write("alloys.extxyz", list(database()))
    write("metals.extxyz", list(elements()))

    def call(*arguments: object, expect: int = 0) -> Result:
        engine = ["--engine", emt_engine, "--code", engine_code, "--mode", "static"]
        result = CliRunner().invoke(property_search, [*map(str, arguments), *engine])
        assert result.exit_code == expect, result.output
        assert "Traceback" not in result.output
        return result

    return call


def test_a_search_runs_here_and_shows_what_it_found(invoke: Invoke) -> None:
    arguments = ["alloys.extxyz", *FORMATION, "--budget", 6, "--batch-size", 6, "--run", "--plot", "pictures"]
    output = invoke(*arguments).output
    assert "finished" in output
    assert "formation_energy_per_atom (eV/atom)" in output
    assert "Not evaluated, by what the model expects" in output
    assert len(list(Path("pictures").glob("*progress.png"))) == 1
    node = orm.load_node(int(output.split("\npk ")[1].split()[0]))
    assert node.inputs.candidates.creator.inputs.file.filename == "alloys.extxyz"


def test_a_dry_run_says_what_would_be_searched_and_makes_nothing(invoke: Invoke) -> None:
    before = orm.QueryBuilder().append(orm.Node).count()
    output = invoke("alloys.extxyz", *FORMATION, "--goal", "maximise", "--dry-run").output
    assert "formation energy per atom (eV/atom), maximise" in output
    assert "45, 0 of them known" in output
    assert "Ag, Au, Cu, Ni, Pd, Pt" in output
    assert "up to 40, 4 a round" in output
    assert orm.QueryBuilder().append(orm.Node).count() == before


def test_a_configuration_holds_the_same(invoke: Invoke) -> None:
    Path("search.yaml").write_text(
        "candidates: alloys.extxyz\nobjective: {property: volume_per_atom, goal: target, target: 14}\n"
        "overrides: {budget: 9}\n"
    )
    output = invoke("--config", "search.yaml", "--dry-run").output
    assert "as close to 14 as there is" in output
    assert "up to 9" in output


def test_mistakes_end_with_one_sentence_and_store_nothing(invoke: Invoke) -> None:
    Path("a.csv").write_text("formula\nNaCl\n")
    before = orm.QueryBuilder().append(orm.Node).count()
    cases: list[tuple[list[Any], str]] = [
        ([], "which candidates? Give a file of structures"),
        (["a.csv", "--property", "density"], "the candidates are compositions, and an engine needs structures"),
        (["alloys.extxyz"], "which property? The objective lacks 'property'"),
        (["alloys.extxyz", "--property", "formation_energy_per_atom"], "needs crystals of the elements"),
        (["alloys.extxyz", "--property", "density", "--goal", "target"], "'target' of the objective is the value"),
        (["alloys.extxyz", "--property", "density", "--method", "luck"], "unknown method 'luck'"),
    ]
    for arguments, words in cases:
        assert words in invoke(*arguments, "--run", expect=1).output
    for override, words in {
        "budget: many": "'budget' must be a whole number, got 'many'",
        "batch_size: 0": "'batch_size' must be at least 1, got 0",
        "engine: lammps": "'engine' must be a mapping, got 'lammps'",
        "bugdet: 3": "there is no setting 'bugdet' to override",
    }.items():
        Path("search.yaml").write_text(f"objective: {{property: density}}\noverrides: {{{override}}}\n")
        for mode in ("--run", "--dry-run"):
            assert words in invoke("alloys.extxyz", "--config", "search.yaml", mode, expect=1).output
    assert orm.QueryBuilder().append(orm.Node).count() == before


def test_a_dry_run_misses_the_potential(invoke: Invoke) -> None:
    output = invoke(
        "alloys.extxyz", "--property", "density", "--potential", "missing.yaml", "--dry-run", expect=1
    ).output
    assert "there is no potential file 'missing.yaml'" in output


def test_a_node_is_searched_as_it_is(invoke: Invoke) -> None:
    node = StructureSetData(database().take(range(6))).store()
    assert "6, 0 of them known" in invoke(node.pk, "--property", "density", "--dry-run").output
