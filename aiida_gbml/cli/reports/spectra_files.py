"""Spectra as files that other tools read."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ase import Atoms

    from aiida_gbml.science.spectra.dataset import SpectraTable
    from aiida_gbml.science.spectra.formats import MeasuredSpectrum

MOST_FILES = 1000
"""Files that one export writes at most."""

Tables = Sequence["SpectraTable"]


def write_tables(tables: Tables, file_format: str, path: Path) -> list[Path]:
    """Write tables and return the paths: a file each spectrum (msa, xdi) or each edge (csv), else one file.

    Where there are several files, element, edge and row of each go into its name.

    :param file_format: one of :data:`FORMATS`.
    :raises ValueError: when there is nothing to write, or the format cannot hold it.
    """
    if not any((~table.failed).any() for table in tables):
        raise ValueError("there are no spectra to write: every row failed, or none is computed yet")
    return _WRITERS[file_format](tables, path)


def _hdf5(tables: Tables, path: Path) -> list[Path]:
    from aiida_gbml.science.spectra.dataset import write_spectra

    write_spectra(path, tables)
    return [path]


def _qm9(tables: Tables, path: Path) -> list[Path]:
    from aiida_gbml.science.spectra.formats.qm9 import write_qm9

    write_qm9(path, tables=tables)
    return [path]


def _single(write: Callable[[MeasuredSpectrum], str], tables: Tables, path: Path) -> list[Path]:
    """Write each spectrum into a file of its own."""
    from aiida_gbml.science.spectra.formats import spectrum_of_row

    rows = [(table, row) for table in tables for row in range(len(table)) if not table.failed[row]]
    if len(rows) > MOST_FILES:
        raise ValueError(f"that would be {len(rows)} files, more than {MOST_FILES}; export hdf5 or csv instead")
    names = [f"{table.key}_{row:04d}" for table, row in rows]
    paths = [path] if len(rows) == 1 else [path.with_name(f"{path.stem}_{name}{path.suffix}") for name in names]
    for (table, row), target in zip(rows, paths, strict=True):
        target.write_text(write(spectrum_of_row(table, row)), encoding="utf-8")
    return paths


def _msa(tables: Tables, path: Path) -> list[Path]:
    from aiida_gbml.science.spectra.formats.msa import to_msa

    return _single(to_msa, tables, path)


def _xdi(tables: Tables, path: Path) -> list[Path]:
    from aiida_gbml.science.spectra.formats.xdi import to_xdi

    return _single(to_xdi, tables, path)


def _csv(tables: Tables, path: Path) -> list[Path]:
    from aiida_gbml.science.spectra.formats.csv import table_to_csv

    several = len(tables) > 1
    paths = [path.with_name(f"{path.stem}_{table.key}{path.suffix}") if several else path for table in tables]
    for table, target in zip(tables, paths, strict=True):
        target.write_text(table_to_csv(table), encoding="utf-8")
    return paths


def _extxyz(tables: Tables, path: Path) -> list[Path]:
    from ase.io import write

    from aiida_gbml.science.spectra.formats.ase import with_spectra

    found: dict[str, Atoms] = {}
    for table in tables:
        if not {"structure_uuid", "site", "treatment"} <= set(table.columns):
            raise ValueError("these spectra do not know their structures; export hdf5 or csv instead")
        for uuid in dict.fromkeys(table.columns["structure_uuid"].tolist()):
            own = table.take(table.columns["structure_uuid"] == uuid)
            found[uuid] = with_spectra(found.get(uuid) or _structure(uuid), own)
    write(path, list(found.values()), format="extxyz")
    return [path]


def _structure(uuid: str) -> Atoms:
    """Return a structure of the graph."""
    from aiida import orm
    from aiida.common.exceptions import NotExistent

    try:
        return orm.load_node(uuid).get_ase()
    except (NotExistent, AttributeError, ValueError) as exception:
        raise ValueError(f"the structure {uuid} is not in this profile; export hdf5 or csv instead") from exception


def _json(tables: Tables, path: Path) -> list[Path]:
    path.write_text(json.dumps([_plain(table) for table in tables], indent=1) + "\n", encoding="utf-8")
    return [path]


def _plain(table: SpectraTable) -> dict[str, Any]:
    """Return a table as plain values; a point that is not known is null."""
    intensity = [[None if value != value else value for value in row] for row in table.intensity.tolist()]  # noqa: PLR0124
    columns = {
        name: [None if value != value else value for value in column.tolist()]  # noqa: PLR0124
        for name, column in sorted(table.columns.items())
    }
    own = {"element": table.element, "edge": table.edge, "energy": table.energy.round(9).tolist()}
    return {**own, "intensity": intensity, "columns": columns}


_WRITERS: dict[str, Callable[[Tables, Path], list[Path]]] = {
    "hdf5": _hdf5,
    "qm9": _qm9,
    "msa": _msa,
    "xdi": _xdi,
    "csv": _csv,
    "extxyz": _extxyz,
    "json": _json,
}

FORMATS = tuple(_WRITERS)
"""Formats of spectra, the richest first."""
