"""HDF5 by its library: equal content is written as equal bytes, and only what is plain is read.

The library follows links into other files, loads code for filters and allocates what a header promises. So every
object is looked at before anything of it is read: it hangs on a hard link, and an array lies in one piece in the file
itself, uncompressed, in the very type that is written here, and whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from aiida_gbml.science.archive import Array

if TYPE_CHECKING:
    import h5py

Rows = slice | Sequence[int] | Array

_VERSION = ("v110", "v110")  # the oldest format whose headers have checksums
_BLOCK = 2**16


class Hdf5Error(ValueError):
    """The file is damaged or holds what is not read."""


def create(target: BinaryIO) -> h5py.File:
    """Return a new file in a stream that can be read, written and sought; it has no time stamps."""
    import h5py

    return h5py.File(target, "w", libver=_VERSION)


def add_group(parent: h5py.Group, name: str, **attributes: str | list[str]) -> h5py.Group:
    """Add a group with attributes and return it."""
    group = parent.create_group(name)
    set_attributes(group, **attributes)
    return group


def add_array(parent: h5py.Group, name: str, values: Any, **attributes: str | list[str]) -> h5py.Dataset:
    """Add an array of numbers, booleans or text, which is stored in UTF-8 of fixed length, and return it."""
    dataset = parent.create_dataset(name, data=_stored(values))
    set_attributes(dataset, **attributes)
    return dataset


def set_attributes(node: h5py.Group | h5py.Dataset, **attributes: str | list[str]) -> None:
    """Give a group or an array texts and lists of texts."""
    for name, value in attributes.items():
        node.attrs.create(name, _stored(value))


def _stored(values: Any) -> Array:
    import h5py

    array = np.asarray(values)
    if array.dtype.kind != "U":
        return array
    encoded = np.char.encode(array, "utf-8")
    return encoded.astype(h5py.string_dtype("utf-8", max(encoded.dtype.itemsize, 1)))


def open_file(stream: BinaryIO) -> h5py.File:
    """Return an existing file in a stream that can be read and sought."""
    import h5py

    return h5py.File(stream, "r")


def has(group: h5py.Group, name: str) -> bool:
    """Return whether a group has a link of a name; it is not followed."""
    return "/" not in name and bool(group.id.links.exists(name.encode("utf-8")))


def member(group: h5py.Group, name: str) -> Any:
    """Return an object of a group.

    :raises Hdf5Error: when it is missing, or behind a link to a path or another file.
    """
    import h5py

    if not has(group, name):
        raise Hdf5Error(f"'{name}' is missing")
    if group.id.links.get_info(name.encode("utf-8")).type != h5py.h5l.TYPE_HARD:
        raise Hdf5Error(f"'{name}' is a link to a path or another file, which is not followed")
    return group[name]


def subgroup(group: h5py.Group, name: str) -> h5py.Group:
    """Return a group of a group.

    :raises Hdf5Error: when it is missing, is no group or is linked.
    """
    import h5py

    found = member(group, name)
    if not isinstance(found, h5py.Group):
        raise Hdf5Error(f"'{name}' is no group")
    return found


def array_of(group: h5py.Group, name: str) -> h5py.Dataset:
    """Return an array of a group with nothing of it read.

    :raises Hdf5Error: when it is missing, is no array, or is not as :func:`add_array` stores it.
    """
    import h5py

    dataset = member(group, name)
    if not isinstance(dataset, h5py.Dataset):
        raise Hdf5Error(f"'{name}' is no array")
    storage = dataset.id.get_create_plist()  # asked before the shape: for that, virtual storage opens other files
    if storage.get_layout() != h5py.h5d.CONTIGUOUS or storage.get_external_count() or storage.get_nfilters():
        raise Hdf5Error(f"'{name}' is not stored in one piece in the file itself")
    if dataset.dtype.kind not in "biufS" or dataset.id.get_type() != h5py.h5t.py_create(dataset.dtype, logical=True):
        raise Hdf5Error(f"'{name}' holds {dataset.dtype}, which is not read")
    if not _fits(dataset, h5py.h5i.get_file_id(group.id).get_filesize()):
        raise Hdf5Error(f"'{name}' of the shape {dataset.shape} does not fit into the file")
    return dataset


def _fits(dataset: h5py.Dataset, limit: int) -> bool:
    """Return whether all values of an array lie in a file of ``limit`` bytes."""
    if dataset.shape is None or any(length > limit for length in dataset.shape):
        return False
    size, offset = math.prod(dataset.shape) * dataset.dtype.itemsize, dataset.id.get_offset()
    return not size or (offset is not None and size == dataset.id.get_storage_size() and offset + size <= limit)


def read_rows(dataset: h5py.Dataset, rows: Rows | None = None) -> Array:
    """Return some rows of an array, or all; of the file little more than they is read, and nothing else is kept.

    :param rows: a slice, (k,) indices in any order, or (n,) booleans.
    :raises IndexError: for a row that is not there.
    """
    if rows is None:
        return _read(dataset, ())
    index = np.arange(dataset.shape[0])[rows]
    if index.ndim != 1:
        raise Hdf5Error("rows are selected by a slice, indices or booleans")
    if len(index) and np.all(np.diff(index) == 1):
        return _read(dataset, slice(index[0], index[-1] + 1))
    chosen = np.empty((len(index), *dataset.shape[1:]), dtype=dataset.dtype)
    for part in _neighbours(index, _BLOCK // max(dataset.dtype.itemsize * math.prod(dataset.shape[1:]), 1) + 1):
        first, last = index[part[0]], index[part[-1]]
        chosen[part] = _read(dataset, slice(first, last + 1))[index[part] - first]
    return chosen


def _neighbours(index: Array, size: int) -> list[Array]:
    """Return the places of indices in groups that lie in one block of so many rows, each group in rising order."""
    order = np.argsort(index, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(index[order] // size)) + 1) if len(index) else []


def _read(dataset: h5py.Dataset, rows: Any) -> Array:
    values = np.asarray(dataset[rows])
    return values.view("u1") != 0 if values.dtype == bool else values
