"""Deterministic array archives: the one file format in which arrays are stored and sent to a worker.

An archive is an uncompressed ``.npz`` whose members are written in sorted order with a fixed time stamp, so that equal
arrays give equal bytes and caching hits. Nothing in it can carry code: object arrays are refused on both sides.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from typing_extensions import Self

Array = NDArray[Any]

_EPOCH = (1980, 1, 1, 0, 0, 0)
_PLAIN_KINDS = "biufU"


class ArchiveError(ValueError):
    """The bytes are no archive of plain arrays."""


def write_arrays(arrays: Mapping[str, Array]) -> bytes:
    """Return the bytes of an archive of ``arrays``.

    :param arrays: names to arrays of booleans, integers, floats or fixed-width text.
    :raises ArchiveError: for an array of any other kind.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            array = np.ascontiguousarray(arrays[name])
            if array.dtype.kind not in _PLAIN_KINDS:
                raise ArchiveError(f"array '{name}' has the type {array.dtype}, only plain numbers and text are stored")
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), member.getvalue())
    return buffer.getvalue()


def read_arrays(content: bytes) -> dict[str, Array]:
    """Return the arrays of an archive, by name.

    :raises ArchiveError: when the bytes are truncated, damaged or hold anything but plain arrays.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if any(member.compress_type != zipfile.ZIP_STORED for member in members):
                raise ArchiveError("a member is compressed, which archives written here never are")
            if sum(member.file_size for member in members) > len(content):
                raise ArchiveError("its members promise more bytes than the archive has")
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except ArchiveError:
        raise
    except Exception as exception:  # zipfile and numpy raise a dozen unrelated types on damaged bytes
        raise ArchiveError(f"not a readable array archive ({type(exception).__name__}: {exception})") from exception
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in _PLAIN_KINDS:
            raise ArchiveError(f"member '{name}' is no plain array")
    return arrays


@dataclass(frozen=True)
class ArrayRecord:
    """Arrays that belong together, stored as one archive: a base of data classes, whose fields are the arrays.

    An optional field that is none is left out. Records of rows, each array as long as the others, may be added up.
    """

    ERROR: ClassVar[type[ValueError]] = ArchiveError
    """What is raised when bytes are no such record."""

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Return the record written by :meth:`to_bytes`.

        :raises ValueError: of the type :attr:`ERROR`, when the bytes are damaged or something else.
        """
        try:
            arrays = read_arrays(content)
        except ArchiveError as exception:
            raise cls.ERROR(str(exception)) from exception
        known = [one.name for one in fields(cls)]
        needed = {one.name for one in fields(cls) if one.default is MISSING}
        if not needed <= set(arrays) <= set(known):
            raise cls.ERROR(f"the archive holds {', '.join(arrays) or 'nothing'}, expected {', '.join(known)}")
        return cls(**arrays)

    def to_bytes(self) -> bytes:
        """Return deterministic bytes that :meth:`from_bytes` reads."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        return write_arrays({name: array for name, array in given.items() if array is not None})

    def __add__(self, other: Self) -> Self:
        pairs = {one.name: [getattr(self, one.name), getattr(other, one.name)] for one in fields(self)}
        return type(self)(**{name: np.concatenate(both) for name, both in pairs.items()})
