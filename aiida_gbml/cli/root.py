"""The root of the command `aiida-gbml`; a command is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module

import click
from aiida.cmdline.groups import VerdiCommandGroup
from aiida.cmdline.params import options, types

import aiida_gbml

_MODULES = {
    "boundaries": "aiida_gbml.cli.boundaries",
    "doctor": "aiida_gbml.cli.doctor",
    "explain": "aiida_gbml.cli.results",
    "export": "aiida_gbml.cli.results",
    "launch": "aiida_gbml.cli.launch",
    "plot": "aiida_gbml.cli.results",
    "setup": "aiida_gbml.cli.setup",
    "show": "aiida_gbml.cli.results",
}
"""The module of each command; its function carries the name of the command."""


class LazyGroup(VerdiCommandGroup):
    """A group of commands that are imported on demand, so that tab completion stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, imported or not."""
        return sorted({*super().list_commands(ctx), *_MODULES})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name, imported now if it was not yet."""
        if cmd_name in _MODULES and cmd_name not in self.commands:
            self.add_command(getattr(import_module(_MODULES[cmd_name]), cmd_name), cmd_name)
        return super().get_command(ctx, cmd_name)


@click.group("aiida-gbml", cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@options.PROFILE(type=types.ProfileParamType(load_profile=True), expose_value=False)
@click.version_option(aiida_gbml.__version__, package_name="aiida-gbml")
def cli() -> None:
    """Search the most stable grain boundaries and keep how each number was made."""
