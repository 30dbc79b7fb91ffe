"""Tests of aiida_gbml.cli.reports.recommendation."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from pathlib import Path

import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ProcessState
from titanates import oxides, perovskite

from aiida_gbml.cli.reports.base import report_of
from aiida_gbml.cli.reports.recommendation import RecommendationReport, plain_rows
from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.verification import judge_compositions
from aiida_gbml.science.structure_set import StructureSet


@pytest.fixture
def report(stored_recommendation: orm.WorkChainNode) -> RecommendationReport:
    """Return the report of a finished recommendation."""
    found = report_of(stored_recommendation)
    assert isinstance(found, RecommendationReport)
    return found


def test_text_and_content_tell_the_same(report: RecommendationReport) -> None:
    text, content = report.text(4), report.content(4)
    assert [row["formula"] for row in content["ranking"]] == report.view.ranking.formulas()[:4]  # type: ignore[union-attr]
    assert all(row["formula"] in text for row in content["ranking"])
    assert "Judged by compositions" in text
    assert "svd_pair" in text
    assert "candidates scored" in text
    assert f"  {report.view.summary['nearest_known_of_first_100'][3]}" in text
    assert "Probability" not in text, "this model has none"
    assert max(map(len, text.splitlines())) < 120
    json.dumps(content, allow_nan=False)


def test_what_was_rejected_and_is_not_covered_is_explained(report: RecommendationReport) -> None:
    problems = dict(report.problems())
    what = "1 rows of the known compositions were rejected: isotope"
    assert problems[what] == f"look at `verdi data gbml.compositions show {report.node.inputs.known.pk}`"


def test_known_compositions_that_are_no_candidates_are_named(stored_recommendation: orm.WorkChainNode) -> None:
    formulas = ("LiTi2O4", "NaXeO3", "NaKAl", "Na4TiO4", "SrTiO3", "MgO", *(f"Na{n}AlO5" for n in range(11, 17)))
    known = CompositionSetData(CompositionSet.of([parse_formula(text) for text in formulas])).store()
    node = orm.WorkChainNode()
    node.set_process_label("RecommendationWorkChain")
    node.base.links.add_incoming(known, LinkType.INPUT_WORK, "known")
    node.store()
    stored_recommendation.outputs.ranking.base.links.add_incoming(node, LinkType.RETURN, "ranking")
    found = [what.partition("no candidates, since ")[2] for what, _ in report_of(node).problems()]
    assert found[:2] == [
        "an element has no charge in the table of ions: NaXeO3",
        "no element can be the anion, as in alloys: KNaAl",
    ]
    assert found[2].startswith("no charges add up to zero: LiTi2O4, ")
    assert found[2].endswith(", ...")
    assert found[3:] == ["a coefficient is too large: Na4TiO4"]


def test_files_hold_licence_and_provenance(report: RecommendationReport, tmp_path: Path) -> None:
    for file_format in report.formats:
        (path,) = report.write(file_format, tmp_path / f"ranking.{file_format}")
        assert path.stat().st_size > 0
    with (tmp_path / "ranking.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 30
    assert rows[0]["licence"] == "CC0"
    assert rows[0]["ranking_uuid"] == report.node.outputs.ranking.uuid
    assert json.loads((tmp_path / "ranking.json").read_text())["provenance"]["model"] == "svd_pair"
    report.write("sqlite", tmp_path / "ranking.sqlite")  # again, over the first
    connection = sqlite3.connect(tmp_path / "ranking.sqlite")
    assert connection.execute("SELECT count(*) FROM ranking").fetchone() == (30,)
    connection.close()


def test_what_was_computed_is_listed(stored_recommendation: orm.WorkChainNode) -> None:
    """The recommendation of a verification that found one composition stable."""
    structures = StructureSet.from_ase([perovskite()], formula=["SrTiO3"], place=[2], prototype=["CaTiO3"])
    phases = StructureSet.from_ase([oxides()[2], oxides()[4]], formula=["SrO", "TiO2"])
    phases = phases.with_columns(energy=-5.0 * phases.sizes, status=["ok", "ok"])
    evaluated = structures.with_columns(energy=[-26.0], status=["ok"])
    judged, summary, _ = judge_compositions(evaluated, phases, 0.0)
    node = orm.WorkChainNode(process_type=stored_recommendation.process_type)
    node.set_process_label("RecommendationWorkChain")
    node.set_process_state(ProcessState.FINISHED)
    node.set_exit_status(0)
    node.store()
    child = orm.WorkChainNode()
    child.base.links.add_incoming(node, LinkType.CALL_WORK, "verification")
    child.store()
    outputs = {"verified": StructureSetData(judged), "report": orm.Dict({**summary, "expected_hit_rate": None})}
    for label, data in outputs.items():
        data.store().base.links.add_incoming(node, LinkType.RETURN, f"verification__{label}")
    known = stored_recommendation.inputs.known
    known.base.links.add_incoming(node, LinkType.RETURN, "verification__known")
    report = report_of(node)
    text = report.text(5)
    assert f"Computed compositions (process {child.pk})" in text
    assert "0.40 SrO + 0.60 TiO2" in text
    assert f"known and stable ones together: {known.pk}, for the next recommendation" in text
    assert [row["verdict"] for row in report.content(5)["verified"]] == ["stable"]


def test_a_ranking_has_a_report_of_its_own(stored_recommendation: orm.WorkChainNode, tmp_path: Path) -> None:
    report = report_of(stored_recommendation.outputs.ranking)
    text = report.text(3)
    assert text.startswith(f"Ranking {report.node.pk}\n")
    assert re.search(r"Licence +CC0", text)
    assert report.content(3)["summary"]["Licence"] == "CC0"
    assert report.problems() == []
    with pytest.raises(ValueError, match="there is nothing to draw: the model was not judged"):
        report.draw([], tmp_path, ["png"], None)


def test_pictures(report: RecommendationReport, tmp_path: Path) -> None:
    (path,) = report.draw(["enrichment"], tmp_path, ["svg"], None)
    assert path.name == f"ranking_{report.node.pk}_enrichment.svg"
    with pytest.raises(ValueError, match="measured spectrum"):
        report.draw([], tmp_path, ["svg"], tmp_path / "spectrum.msa")


def test_rows_are_plain(report: RecommendationReport) -> None:
    (row,) = plain_rows(report.view.ranking, 1)  # type: ignore[arg-type]
    assert row["place"] == 1
    assert row["probability"] is None
