"""The report of a search; the commands that print it are tested with it in test_results.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiida import orm

from aiida_gbml.cli.reports.search import SearchReport


def test_a_search_that_has_not_begun_has_nothing_to_tell(unfinished: orm.WorkChainNode, tmp_path: Path) -> None:
    report = SearchReport(unfinished)
    assert report.title == f"Grain-boundary search {unfinished.pk}: created, 0 evaluated"
    assert report.content(3) == {"state": "created, 0 evaluated", "summary": {}, "ranking": []}
    assert report.problems() == []
    with pytest.raises(ValueError, match="cannot be laid over a search"):
        report.draw([], tmp_path, ["png"], tmp_path / "measured.msa")
