"""The report of a search of a potential-energy surface."""

import csv
import json

import pytest
from aiida import orm
from aiida.engine import ProcessState, run_get_node
from ase.io import read
from hosts import surface_builder

from aiida_gbml.cli.reports.base import report_of

pytestmark = pytest.mark.usefixtures("aiida_profile", "emt_engine")


@pytest.fixture(scope="module")
def report(aiida_profile, emt_engine):
    return report_of(run_get_node(surface_builder())[1])


def test_the_text_says_barrier_sites_and_counts(report):
    text = report.text(3)
    barrier = report.node.outputs.summary["barrier"]
    assert text.startswith(f"Search of a potential-energy surface {report.node.pk}: finished")
    assert f"{barrier:.4f} eV" in text
    assert "energy (eV)    in the cell    fractional" in text
    assert "effective-medium theory" in text
    assert "% of the drawn surfaces have this barrier" in text
    assert report.content(3)["summary"]["barrier"] == barrier


def test_pictures_are_drawn(report, tmp_path):
    found = report.draw([], tmp_path, ["png"], None)
    assert [path.name.rpartition("_")[2] for path in found] == ["path.png", "course.png", "cuts.png"]
    assert all(path.stat().st_size > 5000 for path in found)
    with pytest.raises(ValueError, match="cannot be laid over a surface"):
        report.draw([], tmp_path, ["png"], tmp_path / "measured.csv")


def test_files_hold_path_summary_and_structures(report, tmp_path):
    for name in report.formats:
        report.write(name, tmp_path / f"found.{name}")
    content = json.loads((tmp_path / "found.json").read_text())
    with (tmp_path / "found.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(content["path"])
    assert max(float(row["energy"]) for row in rows) == pytest.approx(content["summary"]["barrier"])
    assert len(read(tmp_path / "found.extxyz", ":")) == content["summary"]["n_evaluated"]


@pytest.fixture(scope="module")
def caged(aiida_profile, emt_engine):
    """Return the report of a search that reaches the octahedra only, and not all of their points."""
    grid = {"spacing": 0.3, "min_distances": {"Pd": 1.7}}
    settings = {"grid": grid, "strategy": {"method": "exhaustive"}, "max_failed_fraction": 1.0}
    return report_of(run_get_node(surface_builder({"least_distance": 1.8}, **settings))[1])


def test_a_search_without_a_path_says_so(caged, tmp_path):
    assert "barrier             no path" in caged.text(3)
    assert json.dumps(caged.content(3))
    with pytest.raises(ValueError, match="has no path to draw"):
        caged.draw([], tmp_path, ["png"], None)
    with pytest.raises(ValueError, match="has no path to write"):
        caged.write("csv", tmp_path / "path.csv")


def test_failures_are_explained(caged):
    ((what, remedy),) = caged.problems()
    n_failed = caged.view.summary["n_failed"]
    assert what == f"{n_failed} evaluation{'s' * (n_failed > 1)}: atoms overlap: a pair is closer than 1.8 Å"
    assert "no part of any path" in remedy


def test_a_search_that_has_not_begun_has_nothing_to_export(tmp_path):
    node = orm.WorkChainNode()
    node.set_process_label("PotentialSurfaceWorkChain")
    node.set_process_state(ProcessState.CREATED)
    report = report_of(node.store())
    assert report.text(3).endswith("created, 0 evaluated")
    with pytest.raises(ValueError, match="nothing to export: it is created"):
        report.write("json", tmp_path / "found.json")
