"""The root of the command: quick, lazy, and helpful when a command is mistyped."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from aiida_gbml.cli.root import cli

IMPORTS = """
import sys
from aiida_gbml.cli import cli
try:
    cli({arguments!r})
except SystemExit as exit:
    assert not exit.code, exit.code
print("HEAVY", sorted({{"torch", "pymatgen", "sklearn", "scipy", "gpytorch", "ase"}} & set(sys.modules)))
"""


def python(code: str, folder: Path) -> str:
    """Return what a fresh interpreter prints, with an AiiDA folder of its own."""
    environment = os.environ | {"AIIDA_PATH": str(folder)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["setup", "--help"], ["doctor", "--help"], ["launch", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    assert python(IMPORTS.format(arguments=arguments), tmp_path).endswith("HEAVY []\n")


def test_every_command_has_a_help_text() -> None:
    with cli.make_context("aiida-gbml", [], resilient_parsing=True) as context:
        for name in cli.list_commands(context):
            command = cli.get_command(context, name)
            assert command is not None
            assert command.name == name
            assert command.help, name
            assert all(option.help for option in command.params if isinstance(option, click.Option)), name


def test_a_mistyped_command_is_corrected() -> None:
    result = CliRunner().invoke(cli, ["docter"])
    assert result.exit_code == 2
    assert "doctor" in result.output
