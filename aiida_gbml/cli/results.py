"""`aiida-gbml show`, `explain`, `plot` and `export`: what came out of a search."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from aiida.cmdline.params.types import WorkflowParamType
from aiida.cmdline.utils import echo

if TYPE_CHECKING:
    from aiida import orm

    from aiida_gbml.workflows.interfaces.view import SearchView

SEARCH = click.argument("search", type=WorkflowParamType())
FORMATS = ("extxyz", "cif", "csv", "json")
_HEADINGS = {
    "excess_energy": "energy (J/m²)",
    "screening_energy": "before (J/m²)",
    "excess_volume": "volume (Å)",
    "translation": "translation (Å)",
    "gap": "gap (Å)",
    "termination": "termination",
    "n_removed": "removed",
    "n_atoms": "atoms",
}
PICTURES = ("convergence", "gamma", "structure")


@click.command("show")
@SEARCH
@click.option("--rows", type=click.IntRange(min=1), default=10, show_default=True, help="Structures to list.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def show(search: orm.WorkChainNode, rows: int, as_json: bool) -> None:
    """Show what a search has found, or how far it is."""
    view = _view(search)
    if as_json:
        echo.echo(json.dumps({"state": view.state, "summary": view.summary, "ranking": view.ranking(rows)}, indent=2))
        return
    echo.echo(describe(view, rows))


@click.command("explain")
@SEARCH
def explain(search: orm.WorkChainNode) -> None:
    """Say why evaluations failed, and what to do about it."""
    from aiida_gbml.workflows.interfaces.remedies import remedy

    view = _view(search)
    echo.echo(f"Grain-boundary search {search.pk}: {view.state}")
    if search.exception:
        echo.echo(f"  {search.exception}")
    for reason, count in view.failures():
        echo.echo(f"{count} evaluation{'s' * (count > 1)}: {reason}")
        echo.echo(f"  -> {remedy(reason)}")
    for label, child in view.failed_children():
        message = child.exit_message or str(child.process_state)
        echo.echo(f"{label} ({child.process_label} {child.pk}): {message}")
        echo.echo(f"  -> look at `verdi process report {child.pk}`")
    if not view.failures() and not view.failed_children():
        echo.echo_success("nothing failed")


@click.command("plot")
@SEARCH
@click.option("--kind", type=click.Choice((*PICTURES, "all")), default="all", show_default=True, help="What to draw.")
@click.option(
    "--format",
    "formats",
    type=click.Choice(("png", "svg")),
    multiple=True,
    default=("png", "svg"),
    help="Format of the pictures; may be repeated.  [default: both]",
)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder for the pictures; this one by default.",
)
def plot(search: orm.WorkChainNode, kind: str, formats: tuple[str, ...], folder: Path) -> None:
    """Draw energy against evaluations, the energy over the translations, and the boundary itself."""
    echo_pictures(_view(search), folder, formats, kind)


@click.command("export")
@SEARCH
@click.option(
    "--format", "file_format", type=click.Choice(FORMATS), default="extxyz", show_default=True, help="Format to write."
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File; by default named by pk.")
@click.option("-f", "--force", is_flag=True, help="Overwrite an existing file.")
def export(search: orm.WorkChainNode, file_format: str, output: Path | None, force: bool) -> None:
    """Write what a search has found as a file that other tools read.

    extxyz: every evaluated structure with its energies. cif: the most stable structure. csv, json: the ranking.
    """
    from aiida_gbml.cli.export import write

    path = output or Path(f"search_{search.pk}.{file_format}")
    if path.exists() and not force:
        echo.echo_critical(f"'{path}' exists already; choose another name with --output, or overwrite it with --force")
    try:
        write(_view(search), file_format, path)
    except ValueError as exception:
        echo.echo_critical(str(exception))
    echo.echo_success(f"wrote {path}")


def echo_pictures(view: SearchView, folder: Path, formats: Sequence[str], kind: str = "all") -> None:
    """Draw a search and print the paths, or end with one sentence."""
    from aiida_gbml.cli.pictures import draw

    possible = [one for one in PICTURES if one != "gamma" or "gamma_surface" in view.node.outputs]
    try:
        for path in draw(view, possible if kind == "all" else [kind], folder, formats):
            echo.echo(str(path))
    except ValueError as exception:
        echo.echo_critical(str(exception))


def _view(search: orm.WorkChainNode) -> SearchView:
    """Return the view of a search, or end with one sentence."""
    from aiida_gbml.workflows.interfaces.view import SearchView

    try:
        return SearchView(search)
    except ValueError as exception:
        echo.echo_critical(str(exception))


def describe(view: SearchView, n_rows: int) -> str:
    """Return where a search stands, its summary, and its most stable structures as tables."""
    width = max((len(name) for name in view.summary), default=0)
    lines = [f"Grain-boundary search {view.node.pk}: {view.state}"]
    for name, value in view.summary.items():
        lines.append(f"  {name:<{width}}  {_text(value)}")
    if view.verified is not None:
        lines += ["", "Verified:", _table(view.ranking(n_rows, verified=True)), "", "Before the verification:"]
    return "\n".join([*lines, _table(view.ranking(n_rows))])


def _table(rows: list[dict[str, Any]]) -> str:
    """Return rows of a ranking as a table."""
    from tabulate import tabulate

    table = [{_HEADINGS[name]: _text(value) for name, value in row.items()} for row in rows]
    return tabulate(table, headers="keys", disable_numparse=True)


def _text(value: Any) -> str:
    """Return a value as a reader wants it: four decimals are a tenth of a mJ/m²."""
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, list):
        return " ".join(f"{item:.2f}" if isinstance(item, float) else str(item) for item in value)
    return str(value)
