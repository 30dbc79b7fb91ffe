"""Databases of spectra in one HDF5 file with the names of NXxas, read a row at a time.

A file has one group ``entry_<element>_<edge>`` for each edge: ``energy`` ((m,) eV), ``intensity`` ((n, m)), the group
``columns`` with one array of length n for each column of the table, the group ``weighted`` with the mean spectrum of
each structure, and ``data``, which lets viewers draw. Names after the contributed NeXus definition NXxas of FAIRmat
(element, edge, stacked intensity) and the draft of the XAS community (absorber, calculated).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from ase.data import atomic_names, atomic_numbers

from aiida_gbml.science.archive import Array
from aiida_gbml.science.spectra.hdf5 import (
    Rows,
    add_array,
    add_group,
    array_of,
    create,
    open_file,
    read_rows,
    set_attributes,
    subgroup,
)
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

    import h5py
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

UNITS = {"transition_energy": "eV", "empirical_offset": "eV", "distance_from_boundary": "angstrom"}

_VERSION = "1"
_ENTRY = re.compile(r"entry_([A-Z][a-z]?)_([A-Z][0-9]{0,2})")


def write_spectra(target: BinaryIO | Path, tables: Iterable[SpectraTable]) -> None:
    """Write tables into a file; equal tables give equal bytes, and tables of one edge are joined.

    :param target: a path, or a binary stream that can be read, written and sought.
    :param tables: any number of tables, each of any length.
    :raises SpectraError: when tables of one edge have different steps.
    """
    if isinstance(target, Path):
        with target.open("w+b") as stream:
            return write_spectra(stream, tables)
    joined = concatenate(tables)
    with create(target) as file:
        set_attributes(file, NX_class="NXroot", creator="aiida-gbml", format_version=_VERSION)
        if joined:
            set_attributes(file, default=f"entry_{joined[0].key}")
        for table in joined:
            _add_entry(file, table)
    return None


class SpectraFile:
    """A database that is read as it is asked for; use it as a context, or close it.

    :param source: a path, or a binary stream, which is not closed.
    :raises SpectraError: when it is no such file, is damaged, or holds links, filters or storage of other kinds; any
        method raises it for what it meets later.
    :raises OSError: when the path cannot be opened.
    """

    def __init__(self, source: BinaryIO | Path) -> None:
        with ExitStack() as opened:
            stream = opened.enter_context(source.open("rb")) if isinstance(source, Path) else source
            with _as_spectra_error():
                file = opened.enter_context(open_file(stream))
                names = [name for name in file if _ENTRY.fullmatch(name)]
                if not names and "format_version" not in file.attrs:
                    raise SpectraError("the file holds no group 'entry_<element>_<edge>'")
                self._entries = {name.removeprefix("entry_"): subgroup(file, name) for name in sorted(names)}
            self._open = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, but not a stream that was given."""
        self._open.close()

    @property
    def keys(self) -> tuple[str, ...]:
        """Elements and edges, such as ``C_K``."""
        return tuple(self._entries)

    def count(self, key: str) -> int:
        """Return the number n of rows of an edge."""
        with _as_spectra_error():
            return int(self._intensity(self._entry(key)).shape[0])

    def energy(self, key: str) -> Array:
        """Return the (m,) axis of an edge in eV."""
        with _as_spectra_error():
            return read_rows(array_of(self._entry(key), "energy"))

    def column_names(self, key: str) -> tuple[str, ...]:
        """Return the names of the columns of an edge."""
        with _as_spectra_error():
            return tuple(sorted(subgroup(self._entry(key), "columns")))

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
            return read_rows(self._intensity(self._entry(key)), rows)

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
            group = subgroup(self._entry(key), "weighted")
            intensity = read_rows(self._intensity(group))
            return SpectraTable(element, edge, self.energy(key), intensity, _columns(group, None, None))

    def _entry(self, key: str) -> h5py.Group:
        if key not in self._entries:
            raise SpectraError(f"there are no spectra of '{key}', only of {', '.join(self.keys) or 'nothing'}")
        return self._entries[key]

    @staticmethod
    def _intensity(group: h5py.Group) -> h5py.Dataset:
        intensity = array_of(group, "intensity")
        if len(intensity.shape) != 2 or intensity.dtype.kind != "f":
            raise SpectraError(f"'intensity' is no array of spectra: {intensity.dtype}, {intensity.shape}")
        return intensity


@contextmanager
def _as_spectra_error() -> Iterator[None]:
    try:
        yield
    except SpectraError:
        raise
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, OverflowError) as exception:
        reason = exception.args[0] if isinstance(exception, KeyError) else exception
        raise SpectraError(f"not a readable database of spectra: {' '.join(str(reason).split())}") from exception


def _parts(key: str) -> tuple[str, str]:
    element, _, edge = key.partition("_")
    return element, edge


def _add_entry(file: h5py.File, table: SpectraTable) -> None:
    """Add the group of one table."""
    entry = add_group(file, f"entry_{table.key}", NX_class="NXentry", default="data")
    axis = "absolute" if table.is_absolute else "relative"
    energy = add_array(
        entry, "energy", table.energy.astype(float), units="eV", long_name="energy (eV)", energy_axis=axis
    )
    intensity = add_array(entry, "intensity", table.intensity, units="arb")
    _add_names(entry, table)
    _add_columns(entry, table)
    data = add_group(entry, "data", **_PLOT)
    data["energy"], data["intensity"] = energy, intensity
    weighted, means = add_group(entry, "weighted", **_PLOT), weighted_spectra(table)
    weighted["energy"] = energy
    add_array(weighted, "intensity", means.intensity)
    _add_columns(weighted, means)


_PLOT: dict[str, str | list[str]] = {"NX_class": "NXdata", "signal": "intensity", "axes": [".", "energy"]}


def _add_names(entry: h5py.Group, table: SpectraTable) -> None:
    """Say what the spectra of a table are."""
    formulas = sorted(set(table.columns.get("formula", np.array(["unknown"])).tolist()))
    add_array(entry, "definition", "NXxas")
    add_array(entry, "title", f"{table.element} {_iupac(table.edge)} edge, {len(table)} sites")
    add_array(entry, "calculated", values=True)
    element = add_group(entry, "element", NX_class="NXelement")
    add_array(element, "symbol", table.element)
    add_array(element, "name", atomic_names[atomic_numbers[table.element]])
    add_array(add_group(entry, "absorber", NX_class="NXatom"), "chemical_symbol", table.element)
    add_array(add_group(entry, "edge", NX_class="NXabsorption_edge"), "name", _iupac(table.edge))
    add_array(add_group(entry, "sample", NX_class="NXsample"), "name", ", ".join(formulas[:20]))


def _add_columns(parent: h5py.Group, table: SpectraTable) -> None:
    group = add_group(parent, "columns", NX_class="NXcollection")
    for name in sorted(table.columns):
        unit = {"units": UNITS[name]} if name in UNITS else {}
        add_array(group, name, table.columns[name], **unit)


def _iupac(edge: str) -> str:
    return "L2,3" if edge == "L23" else edge


def _columns(group: h5py.Group, names: Iterable[str] | None, rows: Rows | None) -> dict[str, Array]:
    own, length = subgroup(group, "columns"), array_of(group, "intensity").shape[:1]
    columns = {}
    for name in sorted(own) if names is None else names:
        column = array_of(own, name)
        if column.shape != length:
            raise SpectraError(f"column '{name}' has the shape {column.shape}, expected {length}")
        values = read_rows(column, rows)
        columns[name] = np.char.decode(values, "utf-8", "replace") if values.dtype.kind == "S" else values
    return columns
