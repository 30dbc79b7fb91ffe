"""`aiida-gbml show`, `explain`, `plot` and `export`: what came out of a process."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from aiida.cmdline.params.types import NodeParamType
from aiida.cmdline.utils import echo

from aiida_gbml.cli.outcome import in_folder

if TYPE_CHECKING:
    from aiida import orm

    from aiida_gbml.cli.reports.base import Report

Result = TypeVar("Result")

PROCESS = click.argument("process", type=NodeParamType())


@click.command("show")
@PROCESS
@click.option("--rows", type=click.IntRange(min=1), default=10, show_default=True, help="Rows of tables.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def show(process: orm.Node, rows: int, as_json: bool) -> None:
    """Show what a process has found, or how far it is; or what is in a node of spectra."""
    report = _report(process)
    text = _or_one_sentence(lambda: json.dumps(report.content(rows), indent=2) if as_json else report.text(rows))
    echo.echo(text)


@click.command("explain")
@PROCESS
def explain(process: orm.Node) -> None:
    """Say what failed and why, and what to do about it."""
    report = _report(process)
    exception = getattr(process, "exception", None)
    lines = [report.title, *([f"  {exception}"] if exception else [])]
    problems = _or_one_sentence(report.problems)
    lines += [line for what, remedy in problems for line in (what, f"  -> {remedy}")]
    echo.echo("\n".join(lines))
    has_failed = getattr(process, "is_terminated", False) and not getattr(process, "is_finished_ok", True)
    if not problems and not has_failed:
        echo.echo_success("nothing failed")


@click.command("plot")
@PROCESS
@click.option("--kind", default="all", show_default=True, help="What to draw, such as convergence or sites.")
@click.option(
    "--format",
    "formats",
    type=click.Choice(("png", "svg")),
    multiple=True,
    default=("png", "svg"),
    help="Format of the pictures; may be repeated.  [default: both]",
)
@click.option(
    "--measured",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Measured spectrum to lay over: MSA, XDI or CSV.",
)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder for the pictures; this one by default.",
)
def plot(process: orm.Node, kind: str, formats: tuple[str, ...], measured: Path | None, folder: Path) -> None:
    """Draw what a process has found.

    Of a search: energy against evaluations, the energy over the translations, the boundary itself. Of spectra: the
    sites over each other with their sum, the treatments of the hole over each other. Of a recommendation: enrichment
    and reliability of its model, and what it takes to be alike among the ions. Of a model of a property: predictions
    against values.
    """
    report = _report(process)
    if kind not in ("all", *report.pictures):
        echo.echo_critical(f"there is no picture '{kind}' of a {report.noun}, known are {', '.join(report.pictures)}")
    echo_pictures(report, [] if kind == "all" else [kind], folder, formats, measured)


@click.command("export")
@PROCESS
@click.option("--format", "file_format", help="Format to write; by default the first that there is.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File; by default named by pk.")
@click.option("-f", "--force", is_flag=True, help="Overwrite an existing file.")
def export(process: orm.Node, file_format: str | None, output: Path | None, force: bool) -> None:
    """Write what a process has found as a file that other tools read.

    Of a search extxyz: every evaluated structure with its energies; cif: the most stable structure; csv, json: the
    ranking. Of spectra hdf5 (NXxas), qm9, msa, xdi, csv, extxyz and json. Of a recommendation or a ranking csv,
    parquet, sqlite and json, with licence and provenance; of its verification csv, json and extxyz. Of a model of a
    property csv and json, of a search of compounds also extxyz and cif. Of a surface of energy json, csv, extxyz.
    """
    report = _report(process)
    file_format = file_format or report.formats[0]
    if file_format not in report.formats:
        known = ", ".join(report.formats)
        echo.echo_critical(f"a {report.noun} is not written as '{file_format}', known are {known}")
    path = output or Path(f"{report.noun}_{process.pk}.{_SUFFIXES.get(file_format, file_format)}")
    if path.exists() and not force:
        echo.echo_critical(f"'{path}' exists already; choose another name with --output, or overwrite it with --force")
    for written in _or_one_sentence(lambda: report.write(file_format, in_folder(path))):
        echo.echo_success(f"wrote {written}")


_SUFFIXES = {"hdf5": "h5", "qm9": "qm9.h5"}


def echo_pictures(
    report: Report, kinds: Sequence[str], folder: Path, formats: Sequence[str], measured: Path | None = None
) -> None:
    """Draw and print the paths, or end with one sentence."""
    for path in _or_one_sentence(lambda: report.draw(kinds, folder, formats, measured)):
        echo.echo(str(path))


def _report(process: orm.Node) -> Report:
    """Return the report of a process or node, or end with one sentence."""
    from aiida_gbml.cli.reports.base import report_of

    return _or_one_sentence(lambda: report_of(process))


def _or_one_sentence(make: Callable[[], Result]) -> Result:
    """Return what a function returns, or end with the sentence that it raises."""
    try:
        return make()
    except (ValueError, OSError) as exception:
        echo.echo_critical(" ".join(str(exception).split()))
