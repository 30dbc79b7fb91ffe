"""The doctor's table and exit status."""

from collections.abc import Iterator

import pytest
from aiida.manage.configuration import Profile
from click.testing import CliRunner

from aiida_gbml.cli import checks, doctor
from aiida_gbml.cli.findings import Finding, Status


@pytest.mark.parametrize(("status", "code"), [("ok", 0), ("warning", 0), ("fault", 1)])
def test_only_a_fault_sets_the_exit_status(
    status: Status, code: int, aiida_profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def examine(_: Profile) -> Iterator[Finding]:
        yield Finding("first", status, "text", "remedy")
        yield Finding("second", "ok", "text")

    monkeypatch.setattr(doctor, "examine", examine)
    result = CliRunner().invoke(doctor.doctor)
    assert result.exit_code == code
    assert "second" in result.output


def test_nothing_is_looked_at_behind_a_broken_storage(aiida_profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "check_profile", lambda _: Finding("profile", "fault", "broken"))
    assert [finding.subject for finding in doctor.examine(aiida_profile)] == ["profile"]


def test_all_is_looked_at(aiida_profile_clean: Profile) -> None:
    subjects = {finding.subject for finding in doctor.examine(aiida_profile_clean)}
    assert {"profile", "broker", "daemon", "tasks", "code lmp", "pseudopotentials", "caching"} <= subjects
