"""`aiida-gbml property`, as a user types it."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from alloys import database, elements
from ase.io import write
from click.testing import CliRunner, Result
from searches import emt

from aiida_gbml.cli.property import property as command
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_files import to_extxyz

pytestmark = pytest.mark.usefixtures("aiida_profile")

Invoke = Callable[..., Result]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aiida_localhost: Any, aiida_code_installed: Any) -> Invoke:
    """Return a function that runs a command in an empty folder, with a worker."""
    monkeypatch.chdir(tmp_path)
    aiida_localhost.set_minimum_job_poll_interval(0.1)
    aiida_code_installed(
        label="worker",
        default_calc_job_plugin="gbml.worker",
        computer=aiida_localhost,
        filepath_executable=sys.executable,
        prepend_text="export OMP_NUM_THREADS=1",
    )

    def call(*arguments: object, expect: int = 0) -> Result:
        result = CliRunner().invoke(command, [str(one) for one in arguments])
        assert result.exit_code == expect, result.output
        assert "Traceback" not in result.output
        return result

    return call


def test_a_model_is_trained_judged_and_drawn(invoke: Invoke, tmp_path: Path) -> None:
    Path("alloys.extxyz").write_text(to_extxyz(emt(database())))
    write("metals.extxyz", list(elements()))
    train = [
        "train",
        "alloys.extxyz",
        "--target",
        "volume_per_atom",
        "--model",
        "kernel_ridge",
        "--folds",
        3,
        "--seed",
        5,
    ]
    output = invoke(*train, "--predict", "metals.extxyz", "--plot", "pictures").output
    assert "45 structures of 45 rows" in output
    for word in ("rmse", "Å³/atom", "coverage", "45 in 15 groups", "Predicted:"):
        assert word in output
    assert len(list(Path("pictures").glob("property_model_*_parity.png"))) == 1
    node = orm.load_node(int(output.split("pk ")[1].split()[0]))
    assert node.inputs.validation["seed"] == node.inputs.model["settings"]["seed"] == 5
    assert f"predict with `aiida-gbml property predict FILE --model {node.pk}`" in output


def test_nothing_is_made_in_a_dry_run_and_rejected_rows_are_told(invoke: Invoke) -> None:
    Path("a.csv").write_text("formula,gap\nNaCl,8.5\nNaCl,8.7\nMgO,7.8\nXx,1\nD2O,2\nLiF,nan\n")
    before = orm.QueryBuilder().append(orm.Node).count()
    output = invoke("train", "a.csv", "--target", "gap", "--dry-run").output
    assert "2 compositions of 6 rows, counted from 0" in output
    assert "1 row repeats a compound: NaCl (2)" in output
    assert "1 row rejected (unknown element), the first is row 3: 'Xx'" in output
    assert "1 row rejected (no value), the first is row 5" in output
    assert orm.QueryBuilder().append(orm.Node).count() == before


def test_a_stored_model_predicts_a_table(invoke: Invoke, stored_model: orm.WorkChainNode) -> None:
    write("metals.extxyz", list(elements()))
    output = invoke("predict", "metals.extxyz", "--model", stored_model.pk, "-o", "out.csv", "--rows", 2).output
    assert "volume_per_atom (Å³/atom)" in output
    assert "wrote out.csv" in output
    rows = list(csv.DictReader(Path("out.csv").read_text().splitlines()))
    assert [row["compound"] for row in rows] == ["Cu", "Ag", "Au", "Ni", "Pd", "Pt"]
    expected = stored_model.outputs.predicted.get_array("prediction")
    assert [float(row["prediction"]) for row in rows] == pytest.approx(expected.tolist())
    assert all(float(row["lower"]) <= float(row["prediction"]) <= float(row["upper"]) for row in rows)
    assert rows[0]["unit"] == "Å³/atom"
    assert rows[0]["model_uuid"] == stored_model.outputs.model.uuid


def test_families_are_listed_drawn_and_written(invoke: Invoke) -> None:
    node = StructureSetData(database()).store()
    arguments = ["--descriptors", "composition", "--n-clusters", 3, "--plot", "pictures", "-o", "groups.csv"]
    output = invoke("cluster", node.pk, *arguments).output
    for word in ("nearest to its centre", "What tells them apart", "class: group 1", "mean silhouettes"):
        assert word in output
    rows = list(csv.DictReader(Path("groups.csv").read_text().splitlines()))
    assert {row["group"] for row in rows} == {"1", "2", "3"}
    assert len(list(Path("pictures").glob("compounds_*_map.png"))) == 1


def test_mistakes_end_with_one_sentence(invoke: Invoke, stored_model: orm.WorkChainNode) -> None:
    Path("a.csv").write_text("formula,gap\nNaCl,8.5\n")
    for arguments, words in (
        (["train", "b.csv", "--target", "gap"], "there is no file 'b.csv'"),
        (["train", "a.csv"], "which property? Give --target COLUMN"),
        (["train", "a.csv", "--target", "x"], "no column 'x', its columns are formula, gap"),
        (["train", "a.csv", "--target", "gap", "--worker", "nobody"], "there is no code 'nobody'"),
        (["predict", "a.csv", "--model", "99999"], "there is no file and no node '99999'"),
        (["cluster", "a.csv", "-o", "a.csv"], "'a.csv' exists already; choose another name with --output"),
        (["cluster", "a.csv", "-o", "away/b.csv"], "there is no folder 'away' for 'b.csv'"),
        (["predict", "a.csv", "--model", stored_model.pk, "-o", "a.csv"], "'a.csv' exists already"),
        (["predict", "a.csv", "--model", stored_model.pk], "ended with [320]"),
    ):
        output = invoke(*arguments, expect=1).output
        assert words in output
    assert Path("a.csv").read_text() == "formula,gap\nNaCl,8.5\n"
