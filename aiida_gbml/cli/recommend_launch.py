"""`aiida-gbml launch recommend`: from a list of known compositions to a ranking of all that could exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from aiida.cmdline.utils import echo

OPTIONS = (
    ("exclude", ("exclude",)),
    ("later", ("later",)),
    ("column", ("read", "column")),
    ("source", ("read", "source")),
    ("licence", ("read", "licence")),
    ("ions", ("ions",)),
    ("mixed_valence", ("mixed_valence",)),
    ("arity", ("space", "arity")),
    ("anions", ("space", "filters", "anions")),
    ("only", ("space", "filters", "only")),
    ("without", ("space", "filters", "without")),
    ("required", ("space", "filters", "required")),
    ("max_coefficient", ("space", "limits", "cation")),
    ("model", ("model",)),
    ("top_k", ("top_k",)),
    ("n_shards", ("n_shards",)),
    ("max_concurrent", ("max_concurrent",)),
    ("protocol", ("protocol",)),
    ("worker", ("worker",)),
    ("label", ("label",)),
)
"""Options of the command and the place of each in a configuration file."""

N_ROWS = 20
"""Compositions that are listed when a recommendation has run here."""

_LOOK = "look at it with `aiida-gbml show {pk}` and `aiida-gbml recommend lookup {pk}`"
KINDS = (
    "ensemble, popularity, substitution, svd_cation, svd_pair, nmf, cp, tucker, descriptors, one_hot_descriptors or "
    "factorization_machine"
)
"""Recommenders in words: their registry is too much to be imported where a shell completes a command."""

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("recommend")
@click.argument("known", required=False)
@click.option("--config", type=_FILE, help="YAML file with the same, and more: shortlist, verification.")
@click.option("--exclude", help="Compositions of a second database that are not recommended either: file or node.")
@click.option("--later", help="Compositions of a second database by which the model is judged: file or node.")
@click.option(
    "--hold-out",
    type=float,
    help="Judge the model by this part of the known, unseen; 0: do not.  [default: 0.2, of up to three elements]",
)
@click.option("--cutoff", help="Judge the model by what was first seen from here on: a number, a year or a date.")
@click.option("--column", help="Column of the formulas.  [default: found by its name]")
@click.option("--source", help="Where the compositions are from.  [default: name of the file]")
@click.option("--licence", help="Under which the compositions may be used.")
@click.option("--ions", help="Table of ions: common, reported, rare, a YAML file, or a node.  [default: rare]")
@click.option("--mixed-valence", is_flag=True, default=None, help="Let one element have two charges, as in Fe3O4.")
@click.option("--arity", type=click.IntRange(2, 5), help="Number of elements.  [default: 3]")
@click.option("--anion", "anions", multiple=True, metavar="SYMBOL", help="Anion; may be repeated.  [default: all]")
@click.option("--only", multiple=True, metavar="SYMBOL", help="Cation; may be repeated.  [default: all]")
@click.option("--without", multiple=True, metavar="SYMBOL", help="Element that must not be there; may be repeated.")
@click.option("--require", "required", multiple=True, metavar="SYMBOL", help="Element that must be there.")
@click.option("--max-coefficient", type=click.IntRange(1), help="Largest coefficient of a cation.  [default: 8]")
@click.option("--model", help=f"Recommender: {KINDS}.  [default: ensemble]")
@click.option("--top-k", type=click.IntRange(1), help="Candidates to keep.  [default: 1000]")
@click.option("--n-shards", type=click.IntRange(1), help="Jobs among which the candidates are divided.  [default: 1]")
@click.option("--max-concurrent", type=click.IntRange(1), help="Most jobs at a time.  [default: 2]")
@click.option(
    "--protocol",
    type=click.Choice(("fast", "balanced", "stringent")),
    help="How thorough, from quick to slow.  [default: balanced]",
)
@click.option("--worker", help="Code of a Python with this package.  [default: worker]")
@click.option("--label", help="Label of the process.")
@click.option("--plot", "pictures", type=click.Path(file_okay=False, path_type=Path), help="Draw into this folder.")
@click.option("--run", "mode", flag_value="run", help="Run here, with a progress bar.")
@click.option("--daemon", "mode", flag_value="daemon", default=True, help="Submit to the daemon.  [default]")
@click.option("--dry-run", "mode", flag_value="dry-run", help="Print candidates, shards and costs, make no process.")
def recommend(known: str | None, config: Path | None, mode: str, pictures: Path | None, **options: Any) -> None:
    """Rank the compositions that nobody has reported, given KNOWN ones: a file of formulas, or a node."""
    from aiida_gbml.cli import foreground, outcome, recommend_configuration, recommend_dry_run
    from aiida_gbml.cli.reports.recommendation import RecommendationReport

    with outcome.one_sentence():
        settings = settings_of(known, config, options)
        if mode == "dry-run":
            echo.echo(recommend_dry_run.describe(settings))
            return
        if mode == "daemon":
            foreground.require_daemon()
        prepared = recommend_configuration.prepare(settings)
        builder = prepared.store()
        node = foreground.start(builder, mode, "recommendation", "shard")
    outcome.tell(
        node,
        mode,
        RecommendationReport,
        "ranking",
        n_rows=N_ROWS,
        pictures=pictures,
        noun="recommendation",
        look=_LOOK,
    )


def settings_of(known: str | None, config: Path | None, options: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a file, with those of the options in their places.

    :raises ValueError: when options contradict each other.
    """
    from aiida_gbml.cli import configuration, recommend_configuration

    settings = recommend_configuration.read(config) if config else {}
    configuration.put_options(settings, OPTIONS, options)
    if known is not None:
        settings["known"] = known
    ways = [name for name in ("hold_out", "cutoff", "later") if options.get(name) is not None]
    if len(ways) > 1:
        named = " and ".join(f"--{name.replace('_', '-')}" for name in ways)
        raise configuration.ConfigurationError(f"{named} are different ways to judge a model: give one of them")
    if ways:  # what is asked for here goes before what the file says
        settings.pop("later" if options.get("later") is None else "validation", None)
    if options.get("hold_out") is not None:
        fraction = options["hold_out"]
        settings["validation"] = {"kind": "holdout", "fraction": fraction, "seed": 0} if fraction else None
    if options.get("cutoff") is not None:
        cutoff = str(options["cutoff"])
        settings["validation"] = {"kind": "chronological", "cutoff": int(cutoff) if cutoff.isdecimal() else cutoff}
    settings.setdefault("space", {}).setdefault("arity", 3)
    return settings
