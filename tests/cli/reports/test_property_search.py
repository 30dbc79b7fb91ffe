"""What is said of a search over compounds."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from aiida import orm
from ase.io import read

from aiida_gbml.cli.reports.base import report_of
from aiida_gbml.cli.reports.property_search import PropertySearchReport


@pytest.fixture
def report(alloy_node: orm.WorkChainNode) -> PropertySearchReport:
    """Return the report of a search."""
    found = report_of(alloy_node)
    assert isinstance(found, PropertySearchReport)
    return found


def test_the_text_tells_the_best_and_what_may_be_better(report: PropertySearchReport) -> None:
    text = report.text(3)
    summary = report.view.summary
    assert f"{summary['best_value']:.6g} eV/atom" in text
    assert summary["best_formula"] in text
    assert "expected formation_energy_per_atom (eV/atom)" in text
    assert report.title.endswith("finished")
    assert f"{report.view.promising(1)[0]['label']} " in text.partition("Not evaluated")[2]
    content = report.content(4)
    assert len(content["ranking"]) == len(content["promising"]) == 4


def test_files_hold_the_ranking_the_structures_and_the_best(report: PropertySearchReport, tmp_path: Path) -> None:
    (path,) = report.write("csv", tmp_path / "a.csv")
    rows = list(csv.DictReader(path.open()))
    assert len(rows) == 6
    assert float(rows[0]["value"]) == pytest.approx(report.view.summary["best_value"])
    (path,) = report.write("extxyz", tmp_path / "a.extxyz")
    assert len(read(path, ":")) == 6
    (path,) = report.write("cif", tmp_path / "a.cif")
    assert read(path).get_chemical_formula(mode="reduce")
    (path,) = report.write("json", tmp_path / "a.json")
    assert len(json.loads(path.read_text())["promising"]) == 39


def test_the_picture_is_drawn_and_nothing_is_wrong(report: PropertySearchReport, tmp_path: Path) -> None:
    names = [path.name for path in report.draw([], tmp_path, ["png", "svg"], None)]
    assert names == [f"property_search_{report.node.pk}_progress.{kind}" for kind in ("png", "svg")]
    assert report.problems() == []


def test_a_search_that_has_not_begun_says_so(
    aiida_profile: object, alloy_node: orm.WorkChainNode, tmp_path: Path
) -> None:
    from aiida.common.links import LinkType
    from aiida.engine import ProcessState

    node = orm.WorkChainNode()
    node.set_process_label("PropertySearchWorkChain")
    node.set_process_state(ProcessState.CREATED)
    for name in ("candidates", "objective", "strategy"):
        node.base.links.add_incoming(alloy_node.inputs[name], LinkType.INPUT_WORK, name)
    report = PropertySearchReport(node.store())
    assert "created, 0 evaluated" in report.text(3)
    with pytest.raises(ValueError, match="has nothing to export"):
        report.write("csv", tmp_path / "a.csv")
    with pytest.raises(ValueError, match="nothing to draw"):
        report.draw([], tmp_path, ["png"], None)
