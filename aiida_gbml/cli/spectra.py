"""`aiida-gbml launch spectra`: from files and options to a dataset of spectra."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from aiida.cmdline.utils import echo

_OPTIONS = (
    ("treatments", ("treatments",)),
    ("search", ("search",)),
    ("n_boundaries", ("n_boundaries",)),
    ("group", ("group",)),
    ("nodes", ("nodes",)),
    ("pseudo_family", ("pseudo_family",)),
    ("recipes", ("recipes",)),
    ("accept_failed_pseudos", ("accept_failed_pseudos",)),
    ("pw_code", ("pw_code",)),
    ("xspectra_code", ("xspectra_code",)),
    ("protocol", ("protocol",)),
    ("electronic_type", ("electronic_type",)),
    ("min_distance", ("overrides", "cell", "min_distance")),
    ("min_box", ("overrides", "cell", "min_box")),
    ("max_concurrent", ("max_concurrent",)),
    ("extend", ("extend",)),
    ("label", ("label",)),
)
"""Options of the command and the place of each in a configuration file."""

N_ROWS = 10
"""Rows that are listed when a dataset was computed here."""

_POLL = 1.0  # s, for jobs that take minutes
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("spectra")
@click.argument("files", nargs=-1, metavar="FILE...", type=_FILE)
@click.option("--config", type=_FILE, help="YAML file with the same.")
@click.option("--element", "elements", multiple=True, help="Element that absorbs; may be repeated.")
@click.option(
    "--edge", "edges", multiple=True, help="K, L1, L2, L3 or L23: one, or one for each element.  [default: K]"
)
@click.option(
    "--treatment",
    "treatments",
    type=click.Choice(("none", "half", "full", "excited")),
    multiple=True,
    help="Of the core hole; may be repeated, and none is the ground state.  [default: full]",
)
@click.option("--search", type=int, help="Pk of a grain-boundary search: its most stable structures, and the crystal.")
@click.option("--n-boundaries", type=click.IntRange(min=1), help="How many of its structures.  [default: 3]")
@click.option("--group", help="Label of a group of structures.")
@click.option("--node", "nodes", multiple=True, help="Pk or uuid of a structure or a set of them; may be repeated.")
@click.option("--pseudo-family", help="Family for the elements that do not absorb; by default what recipes made.")
@click.option(
    "--recipe", "recipes", nargs=2, multiple=True, help="Element and recipe of its datasets.  [default: the latest]"
)
@click.option("--accept-failed-pseudos", is_flag=True, default=None, help="Take datasets that failed their checks too.")
@click.option("--pw-code", help="Code of pw.x.  [default: pw]")
@click.option("--xspectra-code", help="Code of xspectra.x.  [default: xspectra]")
@click.option("--protocol", type=click.Choice(("fast", "balanced", "stringent")), help="[default: balanced]")
@click.option("--electronic-type", type=click.Choice(("insulator", "metal")), help="[default: insulator]")
@click.option("--min-distance", type=float, help="Least distance of the images of a core hole in Å.  [default: 9]")
@click.option("--min-box", type=float, help="Least edge of the box of a molecule in Å.  [default: 8]")
@click.option("--max-concurrent", type=click.IntRange(min=1), help="Most sites at a time.  [default: 2]")
@click.option("--extend", help="Pk of a dataset: only what it does not hold is computed.")
@click.option("--label", help="Label of the process.")
@click.option("--plot", "pictures", type=click.Path(file_okay=False, path_type=Path), help="Draw into this folder.")
@click.option("--run", "mode", flag_value="run", help="Run here, with a progress bar.")
@click.option("--daemon", "mode", flag_value="daemon", default=True, help="Submit to the daemon.  [default]")
@click.option("--dry-run", "mode", flag_value="dry-run", help="Print sites, cells and costs, make no process.")
def spectra(files: tuple[Path, ...], config: Path | None, mode: str, pictures: Path | None, **options: Any) -> None:
    """Compute the core-hole spectra of every inequivalent site of FILE..., which ASE or pymatgen read.

    The datasets with a core hole have to be there: `aiida-gbml launch core-hole-pseudos` makes and checks them.
    """
    from aiida_gbml.cli import foreground, outcome, spectra_configuration, spectra_dry_run, spectra_subjects
    from aiida_gbml.cli.reports.dataset import DatasetReport

    with outcome.one_sentence():
        settings = _settings(files, config, options)
        subject = spectra_subjects.find_subject(settings)
        if mode == "dry-run":
            echo.echo(spectra_dry_run.describe(settings, subject.content))
            return
        if mode == "daemon":
            foreground.require_daemon()
        builder = spectra_configuration.builder(settings, subject)
        builder.structures = subject.store()
        node = foreground.start(builder, mode, "dataset", "site", _POLL)
    outcome.tell(node, mode, DatasetReport, "dataset", n_rows=N_ROWS, pictures=pictures, noun="dataset")


def _settings(files: tuple[Path, ...], config: Path | None, options: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a file, with those of the options in their places."""
    from aiida_gbml.cli import configuration, spectra_configuration

    settings = spectra_configuration.read(config) if config else {}
    options["recipes"] = dict(options["recipes"]) or None
    configuration.put_options(settings, _OPTIONS, options)
    if options["edges"] and not options["elements"]:
        raise configuration.ConfigurationError("--edge says nothing without --element: give both")
    if options["elements"]:
        settings["edges"] = spectra_configuration.edges_of(options["elements"], options["edges"])
    if files:
        settings["structures"] = list(files)
    return settings
