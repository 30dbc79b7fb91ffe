"""What is said of single tasks on compounds."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from alloys import database, elements

from aiida_gbml.cli.reports.base import report_of
from aiida_gbml.cli.reports.property_task import PropertyTaskReport
from aiida_gbml.data.structure_set import StructureSetData


@pytest.fixture
def families(stored_task: Any) -> PropertyTaskReport:
    """Return the report of a clustering."""
    parameters = {"descriptors": "composition", "settings": {"most_clusters": 4}}
    types = {"clusters": "core.array", "report": "core.dict"}
    archives = {"structures": StructureSetData(database())}
    return report_of(stored_task("cluster_compounds", archives, parameters, types))  # type: ignore[return-value]


def test_families_are_told_with_their_criterion_and_rules(families: PropertyTaskReport, tmp_path: Path) -> None:
    text = families.text(5)
    assert "mean silhouettes" in text
    assert "nearest to its centre" in text
    assert "% of unseen compounds right" in text
    rows = families.rows()
    assert len(rows) == 45
    sizes = families.found["sizes"]
    assert [sum(row["group"] == number + 1 for row in rows) for number in range(len(sizes))] == sizes
    (path,) = families.write("csv", tmp_path / "a.csv")
    assert len(list(csv.DictReader(path.open()))) == 45
    assert [one.name for one in families.draw([], tmp_path, ["svg"], None)] == [f"compounds_{families.node.pk}_map.svg"]
    assert families.problems() == []


def test_predictions_are_listed_with_intervals(
    stored_task: Any, stored_model: orm.WorkChainNode, tmp_path: Path
) -> None:
    archives = {"model": stored_model.outputs.model, "structures": StructureSetData(elements())}
    types = {"predictions": "core.array", "report": "core.dict"}
    report = report_of(stored_task("predict_property", archives, {}, types))
    assert "volume_per_atom (Å³/atom)" in report.text(3)
    assert len(report.content(2)["rows"]) == 2
    (path,) = report.write("json", tmp_path / "a.json")
    assert len(json.loads(path.read_text())["rows"]) == 6
    with pytest.raises(ValueError, match="no families to draw"):
        report.draw([], tmp_path, ["png"], None)


def test_other_tasks_have_no_report(stored_task: Any) -> None:
    node = stored_task("search_features", {"structures": StructureSetData(database())}, {}, {"features": "core.array"})
    with pytest.raises(ValueError, match="search_features', of which there is no report"):
        report_of(node)
