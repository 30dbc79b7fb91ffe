"""A node finds its report, and values become text."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from aiida import orm

from aiida_gbml.cli.reports.base import _REPORTS, Report, as_table, as_text, refuse_measured, report_of


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


def test_what_is_measured_fits_spectra_only() -> None:
    with pytest.raises(ValueError, match=r"'a\.msa' is a measured spectrum"):
        refuse_measured(Path("a.msa"), "search")
    refuse_measured(None, "search")
