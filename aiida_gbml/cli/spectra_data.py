"""`verdi data gbml.spectra`: the datasets of spectra, with filters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from aiida.cmdline.groups import VerdiCommandGroup
from aiida.cmdline.params import arguments, options, types
from aiida.cmdline.utils import decorators, echo

from aiida_gbml.cli.data import ELEMENT, echo_table

if TYPE_CHECKING:
    from aiida_gbml.data.spectra_dataset import SpectraDatasetData

_DATASET = arguments.DATUM(type=types.DataParamType(sub_classes=("aiida.data:gbml.spectra",)))


@click.group("gbml.spectra", cls=VerdiCommandGroup)
def spectra() -> None:
    """Manage datasets of spectra."""


@spectra.command("list")
@ELEMENT
@click.option("--edge", type=click.Choice(("K", "L1", "L2", "L3", "L23")), help="Only with spectra of this edge.")
@click.option("--formula", metavar="FORMULA", help="Only with spectra of this formula, such as MgO.")
@options.LIMIT()
@options.RAW()
@decorators.with_dbenv()
def spectra_list(limit: int | None, raw: bool, **conditions: str | None) -> None:
    """List the datasets of spectra, newest first."""
    nodes = _query(**conditions).limit(limit).all(flat=True)
    echo_table([_row(node) for node in nodes], raw)


@spectra.command("show")
@_DATASET
@click.option("--rows", type=click.IntRange(min=1), default=20, show_default=True, help="Rows to list.")
@decorators.with_dbenv()
def spectra_show(datum: SpectraDatasetData, rows: int) -> None:
    """Show what is in a dataset."""
    from aiida_gbml.cli.reports.dataset import DatasetReport

    echo.echo(DatasetReport(datum).text(rows))


@spectra.command("export")
@_DATASET
@click.option(
    "-F", "--format", "fmt", default="hdf5", show_default=True, help="hdf5, qm9, msa, xdi, csv, extxyz, json."
)
@ELEMENT
@click.option("--edge", type=click.Choice(("K", "L1", "L2", "L3", "L23")), help="Only the spectra of this edge.")
@click.option("--formula", metavar="FORMULA", help="Only the spectra of this formula.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write.")
@decorators.with_dbenv()
def spectra_export(datum: SpectraDatasetData, fmt: str, output: Path, **conditions: str | None) -> None:
    """Write a dataset, or a part of it, as a file that other tools read; energies in eV."""
    from aiida_gbml.cli.outcome import new_file, one_sentence
    from aiida_gbml.cli.reports.spectra_files import FORMATS, write_tables

    if fmt not in FORMATS:
        echo.echo_critical(f"there is no format '{fmt}', known are {', '.join(FORMATS)}")
    with one_sentence():
        for path in write_tables(_chosen(datum, **conditions), fmt, new_file(output)):
            echo.echo_success(f"wrote {path}")


def _query(element: str | None, edge: str | None, formula: str | None) -> Any:
    """Return the query for the datasets that fit."""
    from aiida import orm

    from aiida_gbml.data.spectra_dataset import SpectraDatasetData

    wanted: dict[str, Any] = {"elements": element, "edges": edge, "formulas": formula}
    filters = {f"attributes.{name}": {"contains": [value]} for name, value in wanted.items() if value is not None}
    if element is not None and edge is not None:
        filters["attributes.spectra"] = {"contains": [f"{element}_{edge}"]}
    query = orm.QueryBuilder().append(SpectraDatasetData, filters=filters, tag="dataset", project="*")
    return query.order_by({"dataset": {"id": "desc"}})


def _chosen(node: SpectraDatasetData, element: str | None, edge: str | None, formula: str | None) -> list[Any]:
    """Return the tables of a dataset that are asked for, with the rows that are."""
    tables = [table for table in node.tables if element in (None, table.element) and edge in (None, table.edge)]
    if formula is not None:
        tables = [table.take(table.columns["formula"] == formula) for table in tables if "formula" in table.columns]
    return [table for table in tables if len(table)]


def _row(node: SpectraDatasetData) -> dict[str, str]:
    known = node.base.attributes.all
    return {
        "PK": str(node.pk),
        "Label": node.label,
        "Spectra": str(known["n_spectra"]),
        "Failed": str(known["n_failed"]),
        "Structures": str(known["n_structures"]),
        "Edges": " ".join(known["spectra"]),
        "Treatments": " ".join(known["treatments"]),
        "Formulas": _first(known["formulas"], known["n_formulas"]),
    }


def _first(formulas: list[str], count: int) -> str:
    """Return the first formulas, and how many more there are."""
    shown = formulas[:4]
    return " ".join(shown) + (f" and {count - len(shown)} more" if count > len(shown) else "")
