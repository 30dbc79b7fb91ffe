"""`verdi data gbml.interface` and `verdi data gbml.structures`: the databases, with filters."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from aiida.cmdline.groups import VerdiCommandGroup
from aiida.cmdline.params import arguments, options, types
from aiida.cmdline.utils import decorators, echo

from aiida_gbml.cli.outcome import new_file, one_sentence

if TYPE_CHECKING:
    from aiida_gbml.data.interface import InterfaceData
    from aiida_gbml.data.structure_set import StructureSetData

Command = TypeVar("Command", bound=Callable[..., Any])

_UNITS = {"rotation_angle": "°", "gb_energy": "J/m²", "excess_volume": "Å"}

OUTPUT = click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write; the screen by default."
)
ELEMENT = click.option("--element", metavar="SYMBOL", help="Only what holds this element.")


def format_option(*formats: str) -> Callable[[Command], Command]:
    """Return the option of the formats that can be written, the first of which is the default."""
    choice = click.Choice(formats)
    return click.option(
        "-F", "--format", "fmt", type=choice, default=formats[0], show_default=True, help="Format to write."
    )


def filters(command: Command) -> Command:
    """Add the filters of summaries to a command."""
    for option in (
        click.option("--max-energy", type=float, metavar="J/m²", help="Highest boundary energy."),
        click.option("--type", "boundary_type", metavar="TYPE", help="tilt, twist, symmetric tilt or asymmetric tilt."),
        ELEMENT,
        click.option("--sigma", type=click.IntRange(min=1), help="Sigma of the boundary."),
    ):
        command = option(command)
    return command


@click.group("gbml.interface", cls=VerdiCommandGroup)
def interface() -> None:
    """Manage the summaries of grain-boundary searches."""


@interface.command("list")
@filters
@options.LIMIT()
@options.RAW()
@decorators.with_dbenv()
def interface_list(limit: int | None, raw: bool, **conditions: Any) -> None:
    """List the boundaries that were searched, lowest energy first."""
    from aiida_gbml.data.interface import InterfaceData

    nodes = InterfaceData.query(**conditions).limit(limit).all(flat=True)
    echo_table([_interface_row(node) for node in nodes], raw)


@interface.command("show")
@arguments.DATUM(type=types.DataParamType(sub_classes=("aiida.data:gbml.interface",)))
@decorators.with_dbenv()
def interface_show(datum: InterfaceData) -> None:
    """Show all that is known of one boundary."""
    fields = datum.get_dict()
    width = max(len(name) for name in fields)
    for name, value in fields.items():
        text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
        echo.echo(f"{name:<{width}}  {text} {_UNITS.get(name, '')}".rstrip())


@interface.command("export")
@filters
@format_option("json", "csv")
@OUTPUT
@decorators.with_dbenv()
def interface_export(fmt: str, output: Path | None, **conditions: Any) -> None:
    """Write the boundaries that were searched as JSON or CSV, energies in J/m² and lengths in Å."""
    from aiida_gbml.data.interface import InterfaceData

    nodes = InterfaceData.query(**conditions).all(flat=True)
    documents = [{"uuid": node.uuid, **node.get_dict()} for node in nodes]
    write_text(json.dumps(documents, indent=1, ensure_ascii=False) if fmt == "json" else _csv(documents), output)


@click.group("gbml.structures", cls=VerdiCommandGroup)
def structures() -> None:
    """Manage sets of structures and their energies."""


@structures.command("list")
@ELEMENT
@options.LIMIT()
@options.RAW()
@decorators.with_dbenv()
def structures_list(element: str | None, limit: int | None, raw: bool) -> None:
    """List the sets of structures, newest first."""
    from aiida import orm

    from aiida_gbml.data.structure_set import StructureSetData

    conditions = {"attributes.elements": {"contains": [element]}} if element else {}
    query = orm.QueryBuilder().append(StructureSetData, filters=conditions, tag="set")
    query.order_by({"set": {"id": "desc"}}).limit(limit)
    echo_table([_set_row(node) for node in query.all(flat=True)], raw)


@structures.command("show")
@arguments.DATUM(type=types.DataParamType(sub_classes=("aiida.data:gbml.structures",)))
@options.RAW()
@decorators.with_dbenv()
def structures_show(datum: StructureSetData, raw: bool) -> None:
    """List the structures of one set."""
    content = datum.structures
    scalars = {name: column for name, column in content.columns.items() if column.ndim == 1}
    rows = [
        {
            "row": str(row),
            "formula": content.to_ase(row).get_chemical_formula(),
            **{name: _text(column[row]) for name, column in scalars.items()},
        }
        for row in range(len(content))
    ]
    echo_table(rows, raw)


@structures.command("export")
@arguments.DATUM(type=types.DataParamType(sub_classes=("aiida.data:gbml.structures",)))
@format_option("extxyz", "json")
@OUTPUT
@decorators.with_dbenv()
def structures_export(datum: StructureSetData, fmt: str, output: Path | None) -> None:
    """Write one set as extended XYZ or JSON: eV, Å, eV/Å and eV/Å³."""
    from aiida_gbml.science.structure_files import to_extxyz, to_plain

    write_text(to_extxyz(datum.structures) if fmt == "extxyz" else json.dumps(to_plain(datum.structures)), output)


def _interface_row(node: InterfaceData) -> dict[str, str]:
    fields = node.get_dict()
    return {
        "PK": str(node.pk),
        "Crystal": fields["pretty_formula"],
        "Σ": str(fields["sigma"]),
        "Type": fields["type"],
        "Axis": _indices(fields["rotation_axis"], "[]"),
        "Plane": _indices(fields["gb_plane"], "()"),
        "Angle (°)": f"{fields['rotation_angle']:.2f}",
        "Energy (J/m²)": f"{fields['gb_energy']:.4f}",
        "Evaluated": f"{fields['n_evaluated']} of {fields['n_candidates']}",
        "Failed": str(fields["n_failed"]),
        "Level of theory": f"{fields['engine']}: {fields['level_of_theory']}",
    }


def _set_row(node: StructureSetData) -> dict[str, str]:
    attributes = node.base.attributes.all
    return {
        "PK": str(node.pk),
        "Label": node.label,
        "Structures": str(attributes["n_structures"]),
        "Atoms": str(attributes["n_atoms"]),
        "Elements": " ".join(attributes["elements"]),
        "Evaluated": str(attributes.get("n_ok", "-")),
        "Failed": str(attributes.get("n_failed", "-")),
    }


def _indices(indices: list[int], brackets: str) -> str:
    """Return Miller indices as they are written: [001], or [0 -1 12] when that would be ambiguous."""
    separator = "" if all(0 <= index <= 9 for index in indices) else " "
    return brackets[0] + separator.join(map(str, indices)) + brackets[1]


def _text(value: Any) -> str:
    return f"{value:.6f}" if value.dtype.kind == "f" else str(value)


def echo_table(rows: list[dict[str, str]], raw: bool) -> None:
    """Print rows as a table, without decoration when ``raw``; numbers keep the digits they were given."""
    from tabulate import tabulate

    if raw:
        echo.echo(tabulate([list(row.values()) for row in rows], tablefmt="plain", disable_numparse=True))
    elif rows:
        echo.echo(tabulate(rows, headers="keys", disable_numparse=True))
        echo.echo(f"\n{len(rows)} found")
    else:
        echo.echo_report("nothing fits")


def _csv(documents: list[dict[str, Any]]) -> str:
    """Return documents as CSV: one column for each field that any of them has, lists joined by spaces."""
    import csv
    import io

    text = io.StringIO()
    names = list(dict.fromkeys(name for document in documents for name in document))
    writer = csv.DictWriter(text, fieldnames=names, lineterminator="\n")
    writer.writeheader()
    for document in documents:
        flat = {
            name: " ".join(map(str, value)) if isinstance(value, list) else value for name, value in document.items()
        }
        writer.writerow(flat)
    return text.getvalue()


def write_text(text: str, output: Path | None) -> None:
    """Write a text to a new file, or to the screen."""
    if output is None:
        echo.echo(text, nl=not text.endswith("\n"))
        return
    with one_sentence():
        new_file(output).write_text(text, encoding="utf-8")
    echo.echo_success(f"wrote {output}")
