"""`aiida-gbml launch`: its group, and from files and options to a running search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from aiida.cmdline.utils import echo

from aiida_gbml.cli.lazy_group import LazyGroup

_MODULES = {
    "core-hole-pseudos": "aiida_gbml.cli.core_holes",
    "potential-surface": "aiida_gbml.cli.potential_surface",
    "property-search": "aiida_gbml.cli.property_search",
    "recommend": "aiida_gbml.cli.recommend_launch",
    "spectra": "aiida_gbml.cli.spectra",
}
"""The module of each further command."""

_OPTIONS = (
    ("sigma", ("boundary", "sigma")),
    ("angle", ("boundary", "angle")),
    ("axis", ("boundary", "axis")),
    ("plane", ("boundary", "plane")),
    ("engine", ("engine", "name")),
    ("code", ("engine", "code")),
    ("potential", ("engine", "potential")),
    ("pseudo_family", ("engine", "pseudo_family")),
    ("verify", ("verification", "name")),
    ("verify_code", ("verification", "code")),
    ("verify_pseudo_family", ("verification", "pseudo_family")),
    ("n_basins", ("verification", "n_basins")),
    ("protocol", ("protocol",)),
    ("strategy", ("overrides", "strategy", "method")),
    ("acquisition", ("overrides", "strategy", "acquisition")),
    ("budget", ("overrides", "budget")),
    ("batch_size", ("overrides", "batch_size")),
    ("max_concurrent", ("overrides", "max_concurrent")),
    ("asynchronous", ("overrides", "asynchronous")),
    ("seed", ("overrides", "seed")),
    ("spacing", ("overrides", "space", "translation_spacing")),
    ("max_removed", ("overrides", "space", "max_removed")),
    ("worker", ("worker",)),
    ("extend", ("extend",)),
    ("start_from", ("start_from",)),
    ("label", ("label",)),
)
"""Options of the command and the place of each in a configuration file."""

N_ROWS = 5
"""Most stable structures that are listed when a search has run here."""


@click.group("launch", cls=LazyGroup, modules=_MODULES)
def launch() -> None:
    """Submit a process, or run it here."""


@launch.command("gb-search")
@click.argument("crystal", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="YAML file with the same.")
@click.option("--sigma", type=int, help="Inverse density of coincidence sites.")
@click.option("--angle", type=float, help="Misorientation in degrees, instead of --sigma.")
@click.option("--axis", type=int, nargs=3, help="Rotation axis, three integers.")
@click.option("--plane", type=int, nargs=3, help="Boundary plane in the lower grain, three integers.")
@click.option("--engine", help="lammps, pw, or the entry point of another evaluation.  [default: lammps]")
@click.option("--code", help="Code of the engine, such as lmp@localhost.")
@click.option("--potential", help="Potential file of LAMMPS, or YAML with pair styles and coefficients.")
@click.option("--pseudo-family", help="Pseudopotential family, for pw.")
@click.option("--verify", help="Second engine that relaxes the most stable basins, such as pw.")
@click.option("--verify-code", help="Code of the second engine.")
@click.option("--verify-pseudo-family", help="Pseudopotential family of the second engine.")
@click.option("--n-basins", type=int, help="Basins for the second engine.")
@click.option("--protocol", type=click.Choice(("fast", "balanced", "stringent")), help="[default: balanced]")
@click.option("--strategy", type=click.Choice(("kriging", "random", "exhaustive")), help="[default: kriging]")
@click.option("--acquisition", help="What a Kriging search maximises.  [default: expected improvement]")
@click.option("--budget", type=int, help="Most evaluations; 0 for every candidate.")
@click.option("--batch-size", type=int, help="Evaluations a round.")
@click.option("--max-concurrent", type=int, help="Most rounds at a time, when asynchronous.")
@click.option("--asynchronous", is_flag=True, default=None, help="Propose as soon as any round is back.")
@click.option("--seed", type=int, help="Seed of every draw.")
@click.option("--spacing", type=float, help="Largest step between translations in Å.")
@click.option("--max-removed", type=int, help="Remove up to so many atoms from the boundary.")
@click.option("--worker", help="Code of a Python that proposes in a job of its own; for 20,000 candidates and more.")
@click.option("--extend", type=int, help="Pk of a search of the same boundary to go on from.")
@click.option("--start-from", type=int, multiple=True, help="Pk of a search of another boundary to learn from.")
@click.option("--label", help="Label of the process.")
@click.option("--plot", "pictures", type=click.Path(file_okay=False, path_type=Path), help="Draw into this folder.")
@click.option("--run", "mode", flag_value="run", help="Run here, with a progress bar.")
@click.option("--daemon", "mode", flag_value="daemon", default=True, help="Submit to the daemon.  [default]")
@click.option("--dry-run", "mode", flag_value="dry-run", help="Print candidates and costs, make no process.")
def gb_search(crystal: Path | None, config: Path | None, mode: str, pictures: Path | None, **options: Any) -> None:
    """Search the most stable structure of a grain boundary of CRYSTAL, a file that ASE or pymatgen reads."""
    from aiida_gbml.cli import configuration, dry_run, foreground, outcome
    from aiida_gbml.cli.reports.search import SearchReport

    with outcome.one_sentence():
        settings = configuration.read(config) if config else {}
        configuration.put_options(settings, _OPTIONS, options)
        if crystal is not None:
            settings["crystal"] = crystal
        if mode == "dry-run":
            echo.echo(dry_run.describe(settings))
            return
        if mode == "daemon":
            foreground.require_daemon()
        builder = configuration.builder(settings)
        builder.structure = configuration.read_into_graph(settings)
        node = foreground.start(builder, mode)
    outcome.tell(node, mode, SearchReport, "interface", n_rows=N_ROWS, pictures=pictures)
