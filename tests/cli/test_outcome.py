"""How commands end: with a sentence, with what was found, or with the failure of a process."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from aiida_gbml.cli.outcome import DAEMON, RUN, new_file, one_sentence, tell


class Report:
    """What the commands need of a report."""

    noun = "thing"

    def __init__(self, node: Any) -> None:
        self.node = node

    def text(self, n_rows: int) -> str:
        return f"{n_rows} rows of {self.node.pk}"

    def draw(self, _: Any, folder: Path, formats: Any, __: Any) -> list[Path]:
        return [folder / f"thing.{one}" for one in formats]


def ended(mode: str, *, outputs: Any = ("summary",), exit_status: int = 0, **options: Any) -> Result:
    """Return what a command prints at its end."""
    node = SimpleNamespace(
        pk=7, outputs=outputs, exit_status=exit_status, exit_message="no code", is_finished_ok=exit_status == 0
    )

    @click.command()
    def command() -> None:
        tell(node, mode, Report, "summary", n_rows=3, **{"pictures": None, **options})  # type: ignore[arg-type]

    return CliRunner().invoke(command)


def test_what_ran_here_is_told_and_drawn() -> None:
    result = ended(RUN, pictures=Path("pictures"))
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[:4] == ["3 rows of 7", "pictures/thing.png", "pictures/thing.svg", "pk 7"]
    assert "look at it with `aiida-gbml show 7` and `aiida-gbml plot 7`" in lines[4]


def test_what_the_daemon_runs_is_only_named() -> None:
    result = ended(DAEMON, exit_status=None, look="predict with {pk}")  # type: ignore[arg-type]
    assert result.exit_code == 0
    assert result.output.startswith("pk 7\n")
    assert "predict with 7" in result.output
    assert "plot" not in result.output
    later = ended(DAEMON, exit_status=None, look="", pictures=Path("figures"))  # type: ignore[arg-type]
    assert "when it has ended, draw with `aiida-gbml plot 7 -o figures`" in later.output


def test_a_failure_is_the_end_whether_there_is_something_to_show_or_not() -> None:
    for outputs, first in ((("summary",), "3 rows of 7\npk 7\n"), ((), "pk 7\n")):
        result = ended(RUN, outputs=outputs, exit_status=410, noun="model")
        assert result.exit_code == 1
        assert result.output.startswith(first)
        assert "model 7 ended with [410] no code" in result.output


@pytest.mark.parametrize(
    "error", [ValueError("invalid attribute value there is\n  no code"), OSError("there is no code")]
)
def test_an_error_that_a_user_can_mend_is_one_sentence(error: Exception) -> None:
    @click.command()
    def command() -> None:
        with one_sentence():
            raise error

    result = CliRunner().invoke(command)
    assert result.exit_code == 1
    assert result.output == "Critical: there is no code\n"


def test_any_other_error_is_a_defect_and_stays_one() -> None:
    with pytest.raises(ZeroDivisionError), one_sentence():
        1 / 0  # noqa: B018


def test_a_new_file_replaces_none_and_has_a_folder(tmp_path: Path) -> None:
    assert new_file(tmp_path / "a.csv") == tmp_path / "a.csv"
    (tmp_path / "a.csv").touch()
    with pytest.raises(ValueError, match=r"'.*a\.csv' exists already; choose another name with --output"):
        new_file(tmp_path / "a.csv")
    with pytest.raises(ValueError, match=r"there is no folder '.*away' for 'a\.csv'; make it"):
        new_file(tmp_path / "away" / "a.csv")
