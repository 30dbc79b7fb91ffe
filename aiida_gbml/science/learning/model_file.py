"""Stored models: arrays plus one JSON record, rebuilt from a closed list of kinds.

Nothing in the bytes can carry code, and equal models give equal bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from aiida_gbml.science.archive import ArchiveError, Array, read_arrays, write_arrays
from aiida_gbml.science.strict_json import StrictJsonError, read_json, write_json

FORMAT_VERSION = 1

_RECORD = "record"
_PREFIX = "array."
_RECORD_TYPES: dict[str, type] = {
    "kind": str,
    "hyperparameters": dict,
    "features": dict,
    "units": dict,
    "training_uuids": list,
    "split_ids": dict,
}

Model = TypeVar("Model")


class ModelFileError(ValueError):
    """The bytes are no stored model, or one of a kind that is not known here."""


@dataclass(frozen=True)
class ModelFile:
    """What is needed to rebuild a model, and to know what it was trained on.

    :param kind: name under which a domain knows how to rebuild it, such as ``kriging``.
    :param arrays: what was learned, by name; shapes are the model's own. Numbers must be finite.
    :param hyperparameters: plain JSON values.
    :param features: how an input becomes a feature vector: plain JSON values.
    :param units: unit of each quantity that goes in or comes out, such as ``{"energy": "J/m^2"}``.
    :param training_uuids: nodes that hold the training data.
    :param split_ids: rows of each part of the data, such as ``{"train": [0, 2], "test": [1]}``.
    :raises ModelFileError: for a number that is not finite, or a field of the wrong type.
    """

    kind: str
    arrays: Mapping[str, Array]
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    features: Mapping[str, Any] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    training_uuids: list[str] = field(default_factory=list)
    split_ids: Mapping[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, expected in _RECORD_TYPES.items():
            if not isinstance(getattr(self, name), expected):
                raise ModelFileError(f"'{name}' must be a {expected.__name__}, got {getattr(self, name)!r}")
        if not self.kind:
            raise ModelFileError("a model needs a kind, got an empty text")
        for name, array in self.arrays.items():
            if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
                raise ModelFileError(f"the array '{name}' of the model '{self.kind}' holds numbers that are not finite")

    def to_bytes(self) -> bytes:
        """Return deterministic bytes that :meth:`from_bytes` reads."""
        record = {name: getattr(self, name) for name in _RECORD_TYPES} | {"format_version": FORMAT_VERSION}
        try:
            text = write_json(record)
        except StrictJsonError as exception:
            raise ModelFileError(f"the record of the model '{self.kind}' {exception}") from exception
        members = {f"{_PREFIX}{name}": array for name, array in self.arrays.items()}
        return write_arrays(members | {_RECORD: np.frombuffer(text, dtype=np.uint8)})

    @classmethod
    def from_bytes(cls, content: bytes) -> ModelFile:
        """Return the model file written by :meth:`to_bytes`.

        :raises ModelFileError: when the bytes are damaged, hostile, or of another format version.
        """
        try:
            members = read_arrays(content)
        except ArchiveError as exception:
            raise ModelFileError(str(exception)) from exception
        record = _read_record(members.pop(_RECORD, None))
        strangers = [name for name in members if not name.startswith(_PREFIX)]
        if strangers:
            raise ModelFileError(f"the archive holds '{strangers[0]}', which no model file has")
        arrays = {name.removeprefix(_PREFIX): array for name, array in members.items()}
        return cls(arrays=arrays, **record)


def rebuild(file: ModelFile, kinds: Mapping[str, Callable[[ModelFile], Model]]) -> Model:
    """Return the model itself.

    :param kinds: the closed list: how a domain rebuilds each kind that it knows. A function raises ``ValueError`` or
        ``KeyError`` when arrays or hyperparameters do not fit.
    :raises ModelFileError: for a kind that is not in the list, or content that does not fit its kind.
    """
    if file.kind not in kinds:
        known = ", ".join(sorted(kinds)) or "none"
        raise ModelFileError(f"the model is of the kind '{file.kind}', which is not known here (known: {known})")
    try:
        return kinds[file.kind](file)
    except (KeyError, TypeError, ValueError) as exception:
        raise ModelFileError(f"the content does not fit a model of the kind '{file.kind}': {exception}") from exception


def _read_record(member: Array | None) -> dict[str, Any]:
    """Return the fields of a model file without its arrays."""
    if member is None or member.dtype != np.uint8 or member.ndim != 1:
        raise ModelFileError(f"the archive has no '{_RECORD}', so it is no model file")
    try:
        record = read_json(member.tobytes())
    except StrictJsonError as exception:
        raise ModelFileError(f"the record of the model is {exception}") from exception
    version = record.pop("format_version", None)
    if version != FORMAT_VERSION:
        raise ModelFileError(f"the model file has the format version {version!r}, this release reads {FORMAT_VERSION}")
    if set(record) != set(_RECORD_TYPES):
        raise ModelFileError(f"the record of the model holds {sorted(record)}, expected {sorted(_RECORD_TYPES)}")
    return record
