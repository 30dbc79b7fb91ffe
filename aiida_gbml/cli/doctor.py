"""`aiida-gbml doctor`: what is wrong with the installation, and the command that mends it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from aiida.manage.configuration import Profile

    from aiida_gbml.cli.findings import Finding


@click.command("doctor")
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Check the profile, daemon, broker, tasks, codes and pseudopotentials, and say how to mend them.

    The exit status is 1 when there is a fault. Warnings name what works, but slowly or in part.
    """
    from aiida.manage import get_manager

    profile = get_manager().get_profile()
    if profile is None:
        raise click.ClickException("there is no profile; make one with `aiida-gbml setup`")
    faults = 0
    for finding in examine(profile):
        finding.echo()
        faults += finding.status == "fault"
    ctx.exit(1 if faults else 0)


def examine(profile: Profile) -> Iterator[Finding]:
    """Yield the findings of all checks; without its storage nothing else of a profile can be looked at."""
    from aiida_gbml.cli import checks

    storage = checks.check_profile(profile)
    yield storage
    if storage.status == "fault":
        return
    yield checks.lasting(checks.check_broker, profile)
    yield checks.lasting(checks.check_daemon, profile)
    yield from checks.check_timeouts(profile)
    yield checks.check_tasks(profile)
    yield from checks.check_codes()
    yield checks.check_family()
    yield checks.check_caching(profile)
