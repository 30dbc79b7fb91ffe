"""Databases of spectra in one HDF5 file with the names of NXxas, read a row at a time.

A file has one group ``entry_<element>_<edge>`` for each edge: ``energy`` ((m,) eV), ``intensity`` ((n, m)), the group
``columns`` with one array of length n for each column of the table, the group ``weighted`` with the mean spectrum of
each structure, and ``data``, which lets viewers draw. Names after the contributed NeXus definition NXxas of FAIRmat
(element, edge, stacked intensity) and the draft of the XAS community (absorber, calculated).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from ase.data import atomic_names, atomic_numbers

from aiida_gbml.science.archive import Array
from aiida_gbml.science.spectra.plain_hdf5 import Dataset, Group, Hdf5Error, PlainHdf5
from aiida_gbml.science.spectra.plain_hdf5_writer import Leaf, Tree, write_hdf5
from aiida_gbml.science.spectra.table import (
    SpectraError,
    SpectraTable,
    concatenate,
    table_from_rows,
    tables_from_rows,
    weighted_spectra,
)

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

__all__ = [
    "SpectraError",
    "SpectraFile",
    "SpectraTable",
    "concatenate",
    "table_from_rows",
    "tables_from_rows",
    "weighted_spectra",
    "write_spectra",
]

Rows = slice | Sequence[int] | Array

UNITS = {"transition_energy": "eV", "empirical_offset": "eV", "distance_from_boundary": "angstrom"}

_VERSION = "1"
_ENTRY = re.compile(r"entry_([A-Z][a-z]?)_([A-Z][0-9]{0,2})")


def write_spectra(target: BinaryIO | Path, tables: Iterable[SpectraTable]) -> None:
    """Write tables into a file; equal tables give equal bytes, and tables of one edge are joined.

    :param target: a path, or a binary stream that can be written and sought.
    :param tables: any number of tables, each of any length.
    :raises SpectraError: when tables of one edge have different steps.
    """
    if isinstance(target, Path):
        with target.open("wb") as stream:
            return write_spectra(stream, tables)
    entries = {f"entry_{table.key}": _entry(table) for table in concatenate(tables)}
    attributes = {"NX_class": "NXroot", "creator": "aiida-gbml", "format_version": _VERSION}
    if entries:
        attributes["default"] = next(iter(entries))
    return write_hdf5(target, Tree(entries, attributes))


class SpectraFile:
    """A database that is read as it is asked for; use it as a context, or close it.

    :param source: a path, or a binary stream, which is not closed.
    :raises SpectraError: when it is no such file, is damaged, or holds links, filters or storage of other kinds; any
        method raises it for what it meets later.
    """

    def __init__(self, source: BinaryIO | Path) -> None:
        self._own = source.open("rb") if isinstance(source, Path) else None
        try:
            with _as_spectra_error():
                root = PlainHdf5(self._own or source).root  # type: ignore[arg-type]
                names = [name for name in root.links if _ENTRY.fullmatch(name)]
                if not names and root.attributes.get("creator") != "aiida-gbml":
                    raise SpectraError("the file holds no group 'entry_<element>_<edge>'")
                self._entries = {name.removeprefix("entry_"): root.group(name) for name in sorted(names)}
        except SpectraError:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file if it was opened here."""
        if self._own is not None:
            self._own.close()

    @property
    def keys(self) -> tuple[str, ...]:
        """Elements and edges, such as ``C_K``."""
        return tuple(self._entries)

    def count(self, key: str) -> int:
        """Return the number n of rows of an edge."""
        with _as_spectra_error():
            return self._intensity(self._entry(key)).shape[0]

    def energy(self, key: str) -> Array:
        """Return the (m,) axis of an edge in eV."""
        with _as_spectra_error():
            return self._entry(key).dataset("energy").read()

    def column_names(self, key: str) -> tuple[str, ...]:
        """Return the names of the columns of an edge."""
        with _as_spectra_error():
            return tuple(sorted(self._entry(key).group("columns").links))

    def columns(self, key: str, names: Iterable[str] | None = None, rows: Rows | None = None) -> dict[str, Array]:
        """Return some columns of an edge, or all, for some rows, or all.

        :raises SpectraError: for a name that the edge does not have.
        """
        with _as_spectra_error():
            return _columns(self._entry(key), names, rows)

    def rows(self, key: str, rows: Rows | None = None) -> Array:
        """Return the (k, m) intensities of some rows, or of all; only they are read.

        :param rows: a slice, (k,) indices in any order, or (n,) booleans.
        """
        with _as_spectra_error():
            return _select(self._intensity(self._entry(key)), rows)

    def table(self, key: str, rows: Rows | None = None, names: Iterable[str] | None = None) -> SpectraTable:
        """Return some rows of an edge, or all, with some columns, or all."""
        element, edge = _parts(key)
        return SpectraTable(element, edge, self.energy(key), self.rows(key, rows), self.columns(key, names, rows))

    def tables(self) -> tuple[SpectraTable, ...]:
        """Return all there is."""
        return tuple(self.table(key) for key in self.keys)

    def weighted(self, key: str) -> SpectraTable:
        """Return the mean spectrum of each structure and treatment, see :func:`weighted_spectra`."""
        element, edge = _parts(key)
        with _as_spectra_error():
            group = self._entry(key).group("weighted")
            intensity = self._intensity(group).read()
            return SpectraTable(element, edge, self.energy(key), intensity, _columns(group, None, None))

    def _entry(self, key: str) -> Group:
        if key not in self._entries:
            raise SpectraError(f"there are no spectra of '{key}', only of {', '.join(self.keys) or 'nothing'}")
        return self._entries[key]

    @staticmethod
    def _intensity(group: Group) -> Dataset:
        intensity = group.dataset("intensity")
        if len(intensity.shape) != 2 or intensity.dtype.kind != "f":
            raise SpectraError(f"'intensity' is no array of spectra: {intensity.dtype}, {intensity.shape}")
        return intensity


@contextmanager
def _as_spectra_error() -> Iterator[None]:
    try:
        yield
    except Hdf5Error as exception:
        raise SpectraError(f"not a readable database of spectra: {exception}") from exception


def _parts(key: str) -> tuple[str, str]:
    element, _, edge = key.partition("_")
    return element, edge


def _entry(table: SpectraTable) -> Tree:
    """Return the group of one table."""
    energy = Leaf(table.energy.astype(float), {"units": "eV", "long_name": "energy (eV)", "energy_axis": "absolute"})
    intensity = Leaf(table.intensity, {"units": "arb"})
    weighted = weighted_spectra(table)
    formulas = sorted(set(table.columns.get("formula", np.array(["unknown"])).tolist()))
    element = {"symbol": _text(table.element), "name": _text(atomic_names[atomic_numbers[table.element]])}
    members: dict[str, Tree | Leaf] = {
        "definition": _text("NXxas"),
        "title": _text(f"{table.element} {_iupac(table.edge)} edge, {len(table)} sites"),
        "calculated": Leaf(np.array(True)),
        "element": Tree(element, {"NX_class": "NXelement"}),
        "absorber": Tree({"chemical_symbol": _text(table.element)}, {"NX_class": "NXatom"}),
        "edge": Tree({"name": _text(_iupac(table.edge))}, {"NX_class": "NXabsorption_edge"}),
        "sample": Tree({"name": _text(", ".join(formulas[:20]))}, {"NX_class": "NXsample"}),
        "energy": energy,
        "intensity": intensity,
        "columns": _column_tree(table),
        "data": Tree({"energy": energy, "intensity": intensity}, _PLOT),
        "weighted": Tree(
            {"energy": energy, "intensity": Leaf(weighted.intensity), "columns": _column_tree(weighted)}, _PLOT
        ),
    }
    return Tree(members, {"NX_class": "NXentry", "default": "data"})


_PLOT: dict[str, str | list[str]] = {"NX_class": "NXdata", "signal": "intensity", "axes": [".", "energy"]}


def _column_tree(table: SpectraTable) -> Tree:
    columns = {name: _leaf(name, column) for name, column in table.columns.items()}
    return Tree(columns, {"NX_class": "NXcollection"})


def _leaf(name: str, column: Array) -> Leaf:
    values = np.char.encode(column, "utf-8") if column.dtype.kind == "U" else column
    if values.dtype.kind == "S" and not values.dtype.itemsize:
        values = values.astype("S1")
    return Leaf(values, {"units": UNITS[name]} if name in UNITS else {})


def _text(value: str) -> Leaf:
    return Leaf(np.array(value.encode("utf-8")))


def _iupac(edge: str) -> str:
    return "L2,3" if edge == "L23" else edge


def _columns(group: Group, names: Iterable[str] | None, rows: Rows | None) -> dict[str, Array]:
    own, length = group.group("columns"), group.dataset("intensity").shape[:1]
    columns = {}
    for name in sorted(own.links) if names is None else names:
        column = own.dataset(name)
        if column.shape != length:
            raise SpectraError(f"column '{name}' has the shape {column.shape}, expected {length}")
        values = _select(column, rows)
        columns[name] = np.char.decode(values, "utf-8", "replace") if values.dtype.kind == "S" else values
    return columns


def _select(array: Dataset, rows: Rows | None) -> Array:
    """Return some rows of an array, reading each run of neighbours at once and nothing else."""
    if rows is None:
        return array.read()
    index = np.arange(array.shape[0])[rows]
    if index.ndim != 1:
        raise SpectraError("rows are selected by a slice, indices or booleans")
    chosen = np.empty((len(index), *array.shape[1:]), dtype=array.dtype)
    ends = np.flatnonzero(np.diff(index) != 1) + 1
    for start, stop in zip([0, *ends], [*ends, len(index)], strict=True):
        if stop > start:
            chosen[start:stop] = array.read(int(index[start]), int(index[stop - 1]) + 1)
    return chosen
