"""Commands that are imported when they are asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from aiida_gbml.cli.lazy_group import LazyGroup

COMMAND = """
import click

@click.command("two-words")
def two_words():
    "Say it."
    click.echo("said")
"""


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LazyGroup:
    (tmp_path / "module_of_a_command.py").write_text(COMMAND)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "module_of_a_command", raising=False)
    return LazyGroup("group", modules={"two-words": "module_of_a_command"})


def test_a_command_is_imported_when_it_is_asked_for(group: LazyGroup) -> None:
    with group.make_context("group", ["--help"], resilient_parsing=True) as context:
        assert group.list_commands(context) == ["two-words"]
    assert "module_of_a_command" not in sys.modules
    assert CliRunner().invoke(group, ["two-words"]).output == "said\n"
    assert "module_of_a_command" in sys.modules


def test_commands_of_the_module_itself_stand_beside_those(group: LazyGroup) -> None:
    group.add_command(click.Command("alone", help="Be here."))
    output = CliRunner().invoke(group, ["--help"]).output
    assert "alone" in output
    assert "Say it." in output
