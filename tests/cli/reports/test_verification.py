"""Tests of aiida_gbml.cli.reports.verification."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ProcessState
from ranked import ranking_of
from titanates import oxides, perovskite

from aiida_gbml.cli.reports.base import report_of
from aiida_gbml.cli.reports.verification import VerificationReport
from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.ranking import RankingData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.verification import judge_compositions
from aiida_gbml.science.structure_set import StructureSet


@pytest.fixture
def report(aiida_profile: Any) -> VerificationReport:
    """Return the report of a verification with a stable composition of two prototypes, a failed and an open one."""
    structures = StructureSet.from_ase(
        [perovskite()] * 4,
        formula=["SrTiO3", "SrTiO3", "BaTiO3", "MgTiO3"],
        place=[1, 1, 3, 4],
        prototype=["CaTiO3"] * 4,
        reason=["", "", "atoms overlap", ""],
    )
    energies, status = [-24.0, -26.0, float("nan"), -25.0], ["ok", "ok", "failed", "ok"]
    phases = StructureSet.from_ase([oxides()[2], oxides()[4]], formula=["SrO", "TiO2"])
    phases = phases.with_columns(energy=-5.0 * phases.sizes, status=["ok", "ok"])
    judged, summary, _ = judge_compositions(structures.with_columns(energy=energies, status=status), phases, 0.0)
    node = orm.WorkChainNode(process_type="aiida.workflows:gbml.composition_verification")
    node.set_process_label("CompositionVerificationWorkChain")
    node.set_process_state(ProcessState.FINISHED)
    node.set_exit_status(0)
    ranking = RankingData(ranking_of(["SrTiO3", "BaTiO3", "MgTiO3"])).store()
    node.base.links.add_incoming(ranking, LinkType.INPUT_WORK, "ranking")
    node.store()
    outputs = {"verified": StructureSetData(judged), "report": orm.Dict({**summary, "expected_hit_rate": 0.5})}
    for label, data in outputs.items():
        data.store().base.links.add_incoming(node, LinkType.RETURN, label)
    found = report_of(node)
    assert isinstance(found, VerificationReport)
    return found


def test_where_stable_compositions_joined_the_known_is_said(report: VerificationReport) -> None:
    assert "together" not in report.text(1)
    known = CompositionSetData(CompositionSet.of([])).store()
    known.base.links.add_incoming(report.node, LinkType.RETURN, "known")
    assert f"known and stable ones together: {known.pk}" in report.text(1)


def test_each_composition_has_a_row(report: VerificationReport) -> None:
    rows = report.rows()
    assert [row["formula"] for row in rows] == ["SrTiO3", "BaTiO3", "MgTiO3"]
    assert [row["verdict"] for row in rows] == ["stable", "failed", "not judged"]
    assert rows[0]["energy_above_hull"] == pytest.approx(-0.2)
    assert rows[1]["energy_above_hull"] is None
    text = report.text(10)
    assert "0.40 SrO + 0.60 TiO2" in text
    assert "expected_hit_rate" in text
    json.dumps(report.content(10), allow_nan=False)


def test_what_failed_is_explained(report: VerificationReport) -> None:
    problems = dict(report.problems())
    assert problems["BaTiO3 failed: atoms overlap"] == "look at the job, or give other prototypes"
    assert "MgTiO3: no mixture of the competing phases has this composition" in problems


def test_files(report: VerificationReport, tmp_path: Path) -> None:
    with report.write("csv", tmp_path / "verified.csv")[0].open() as file:
        rows = list(csv.DictReader(file))
    assert [row["formula"] for row in rows] == ["SrTiO3", "BaTiO3", "MgTiO3"]
    content = json.loads(report.write("json", tmp_path / "verified.json")[0].read_text())
    assert content["summary"]["n_stable"] == 1
    ranking = report.node.inputs.ranking
    for about in (rows[0], content):
        assert (about["ranking_uuid"], about["uuid"]) == (ranking.uuid, report.node.uuid)
        assert about["licence"] == ranking.base.attributes.get("licence") != ""
    assert report.write("extxyz", tmp_path / "verified.extxyz")[0].read_text().startswith("5\n")
    with pytest.raises(ValueError, match="there is no picture of a verification"):
        report.draw([], tmp_path, ["png"], None)
