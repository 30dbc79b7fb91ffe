"""A node finds its report, and values become text."""

from __future__ import annotations

import csv
import json
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiida import orm
from matplotlib.figure import Figure

from aiida_gbml.cli.reports.base import (
    _REPORTS,
    Report,
    as_table,
    as_text,
    refuse_measured,
    report_of,
    write_json,
    write_rows,
)


@pytest.mark.parametrize("name", sorted(set(_REPORTS.values())))
def test_every_report_is_there(name: str) -> None:
    module, _, report = name.partition(":")
    found = getattr(import_module(f"aiida_gbml.cli.reports.{module}"), report)
    assert issubclass(found, Report)
    assert found.formats
    assert found.noun


@pytest.mark.usefixtures("aiida_profile")
def test_other_nodes_have_none() -> None:
    node = orm.Dict({}).store()
    with pytest.raises(ValueError, match=f"node {node.pk} is a Dict, of which there is no report"):
        report_of(node)


def test_values_read_well() -> None:
    assert [as_text(value) for value in (1.0, [1.0, 2], None, "a")] == ["1.0000", "1.00 2", "", "a"]
    assert as_table([{"gap": 0.5, "other": 1}], {"gap": "gap (Å)"}).split() == ["gap", "(Å)", "---------", "0.5000"]


def test_a_column_without_any_value_is_not_shown() -> None:
    rows = [{"gap": None, "site": 1}, {"gap": None, "site": 2}]
    assert as_table(rows, {"gap": "gap (Å)", "site": "site"}).split() == ["site", "------", "1", "2"]


class Plain(Report):
    """A report of nothing."""

    noun, pictures, formats = "thing", ("curve", "map"), ("csv",)
    text = content = problems = draw = write = None  # type: ignore[assignment]


def test_pictures_are_named_after_the_node_and_their_kind(tmp_path: Path) -> None:
    figures = [(kind, Figure()) for kind in ("curve", "map")]
    paths = Plain(SimpleNamespace(pk=7)).save_pictures(figures, tmp_path / "a", ["png", "svg"])  # type: ignore[arg-type]
    names = [f"thing_7_{kind}.{file_format}" for kind in ("curve", "map") for file_format in ("png", "svg")]
    assert [path.name for path in paths] == names
    assert all(path.stat().st_size for path in paths)


def test_rows_and_values_are_written_as_other_programs_read_them(tmp_path: Path) -> None:
    rows = [{"compound": "Å, B", "value": 0.1}, {"compound": "C", "value": None}]
    write_rows(tmp_path / "a.csv", rows)
    found = list(csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8")))
    assert found == [{"compound": "Å, B", "value": "0.1"}, {"compound": "C", "value": ""}]
    write_rows(tmp_path / "b.csv", [])
    assert not (tmp_path / "b.csv").read_text().strip()
    write_json(tmp_path / "a.json", rows)
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == rows


def test_what_is_measured_fits_spectra_only() -> None:
    with pytest.raises(ValueError, match=r"'a\.msa' is a measured spectrum"):
        refuse_measured(Path("a.msa"), "search")
    refuse_measured(None, "search")
