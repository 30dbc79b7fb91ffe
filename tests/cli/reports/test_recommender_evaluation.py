"""Tests of aiida_gbml.cli.reports.recommender_evaluation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ProcessState

from aiida_gbml.cli.reports.base import report_of


def stored(outputs: dict[str, orm.Data]) -> orm.WorkChainNode:
    """Return an evaluation with some outputs."""
    node = orm.WorkChainNode(process_type="aiida.workflows:gbml.recommender_evaluation")
    node.set_process_label("RecommenderEvaluationWorkChain")
    node.set_process_state(ProcessState.FINISHED)
    node.set_exit_status(0 if outputs else 410)
    node.set_exit_message(None if outputs else "it went wrong")
    node.store()
    for label, data in outputs.items():
        data.store()
        data.base.links.add_incoming(node, LinkType.RETURN, label)
    return node


def test_a_finished_evaluation(stored_recommendation: orm.WorkChainNode, tmp_path: Path) -> None:
    outputs = stored_recommendation.outputs
    report = report_of(stored({"report": outputs.evaluation, "curves": outputs.curves}))
    assert "finished" in report.text(1)
    assert "svd_pair" in report.text(1)
    assert report.content(1)["report"] == outputs.evaluation.get_dict()
    rows = report.content(1)["anions"]
    top = max(int(name) for name in outputs.evaluation["models"]["svd_pair"]["tops"])
    hits = outputs.evaluation["models"]["svd_pair"]["tops"][str(top)]["hits"]
    assert sum(row["hits"] for row in rows if row["model"] == "svd_pair") == hits
    assert f"in {top}" in report.text(1)
    assert report.problems() == []
    (path,) = report.write("json", tmp_path / "evaluation.json")
    assert json.loads(path.read_text()) == {"uuid": report.node.uuid, **outputs.evaluation.get_dict()}
    (path,) = report.draw(["enrichment"], tmp_path, ["png"], None)
    assert path.exists()


def test_a_failed_evaluation(aiida_profile: Any, tmp_path: Path) -> None:
    report = report_of(stored({}))
    assert "[410] it went wrong" in report.text(1)
    with pytest.raises(ValueError, match="has no report yet"):
        report.write("json", tmp_path / "evaluation.json")
    with pytest.raises(ValueError, match="nothing to draw"):
        report.draw([], tmp_path, ["png"], None)
