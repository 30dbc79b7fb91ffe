"""What a set-up or a check found: one line for the user, with the command that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import click

Status = Literal["ok", "made", "warning", "fault"]

_COLOURS: dict[Status, str] = {"ok": "green", "made": "blue", "warning": "yellow", "fault": "red"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    :param subject: what was looked at, such as ``profile`` or ``code pw``.
    :param status: ``ok``, ``made`` just now, ``warning`` (works, but slowly or in part) or ``fault``.
    :param text: what was found, in one sentence.
    :param remedy: the command that mends it, empty when there is nothing to mend.
    """

    subject: str
    status: Status
    text: str
    remedy: str = ""

    def echo(self) -> None:
        """Print the finding as a line of a table, and its remedy below."""
        click.echo(f"{click.style(f'{self.status:8}', fg=_COLOURS[self.status])} {self.subject:16} {self.text}")
        if self.remedy:
            click.echo(f"{'':25} mend with: {click.style(self.remedy, bold=True)}")
