"""A group of commands that are imported on demand, so that tab completion stays quick."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click
from aiida.cmdline.groups import VerdiCommandGroup


class LazyGroup(VerdiCommandGroup):
    """A group that knows in which module each of its commands is.

    :param modules: module by name of command; the function in it carries the name, with ``_`` for ``-``.
    """

    def __init__(self, *arguments: Any, modules: Mapping[str, str], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, imported or not."""
        return sorted({*super().list_commands(ctx), *self.modules})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name, imported now if it was not yet."""
        if cmd_name in self.modules and cmd_name not in self.commands:
            module = import_module(self.modules[cmd_name])
            self.add_command(getattr(module, cmd_name.replace("-", "_")), cmd_name)
        return super().get_command(ctx, cmd_name)
