"""One function for every file of compositions: what it is, is seen from its content and name."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import Any

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.readers.documents import read_document
from aiida_gbml.science.compounds.readers.options import ReaderError, ReadOptions
from aiida_gbml.science.compounds.readers.rows import RawSource, collect
from aiida_gbml.science.compounds.readers.score_list import read_score_list
from aiida_gbml.science.compounds.readers.tables import read_table

MOST_BYTES = 1 << 31
"""Size of a text file, unpacked, above which it is not read."""

_SQLITE, _GZIP = b"SQLite format 3\0", b"\x1f\x8b"
_TABLES = (".csv", ".tsv", ".txt", ".dat")


def read_compositions(path: Path | str, *, column: str | None = None, **options: Any) -> CompositionSet:
    """Return the distinct compositions of a file; what is rejected is kept in the set, with reasons.

    Read are CSV and tab-separated tables, lines of formulas, JSON lists of formulas or records, pymatgen entries,
    OPTIMADE responses, and SQLite lists; texts may be packed with gzip.

    :param column: of formulas; found by its name if not given.
    :param options: see :class:`~.options.ReadOptions`.
    :raises ReaderError: when the file cannot be read, or holds no composition at all.
    """
    return read_scored_compositions(path, column=column, **options)[0]


def read_scored_compositions(
    path: Path | str, *, column: str | None = None, **options: Any
) -> tuple[CompositionSet, Array]:
    """Return the compositions of a file and their (n,) scores, NaN where there is none; see the function before."""
    path = Path(path)
    chosen = ReadOptions(column=column, **options)
    try:
        source = _source(path, chosen)
        return collect(source, path.name, chosen)
    except OSError as exception:
        raise ReaderError(f"'{path.name}' cannot be read: {exception.strerror or exception}") from exception
    except ReaderError as exception:
        prefix = "" if f"'{path.name}'" in str(exception) else f"'{path.name}': "
        raise ReaderError(f"{prefix}{exception}") from exception


def _source(path: Path, options: ReadOptions) -> RawSource:
    """Return the rows of a file of any kind."""
    with path.open("rb") as handle:
        head = handle.read(len(_SQLITE))
    if head == _SQLITE:
        return read_score_list(path, options)
    if path.stat().st_size > MOST_BYTES:
        raise ReaderError(f"the file has more than {MOST_BYTES} bytes: split it")
    content, name = path.read_bytes(), path.name
    if head.startswith(_GZIP):
        content, name = _unpacked(content), path.stem
    is_document = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{")
    if is_document and Path(name).suffix.lower() not in _TABLES:
        return read_document(content, options)
    return read_table(content, options)


def _unpacked(content: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            unpacked = packed.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as exception:
        raise ReaderError(f"the packed file is damaged ({exception}): get it anew") from exception
    if len(unpacked) > MOST_BYTES:
        raise ReaderError(f"the packed file unfolds to more than {MOST_BYTES} bytes: split it")
    return unpacked
