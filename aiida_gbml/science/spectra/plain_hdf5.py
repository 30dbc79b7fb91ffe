"""A reader of the plain part of HDF5, in which spectra are stored: groups, hard links, contiguous arrays.

The library of HDF5 was not made for files that lie: it follows links to other files, allocates what a header promises
and has crashed on damaged ones. This reader knows only what our own files hold, refuses everything else by name, and
reads no byte that was not asked for. Source: HDF5 File Format Specification 3.0, superblock 2 and 3, object header 2.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import BinaryIO, NamedTuple

import numpy as np

from aiida_gbml.science.archive import Array

LARGEST_HEADER = 2**20
MOST_BLOCKS = 64
SIGNATURE = b"\x89HDF\r\n\x1a\n"
UNDEFINED = 2**64 - 1

_NIL, _DATASPACE, _LINK_INFO, _DATATYPE, _LINK, _LAYOUT, _ATTRIBUTE, _CONTINUATION = 0, 1, 2, 3, 6, 8, 12, 16
_IGNORED = {_NIL: "nil", 4: "old fill value", 5: "fill value", 10: "group info", 21: "attribute info", 22: "links"}
_REFUSED = {7: "external storage", 11: "a compression filter", 17: "an old symbol table", 18: "a time stamp"}
_LINKS = {1: "a soft link", 64: "a link to another file"}
_MASK = 2**32 - 1
_MIXING = ((0, 2, 4), (1, 0, 6), (2, 1, 8), (0, 2, 16), (1, 0, 19), (2, 1, 4))
_LAST_MIXING = ((2, 1, 14), (0, 2, 11), (1, 0, 25), (2, 1, 16), (0, 2, 4), (1, 0, 14), (2, 1, 24))
_LAYOUTS = {0: "compact", 2: "chunked", 3: "virtual"}


class Hdf5Error(ValueError):
    """The file is damaged or holds what this reader refuses."""


class _Message(NamedTuple):
    kind: int
    body: bytes


@dataclass(frozen=True)
class Dataset:
    """One contiguous array of a file.

    :param file: where it lies.
    :param address: of its first byte.
    :param shape: of the array.
    :param dtype: little-endian numbers, 'S' for fixed-length text, bool.
    """

    file: PlainHdf5
    address: int
    shape: tuple[int, ...]
    dtype: np.dtype

    def read(self, start: int = 0, stop: int | None = None) -> Array:
        """Return the rows ``start:stop`` along the first axis, or all.

        :raises Hdf5Error: when the file ends before them.
        """
        if not self.shape:
            return self._bytes(0, 1).reshape(())
        stop = self.shape[0] if stop is None else stop
        if not 0 <= start <= stop <= self.shape[0]:
            raise Hdf5Error(f"rows {start} to {stop} of an array of {self.shape[0]}")
        row = int(np.prod(self.shape[1:], dtype=np.int64))
        return self._bytes(start * row, stop * row).reshape(stop - start, *self.shape[1:])

    def _bytes(self, start: int, stop: int) -> Array:
        """Return the elements ``start:stop`` of the flat array."""
        stored = np.dtype("u1") if self.dtype == bool else self.dtype
        array = np.empty(stop - start, dtype=stored)
        if array.nbytes:
            self.file.fill(self.address + start * stored.itemsize, array.view("u1"))
        return array != 0 if self.dtype == bool else array


class PlainHdf5:
    """An open file.

    :param stream: binary, readable and seekable; it is not closed.
    :raises Hdf5Error: when the stream holds no HDF5 file of the kind that is read.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        stream.seek(0, io.SEEK_END)
        self.size = stream.tell()
        head = self._read(0, 48, "superblock")
        if head[:8] != SIGNATURE or head[8] not in (2, 3) or head[9:11] != b"\x08\x08":
            raise Hdf5Error("no HDF5 file as it is written here (superblock 2 or 3, 8-byte addresses)")
        base, _, end, root, checksum = struct.unpack("<4QI", head[12:48])
        if checksum != lookup3(head[:44]):
            raise Hdf5Error("the superblock is damaged")
        if base or end > self.size:
            raise Hdf5Error(f"the file has {self.size} bytes where {end} are promised")
        self.root = Group(self, root)

    def fill(self, address: int, target: Array) -> None:
        """Fill a flat array of bytes with those that begin at an address."""
        self._stream.seek(address)
        view, done = memoryview(target.data), 0
        readinto = getattr(self._stream, "readinto", None)
        while done < len(view):
            if readinto is not None:
                count = readinto(view[done:])
            else:
                content = self._stream.read(min(len(view) - done, 2**24))
                count = len(content)
                view[done : done + count] = content
            if not count:
                raise Hdf5Error("the file ends within an array")
            done += count

    def messages(self, address: int) -> Iterator[_Message]:
        """Yield the messages of an object header with all its continuations."""
        prefix = self._read(address, 6, "object header")
        if prefix[:5] != b"OHDR\x02":
            raise Hdf5Error("an object header is missing where one is promised")
        flags = prefix[5]
        start = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        head = self._read(address, start + width, "object header")
        length = int.from_bytes(head[start:], "little")
        blocks = [(address, start + width + length + 4, start + width)]
        for count, (at, size, skip) in enumerate(blocks):
            if count >= MOST_BLOCKS:
                raise Hdf5Error("an object header has too many parts")
            for message in _split(self._block(at, size, count > 0)[skip:-4], creation_order=bool(flags & 4)):
                if message.kind == _CONTINUATION:
                    following, length = _unpack("<QQ", message.body)
                    blocks.append((following, length, 4))
                else:
                    yield message

    def _block(self, address: int, size: int, continued: bool) -> bytes:
        """Return one block of an object header, its checksum verified."""
        block = self._read(address, size, "object header")
        if len(block) < 8 or (continued and block[:4] != b"OCHK"):
            raise Hdf5Error("a part of an object header is missing")
        if int.from_bytes(block[-4:], "little") != lookup3(block[:-4]):
            raise Hdf5Error("an object header is damaged: its checksum is wrong")
        return block

    def _read(self, address: int, size: int, what: str) -> bytes:
        if size > LARGEST_HEADER:
            raise Hdf5Error(f"the {what} promises {size} bytes")
        if address + size > self.size:
            raise Hdf5Error(f"the file ends within the {what}")
        content = np.empty(size, dtype="u1")
        self.fill(address, content)
        return content.tobytes()


@dataclass(frozen=True)
class Group:
    """A group of a file.

    :param file: where it lies.
    :param address: of its object header.
    """

    file: PlainHdf5
    address: int

    @cached_property
    def links(self) -> Mapping[str, int]:
        """Names to the addresses of what they name."""
        links: dict[str, int] = {}
        for message in self._messages:
            if message.kind in (_DATASPACE, _LAYOUT):
                raise Hdf5Error("an array stands where a group is expected")
            if message.kind == _LINK_INFO:
                _refuse_dense_links(message.body)
            if message.kind == _LINK:
                name, address = _link(message.body)
                links[name] = address
        return links

    @cached_property
    def attributes(self) -> Mapping[str, str]:
        """The attributes that are one fixed-length text."""
        pairs = [_text_attribute(one.body) for one in self._messages if one.kind == _ATTRIBUTE]
        return dict(pair for pair in pairs if pair is not None)

    def group(self, name: str) -> Group:
        """Return a group by its name."""
        return Group(self.file, self._address(name))

    def dataset(self, name: str) -> Dataset:
        """Return an array by its name, with nothing of it read.

        :raises Hdf5Error: when it is missing, stored in any way but contiguous, or larger than the file.
        """
        parts = {message.kind: message.body for message in self.file.messages(self._address(name))}
        try:
            shape, dtype = _shape(parts[_DATASPACE]), _dtype(parts[_DATATYPE])
            address, size = _contiguous(parts[_LAYOUT])
        except KeyError:
            raise Hdf5Error(f"'{name}' is no array") from None
        except Hdf5Error as exception:
            raise Hdf5Error(f"'{name}': {exception}") from exception
        needed = dtype.itemsize
        for length in shape:
            needed *= length
        beyond = needed and (size != needed or address + size > self.file.size)
        if beyond or any(length > self.file.size for length in shape):
            raise Hdf5Error(f"'{name}' of the shape {shape} does not fit into the file")
        return Dataset(self.file, address, shape, dtype)

    @cached_property
    def _messages(self) -> list[_Message]:
        return list(self.file.messages(self.address))

    def _address(self, name: str) -> int:
        if name not in self.links:
            raise Hdf5Error(f"'{name}' is missing")
        return self.links[name]


def _split(block: bytes, creation_order: bool) -> Iterator[_Message]:
    """Yield the messages of one block."""
    head, at = 6 if creation_order else 4, 0
    while at + head <= len(block):
        kind, size, flags = struct.unpack_from("<BHB", block, at)
        body = block[at + head : at + head + size]
        if len(body) < size or flags & 2:
            raise Hdf5Error("a message of an object header is cut short or shared")
        if kind in _REFUSED:
            raise Hdf5Error(f"the file uses {_REFUSED[kind]}, which is not read")
        known = (_DATASPACE, _LINK_INFO, _DATATYPE, _LINK, _LAYOUT, _ATTRIBUTE, _CONTINUATION)
        if kind not in _IGNORED and kind not in known:
            raise Hdf5Error(f"the file uses a message of type {kind}, which is not read")
        yield _Message(kind, body)
        at += head + size


def _unpack(layout: str, body: bytes, offset: int = 0) -> tuple[int, ...]:
    try:
        return struct.unpack_from(layout, body, offset)
    except struct.error as exception:
        raise Hdf5Error("a message of an object header is too short") from exception


def _refuse_dense_links(body: bytes) -> None:
    _, flags = _unpack("<BB", body)
    if _unpack("<Q", body, 10 if flags & 1 else 2)[0] != UNDEFINED:
        raise Hdf5Error("a group stores its links in a heap, which is not read")


def _link(body: bytes) -> tuple[str, int]:
    """Return the name and the address of a hard link; any other is refused."""
    version, flags = _unpack("<BB", body)
    at = 2
    if version != 1:
        raise Hdf5Error("a link has an unknown version")
    if flags & 8:
        kind = _unpack("<B", body, at)[0]
        if kind:
            raise Hdf5Error(f"the file holds {_LINKS.get(kind, 'an unknown link')}, which is not followed")
        at += 1
    at += (8 if flags & 4 else 0) + (1 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    end = at + width + int.from_bytes(body[at : at + width], "little")
    name = body[at + width : end].decode("utf-8", errors="replace")
    return name, _unpack("<Q", body, end)[0] if end < len(body) else UNDEFINED


def _shape(body: bytes) -> tuple[int, ...]:
    version, rank, flags, kind = _unpack("<4B", body)
    if version != 2 or kind not in (0, 1) or rank > 8:
        raise Hdf5Error("its dataspace is not read")
    shape = _unpack(f"<{rank}Q", body, 4)
    if flags & 1 and _unpack(f"<{rank}Q", body, 4 + 8 * rank) != shape:
        raise Hdf5Error("its size is not fixed")
    return shape


def _dtype(body: bytes) -> np.dtype:
    """Return the type of an array: little-endian integers and floats, fixed-length text, booleans."""
    head, bits, _, _, size = _unpack("<4BI", body)
    kind = head & 15
    if kind == 0 and size in (1, 2, 4, 8) and not bits & 1:
        return np.dtype(f"<{'i' if bits & 8 else 'u'}{size}")
    if kind == 1 and size in (4, 8) and not bits & 0x41:
        return np.dtype(f"<f{size}")
    if kind == 3 and 0 < size < LARGEST_HEADER:
        return np.dtype(f"S{size}")
    if kind == 8 and size == 1:
        return np.dtype(bool)
    raise Hdf5Error(f"values of type {kind} with {size} bytes are not read")


def _contiguous(body: bytes) -> tuple[int, int]:
    version, layout = _unpack("<BB", body)
    if version not in (3, 4, 5) or layout != 1:
        raise Hdf5Error(f"its storage is {_LAYOUTS.get(layout, 'unknown')}, only contiguous arrays are read")
    address, size = _unpack("<QQ", body, 2)
    return address, size


def _text_attribute(body: bytes) -> tuple[str, str] | None:
    """Return name and value of a fixed-length text, None for any other attribute."""
    version, _, name_size, type_size, space_size, _ = _unpack("<BBHHHB", body)
    ends = list(accumulate((9, name_size, type_size, space_size)))
    name, kind, space = (body[start:end] for start, end in pairwise(ends))
    if version != 3 or not kind or kind[0] & 15 != 3 or _shape(space):
        return None
    value = body[ends[3] : ends[3] + _dtype(kind).itemsize]
    return name.rstrip(b"\0").decode("utf-8", "replace"), value.rstrip(b"\0").decode("utf-8", "replace")


def lookup3(content: bytes) -> int:
    """Return the checksum of HDF5's metadata: Bob Jenkins' public-domain lookup3 ``hashlittle`` with the seed 0."""
    words = [(0xDEADBEEF + len(content)) & _MASK] * 3
    if not content:
        return words[2]
    blocks = np.frombuffer(content + bytes(-len(content) % 12), dtype="<u4").reshape(-1, 3).tolist()
    for block in blocks[:-1]:
        words = [(word + value) & _MASK for word, value in zip(words, block, strict=True)]
        for target, other, shift in _MIXING:
            moved = words[other]
            words[target] = ((words[target] - moved) & _MASK) ^ _rotated(moved, shift)
            words[other] = (moved + words[3 - target - other]) & _MASK
    words = [(word + value) & _MASK for word, value in zip(words, blocks[-1], strict=True)]
    for target, other, shift in _LAST_MIXING:
        words[target] = ((words[target] ^ words[other]) - _rotated(words[other], shift)) & _MASK
    return words[2]


def _rotated(word: int, shift: int) -> int:
    return word << shift & _MASK | word >> (32 - shift)
