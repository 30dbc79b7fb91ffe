"""Findings as the user reads them."""

import pytest

from aiida_gbml.cli.findings import Finding


def test_a_fault_is_printed_with_its_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    Finding("daemon", "fault", "it is down", "verdi daemon start").echo()
    first, second = capsys.readouterr().out.splitlines()
    assert first.split() == ["fault", "daemon", "it", "is", "down"]
    assert second.strip() == "mend with: verdi daemon start"


def test_what_is_well_takes_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Finding("daemon", "ok", "it runs").echo()
    assert len(capsys.readouterr().out.splitlines()) == 1
