"""`verdi data gbml.compositions`: the sets of compositions, with filters."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from aiida.cmdline.groups import VerdiCommandGroup
from aiida.cmdline.params import arguments, options, types
from aiida.cmdline.utils import decorators, echo

from aiida_gbml.cli.data import ELEMENT, OUTPUT, echo_table, format_option, write_text

if TYPE_CHECKING:
    from aiida_gbml.data.composition_set import CompositionSetData
    from aiida_gbml.science.compounds.composition_set import CompositionSet

_SET = arguments.DATUM(type=types.DataParamType(sub_classes=("aiida.data:gbml.compositions",)))
_ARITY = click.option("--arity", type=click.IntRange(min=1), help="Only with compositions of so many elements.")
_AGE_NAMES = {"day": "date", "year": "year", "identifier": "first_seen"}


@click.group("gbml.compositions", cls=VerdiCommandGroup)
def compositions() -> None:
    """Manage sets of compositions."""


@compositions.command("list")
@ELEMENT
@_ARITY
@click.option("--source", metavar="TEXT", help="Only with this text in the source.")
@options.LIMIT()
@options.RAW()
@decorators.with_dbenv()
def compositions_list(element: str | None, arity: int | None, source: str | None, limit: int | None, raw: bool) -> None:
    """List the sets of compositions, newest first."""
    from aiida import orm

    from aiida_gbml.data.composition_set import CompositionSetData

    conditions: dict[str, Any] = {}
    if element is not None:
        conditions["attributes.elements"] = {"contains": [element]}
    if arity is not None:
        conditions["attributes.arities"] = {"has_key": str(arity)}
    if source is not None:
        escaped = source.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        conditions["attributes.source"] = {"ilike": f"%{escaped}%"}
    query = orm.QueryBuilder().append(CompositionSetData, filters=conditions, tag="set", project="*")
    nodes = query.order_by({"set": {"id": "desc"}}).limit(limit).all(flat=True)
    echo_table([_row(node) for node in nodes], raw)


@compositions.command("show")
@_SET
@click.option("--rows", type=click.IntRange(min=0), default=10, show_default=True, help="Rows to list.")
@decorators.with_dbenv()
def compositions_show(datum: CompositionSetData, rows: int) -> None:
    """Show what is in a set, and what was rejected."""
    content = datum.compositions
    known = datum.base.attributes.all
    arities = ", ".join(f"{number} of {arity}" for arity, number in known["arities"].items())
    fields = {
        "compositions": f"{known['n_compositions']} ({arities} elements)",
        "source": known["source"],
        "licence": known["licence"] or "unknown",
        "first seen": _ages(known) or "unknown",
        "repeated rows": str(known["n_duplicates"]),
        "rejected rows": _counts(known["rejected"]) or "0",
        "sha256": known["sha256"],
    }
    for name, value in fields.items():
        echo.echo(f"{name:<14} {value}")
    if rows and len(content):
        echo.echo("")
        echo_table([_record(content, row) for row in range(min(rows, len(content)))], raw=False)
    if rows and content.rejected:
        count = len(content.rejected)
        echo.echo(f"\nrejected, the first {min(rows, count)} of {count}, rows counted from 0:")
        for rejected in content.rejected[:rows]:
            echo.echo(f"  row {rejected.row}: {rejected.reason}")


@compositions.command("export")
@_SET
@format_option("csv", "json")
@_ARITY
@ELEMENT
@OUTPUT
@decorators.with_dbenv()
def compositions_export(
    datum: CompositionSetData, fmt: str, arity: int | None, element: str | None, output: Path | None
) -> None:
    """Write a set, or a part of it, with source and licence: as CSV, or as JSON with what was rejected too."""
    content = datum.compositions
    rows = [
        row
        for row in range(len(content))
        if arity in (None, int(content.arity[row])) and (element is None or element in content[row].elements)
    ]
    records = [_record(content, row) for row in rows]
    write_text(_csv(content, records) if fmt == "csv" else _json(datum, records), output)


@compositions.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--column", metavar="NAME", help="Column of the formulas; found by its name by default.")
@click.option("--id-column", metavar="NAME", help="Column of the identifiers.")
@click.option(
    "--age",
    type=click.Choice(("auto", "none", "date", "year", "identifier")),
    help="What tells when a composition was first seen; numbers of identifiers such as mp-123 count too.",
)
@click.option("--age-column", metavar="NAME", help="Column of dates, years or numbers.")
@click.option("--table", metavar="NAME", help="Table of a database; all with formulas by default.")
@click.option("--source", metavar="TEXT", help="Where the compositions are from.")
@click.option("--licence", metavar="TEXT", help="Under which they may be used.")
@click.option("--label", metavar="TEXT", help="Label of the node.")
@decorators.with_dbenv()
def compositions_import(file: Path, label: str | None, **given: str | None) -> None:
    """Read a file into the graph: CSV, JSON, pymatgen entries, OPTIMADE responses, an SQLite list."""
    from aiida_gbml.cli.composition_subjects import find_compositions
    from aiida_gbml.cli.outcome import one_sentence

    with one_sentence():
        node = find_compositions(file, {name: value for name, value in given.items() if value is not None}).store()
    if label is not None:
        node.label = label
    known = node.base.attributes.all
    rejected = f", {known['n_rejected']} rows rejected ({_counts(known['rejected'])})" if known["n_rejected"] else ""
    echo.echo_success(f"stored {known['n_compositions']} compositions as node {node.pk}{rejected}")
    if known["n_rejected"]:
        echo.echo_report(f"`verdi data gbml.compositions show {node.pk}` lists them")


def _row(node: CompositionSetData) -> dict[str, str]:
    known = node.base.attributes.all
    return {
        "PK": str(node.pk),
        "Label": node.label,
        "Compositions": str(known["n_compositions"]),
        "By number of elements": " ".join(f"{arity}:{number}" for arity, number in known["arities"].items()),
        "Rejected": str(known["n_rejected"]),
        "First seen": _ages(known),
        "Source": known["source"][:40],
        "Licence": known["licence"][:20],
    }


def _record(content: CompositionSet, row: int) -> dict[str, str]:
    """Return one row as text; without ages there is no column of them."""
    from aiida_gbml.science.compounds.composition_set import age_text

    record = {"id": str(content.ids[row]), "formula": content[row].formula}
    if content.age_unit:
        record[_AGE_NAMES[content.age_unit]] = age_text(int(content.first_seen[row]), content.age_unit)
    return record


def _ages(known: dict[str, Any]) -> str:
    from aiida_gbml.science.compounds.composition_set import age_text

    ends = [age_text(known[f"first_seen_{end}"], known["age_unit"]) for end in ("min", "max")]
    return f"{known['age_unit']} {ends[0]} to {ends[1]}" if all(ends) else ""


def _counts(rejected: dict[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in rejected.items())


def _csv(content: CompositionSet, records: list[dict[str, str]]) -> str:
    """Return a table with source and licence in each row, since such a file has no other place for them."""
    text = io.StringIO()
    about = {"source": content.source, "licence": content.licence}
    writer = csv.DictWriter(text, [*(records[0] if records else ("id", "formula")), *about], lineterminator="\n")
    writer.writeheader()
    writer.writerows({**record, **about} for record in records)
    return text.getvalue()


def _json(node: CompositionSetData, records: list[dict[str, str]]) -> str:
    content = node.compositions
    document = {
        "source": content.source,
        "licence": content.licence,
        "uuid": node.uuid,
        "sha256": content.sha256,
        "age_unit": content.age_unit,
        "n_duplicates": content.n_duplicates,
        "records": records,
        "rejected": [vars(rejected) for rejected in content.rejected],
    }
    return json.dumps(document, indent=1, ensure_ascii=False)
