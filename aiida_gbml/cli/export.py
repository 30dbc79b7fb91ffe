"""Files of a search that other tools read."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ase import Atoms
from ase.io import write as write_atoms

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
        write_atoms(path, _annotated(view), format="extxyz")
    elif file_format == "csv":
        _write_csv(path, view.ranking())
    else:
        content = {"uuid": view.node.uuid, "summary": view.summary, "ranking": view.ranking()}
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _annotated(view: SearchView) -> list[Atoms]:
    """Return every evaluated structure with its columns as ASE's free-form information."""
    structures = view.evaluated
    assert structures is not None  # noqa: S101  (checked by the caller; for the type checker)
    annotated = []
    for row, atoms in enumerate(structures):
        atoms.info = {name: _plain(column[row]) for name, column in structures.columns.items()}
        annotated.append(atoms)
    return annotated


def _plain(value: Any) -> Any:
    """Return one value of a column as a plain Python number or text, or an array."""
    return value.item() if getattr(value, "ndim", 1) == 0 else value


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
