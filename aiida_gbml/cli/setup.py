"""`aiida-gbml setup`: from a fresh installation to a machine that can run a search."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from aiida_gbml.cli.findings import Finding


@click.command("setup")
@click.option("--name", default="gbml", show_default=True, help="Profile to make when there is none.")
@click.option("--workers", type=click.IntRange(min=1), help="Workers that the daemon starts with.")
@click.option(
    "--pseudo-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with one UPF file an element.",
)
@click.option("--pseudo-label", help="Label of the pseudopotential family.  [default: the folder's name]")
@click.option("--cutoff-wfc", type=click.FloatRange(min=0, min_open=True), help="Cutoff of the wave functions in Ry.")
@click.option("--cutoff-rho", type=click.FloatRange(min=0, min_open=True), help="Cutoff of the density in Ry.")
@click.option(
    "--cutoffs",
    "cutoffs_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='JSON with cutoffs in Ry: {"Al": {"cutoff_wfc": 30, "cutoff_rho": 240}, ...}',
)
def setup(**options: Any) -> None:
    """Make what a search needs and is not there: profile, computer, codes, pseudopotentials.

    Nothing that exists is changed, so the command can be repeated, for instance after a program was installed.
    """
    try:
        for finding in prepare(**options):
            finding.echo()
    except ValueError as exception:
        raise click.ClickException(str(exception)) from exception


def prepare(
    *,
    name: str,
    workers: int | None,
    pseudo_dir: Path | None,
    pseudo_label: str | None,
    cutoff_wfc: float | None,
    cutoff_rho: float | None,
    cutoffs_file: Path | None,
) -> Iterator[Finding]:
    """Do the steps of the set-up and yield what each of them found or made.

    :raises ValueError: when an option makes no sense.
    """
    from aiida.manage import get_manager

    from aiida_gbml.cli import computer, profile, programs, pseudopotentials

    cutoffs: Any = (cutoff_wfc, cutoff_rho) if cutoff_wfc and cutoff_rho else None
    if cutoffs_file:
        cutoffs = pseudopotentials.read_cutoffs(cutoffs_file)
    elif (cutoff_wfc is None) != (cutoff_rho is None):
        raise ValueError("--cutoff-wfc and --cutoff-rho go together: the ratio depends on the pseudopotentials")

    yield profile.ensure_profile(name)
    loaded = get_manager().get_profile()
    assert loaded is not None  # noqa: S101
    yield profile.ensure_settings(loaded, workers)
    localhost, finding = computer.ensure_computer(loaded)
    yield finding
    for program in programs.PROGRAMS:
        yield computer.ensure_code(program, localhost)
    yield pseudopotentials.ensure_family(pseudo_label, pseudo_dir, cutoffs)
