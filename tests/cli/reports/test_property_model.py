"""What is said of a model of a property."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from aiida import orm
from aiida.engine import ProcessState

from aiida_gbml.cli.reports.base import report_of
from aiida_gbml.cli.reports.property_model import PropertyModelReport


@pytest.fixture
def report(stored_model: orm.WorkChainNode) -> PropertyModelReport:
    """Return the report of a model."""
    found = report_of(stored_model)
    assert isinstance(found, PropertyModelReport)
    return found


def test_the_figures_are_those_of_the_fit_with_units(report: PropertyModelReport) -> None:
    text = report.text(3)
    found = report.node.outputs.report
    assert f"{found['rmse']:.4g} Å³/atom" in text
    assert f"{100 * found['coverage']:.1f} % of the values lie in their intervals of 90 %" in text
    assert "factor" not in text
    assert f"kernel_ridge on {found['n_descriptors']} descriptors" in text
    assert report.title == f"Model of a property {report.node.pk}: finished"


def test_errors_of_a_logarithm_are_factors_too(report: PropertyModelReport) -> None:
    report.found |= {"scale": "log10", "error_unit": "decades", "rmse": 1.0}
    assert "1 decades (a factor of 10)" in report.text(1)


def test_the_rows_begin_with_the_largest_errors(report: PropertyModelReport) -> None:
    errors = [abs(row["prediction"] - row["target"]) for row in report.rows()]
    assert errors == sorted(errors, reverse=True)
    assert len(errors) == 45
    content = report.content(2)
    assert [row["compound"] for row in content["rows"]] == [row["compound"] for row in report.rows()[:2]]
    assert [row["compound"] for row in content["predicted"]] == ["Cu", "Ag"]
    assert json.loads(json.dumps(content))["state"] == "finished"


def test_files_hold_all_predictions(report: PropertyModelReport, tmp_path: Path) -> None:
    paths = report.write("csv", tmp_path / "model.csv")
    assert [path.name for path in paths] == ["model.csv", "model_predicted.csv"]
    rows = list(csv.DictReader(paths[0].open()))
    assert len(rows) == 45
    assert rows[0]["unit"] == "Å³/atom"
    assert {row["model_uuid"] for path in paths for row in csv.DictReader(path.open())} == {
        report.node.outputs.model.uuid
    }
    rmse = np.sqrt(np.mean([(float(row["prediction"]) - float(row["target"])) ** 2 for row in rows]))
    assert rmse == pytest.approx(report.found["rmse"])
    (path,) = report.write("json", tmp_path / "model.json")
    assert len(json.loads(path.read_text())["predicted"]) == 6


def test_the_picture_is_drawn_and_nothing_is_wrong(report: PropertyModelReport, tmp_path: Path) -> None:
    assert [path.name for path in report.draw([], tmp_path, ["png"], None)] == [
        f"property_model_{report.node.pk}_parity.png"
    ]
    assert report.problems() == []
    with pytest.raises(ValueError, match="cannot be laid over"):
        report.draw([], tmp_path, ["png"], tmp_path / "measured.msa")


def test_a_model_that_is_not_there_yet_says_so(aiida_profile: object, tmp_path: Path) -> None:
    node = orm.WorkChainNode()
    node.set_process_label("PropertyModelWorkChain")
    node.set_process_state(ProcessState.RUNNING)
    report = PropertyModelReport(node.store())
    assert report.text(3) == f"Model of a property {node.pk}: running, 0 of 0 children ended"
    assert report.rows() == []
    with pytest.raises(ValueError, match="has learned nothing yet"):
        report.write("csv", tmp_path / "a.csv")


def test_warnings_come_with_a_remedy(aiida_profile: object) -> None:
    node = orm.WorkChainNode()
    node.set_process_label("PropertyModelWorkChain")
    node.set_process_state(ProcessState.FINISHED)
    node.set_exit_status(501)
    node.set_exit_message("nothing learned")
    ((what, remedy),) = PropertyModelReport(node.store()).problems()
    assert what == "nothing learned"
    assert "other descriptors" in remedy
