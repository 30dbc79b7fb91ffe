"""A writer of the plain part of HDF5 that :mod:`~aiida_gbml.science.spectra.plain_hdf5` reads.

Equal content gives equal bytes: no time stamps, members in the order of their names. Any program that knows HDF5 reads
the files. Source: HDF5 File Format Specification 3.0, superblock 3, object header 2.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.spectra.plain_hdf5 import SIGNATURE, UNDEFINED, Hdf5Error, lookup3

Attributes = Mapping[str, "str | list[str]"]

_SUPERBLOCK_SIZE = 48
_ALIGNMENT = 8


@dataclass(frozen=True, eq=False)
class Leaf:
    """An array to write: numbers, booleans or fixed-length bytes; the same leaf in two places is a hard link.

    :param values: of any shape.
    :param attributes: texts and lists of texts.
    """

    values: Array
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Tree:
    """A group to write.

    :param members: names to groups and arrays.
    :param attributes: texts and lists of texts.
    """

    members: Mapping[str, Tree | Leaf]
    attributes: Attributes = field(default_factory=dict)


def write_hdf5(target: BinaryIO, root: Tree) -> None:
    """Write a file into a stream that can be written and sought, from its beginning.

    :raises Hdf5Error: for an array of a type that is not stored.
    """
    writer = _Writer(target, Counter(id(one) for one in _members(root)))
    address = writer.put(root)
    writer.finish(address)


def _members(tree: Tree) -> Iterator[Tree | Leaf]:
    """Yield all that a group holds, once for each name."""
    for member in tree.members.values():
        yield member
        if isinstance(member, Tree):
            yield from _members(member)


class _Writer:
    """What was written where; the children of a group before the group, the superblock at last."""

    def __init__(self, target: BinaryIO, names: Mapping[int, int]) -> None:
        self._target = target
        self._names = names
        self._addresses: dict[int, int] = {}
        self._end = 0
        self._append(bytes(_SUPERBLOCK_SIZE))

    def put(self, node: Tree | Leaf) -> int:
        """Write a group or an array, unless it was, and return the address of its header."""
        if id(node) not in self._addresses:
            messages = self._group(node) if isinstance(node, Tree) else self._array(node)
            messages += [(12, _attribute(name, node.attributes[name])) for name in sorted(node.attributes)]
            if self._names.get(id(node), 1) > 1:
                messages.append((22, struct.pack("<BI", 0, self._names[id(node)])))
            self._addresses[id(node)] = self._append(_header(messages))
        return self._addresses[id(node)]

    def finish(self, root: int) -> None:
        """Write the superblock."""
        block = SIGNATURE + struct.pack("<4B4Q", 3, 8, 8, 0, 0, UNDEFINED, self._end, root)
        self._target.seek(0)
        self._target.write(block + struct.pack("<I", lookup3(block)))
        self._target.seek(self._end)

    def _group(self, tree: Tree) -> list[tuple[int, bytes]]:
        links = [(name, self.put(tree.members[name])) for name in sorted(tree.members)]
        info = struct.pack("<BBQQ", 0, 0, UNDEFINED, UNDEFINED)
        compact = struct.pack("<BBHH", 0, 1, 2**16 - 1, 0)
        return [(2, info), (10, compact), *((6, _link(name, address)) for name, address in links)]

    def _array(self, leaf: Leaf) -> list[tuple[int, bytes]]:
        values = np.asarray(leaf.values, order="C")
        values = values.astype(values.dtype.newbyteorder("<"), copy=False)
        kind = _datatype(values.dtype)
        address = self._append(values.reshape(-1).view("u1").data) if values.nbytes else UNDEFINED
        layout = struct.pack("<BBQQ", 3, 1, address, values.nbytes)
        fill = struct.pack("<BB", 3, 0x0A)
        return [(1, _dataspace(values.shape)), (3, kind), (5, fill), (8, layout)]

    def _append(self, content: bytes | memoryview) -> int:
        """Write at the end, aligned, and return where."""
        address = self._end
        self._target.write(content)
        padding = -len(content) % _ALIGNMENT
        self._target.write(bytes(padding))
        self._end = address + len(content) + padding
        return address


def _header(messages: list[tuple[int, bytes]]) -> bytes:
    """Return an object header of version 2 with one block, its size in four bytes."""
    if any(len(body) >= 2**16 for _, body in messages):
        raise Hdf5Error("a name or attribute of more than 64 kB cannot be stored")
    body = b"".join(struct.pack("<BHB", kind, len(body), 0) + body for kind, body in messages)
    block = b"OHDR" + struct.pack("<BBI", 2, 2, len(body)) + body
    return block + struct.pack("<I", lookup3(block))


def _link(name: str, address: int) -> bytes:
    encoded = name.encode("utf-8")
    return struct.pack("<BBBH", 1, 0x11, 1, len(encoded)) + encoded + struct.pack("<Q", address)


def _attribute(name: str, value: str | list[str]) -> bytes:
    values = np.char.encode(np.array(value, dtype=str), "utf-8")
    values = values.astype(f"S{max(values.dtype.itemsize, 1)}")
    kind, space, encoded = _datatype(values.dtype), _dataspace(values.shape), name.encode("utf-8") + b"\0"
    head = struct.pack("<BBHHHB", 3, 0, len(encoded), len(kind), len(space), 1)
    return head + encoded + kind + space + values.tobytes()


def _dataspace(shape: tuple[int, ...]) -> bytes:
    return struct.pack(f"<4B{len(shape)}Q", 2, len(shape), 0, 1 if shape else 0, *shape)


def _datatype(dtype: np.dtype) -> bytes:
    """Return the description of a little-endian type; text is null-padded UTF-8, a boolean an enumeration of bytes."""
    size = dtype.itemsize
    if dtype.kind in "iu":
        return struct.pack("<4BIHH", 0x10, 8 if dtype.kind == "i" else 0, 0, 0, size, 0, 8 * size)
    if dtype.kind == "f" and size in (4, 8):
        exponent, mantissa, bias = (8, 23, 127) if size == 4 else (11, 52, 1023)
        head = struct.pack("<4BIHH", 0x11, 0x20, 8 * size - 1, 0, size, 0, 8 * size)
        return head + struct.pack("<4BI", mantissa, exponent, 0, mantissa, bias)
    if dtype.kind == "S" and size:
        return struct.pack("<4BI", 0x13, 0x11, 0, 0, size)
    if dtype.kind == "b":
        return struct.pack("<4BI", 0x38, 2, 0, 0, 1) + _datatype(np.dtype("i1")) + b"FALSE\0TRUE\0\0\1"
    raise Hdf5Error(f"arrays of the type {dtype} are not stored")
