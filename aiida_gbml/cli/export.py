"""Files of a search that other tools read."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ase.io import write as write_atoms

from aiida_gbml.science.structure_files import to_extxyz

if TYPE_CHECKING:
    from aiida_gbml.workflows.interfaces.view import SearchView


def write(view: SearchView, file_format: str, path: Path) -> None:
    """Write a search to a file.

    :param file_format: extxyz, cif, csv or json.
    :raises ValueError: when the search has not got that far.
    """
    if view.evaluated is None:
        raise ValueError(f"search {view.node.pk} has no structures to export: it is {view.state}")
    if file_format == "cif":
        write_atoms(path, view.node.outputs.best_structure.get_ase(), format="cif")
    elif file_format == "extxyz":
        path.write_text(to_extxyz(view.evaluated), encoding="utf-8")
    elif file_format == "csv":
        _write_csv(path, view.ranking())
    else:
        content = {"uuid": view.node.uuid, "summary": view.summary, "ranking": view.ranking()}
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _write_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write the ranking with one column for each component of a translation."""
    flat = []
    for row in rows:
        x, y = row.pop("translation")
        flat.append({**row, "translation_x": x, "translation_y": y})
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(flat[0]) if flat else [])
        writer.writeheader()
        writer.writerows(flat)
