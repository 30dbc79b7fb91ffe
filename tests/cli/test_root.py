"""The root of the command: quick, lazy, and helpful when a command is mistyped."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from aiida_gbml.cli.compositions_data import compositions
from aiida_gbml.cli.data import interface, structures
from aiida_gbml.cli.ranking_data import ranking
from aiida_gbml.cli.root import cli
from aiida_gbml.cli.spectra_data import spectra

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


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["setup", "--help"],
        ["doctor", "--help"],
        ["launch", "recommend", "--help"],
        ["recommend", "fit", "--help"],
        ["property", "train", "--help"],
    ],
)
def test_help_imports_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    assert python(IMPORTS.format(arguments=arguments), tmp_path).endswith("HEAVY []\n")


@pytest.mark.parametrize("root", [cli, compositions, interface, ranking, spectra, structures])
def test_every_command_and_option_has_a_help_text(root: click.Group) -> None:
    def check(command: click.Command, parent: click.Context | None) -> None:
        context = click.Context(command, parent=parent, info_name=command.name)
        assert command.help, context.command_path
        unexplained = [one.name for one in command.params if isinstance(one, click.Option) and not one.help]
        assert not unexplained, context.command_path
        for name in command.list_commands(context) if isinstance(command, click.Group) else ():
            found = command.get_command(context, name)
            assert found is not None
            assert found.name == name
            check(found, context)

    check(root, None)


def test_a_mistyped_command_is_corrected() -> None:
    result = CliRunner().invoke(cli, ["docter"])
    assert result.exit_code == 2
    assert "doctor" in result.output
