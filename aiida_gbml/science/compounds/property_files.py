"""Files of compounds with a property: tables as CSV, and structures as extended XYZ."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import fields
from pathlib import PurePath
from typing import Any

import numpy as np

from aiida_gbml.science.compounds.property_column import is_known_property, property_values
from aiida_gbml.science.compounds.property_table import (
    Columns,
    PropertyTable,
    PropertyTableError,
    read_table,
    table_of_structures,
)
from aiida_gbml.science.structure_set import OK, StructureSet

OPTIONS = (*(one.name for one in fields(Columns)), "merge")
"""What may be said about a file: the columns of :class:`~.property_table.Columns`, and ``merge``."""

_LABELS = ("structure_label", "name", "material_id", "id", "label")


def read_property_file(name: str, content: bytes, options: Mapping[str, Any]) -> PropertyTable:
    """Return the compounds of a file.

    :param name: of the file, whose suffix says what it is: .csv, .xyz or .extxyz.
    :param content: its bytes.
    :param options: some of :data:`OPTIONS`; of an extended XYZ only ``target`` counts: an entry of comment lines, or
        what follows from energy and cell, such as ``energy_per_atom``.
    :raises PropertyTableError: when it cannot be read, or no compound of it can be used.
    """
    unknown = [option for option in options if option not in OPTIONS]
    if unknown:
        raise PropertyTableError(f"there is no option '{unknown[0]}' of a file, known are {', '.join(OPTIONS)}")
    given = {option: value for option, value in options.items() if value is not None}
    for option, value in given.items():
        if not isinstance(value, str):
            raise PropertyTableError(f"the option '{option}' of a file must be the name of a column, got {value!r}")
    suffix = PurePath(name).suffix.lower()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as exception:
        raise PropertyTableError(f"'{name}' is no UTF-8 text: byte {exception.start} cannot be read") from exception
    if suffix == ".csv":
        merge = given.pop("merge", "median")
        return read_table(text, Columns(**given), merge)
    if suffix in (".xyz", ".extxyz"):
        return _read_extxyz(text, given.get("target"))
    raise PropertyTableError(f"'{name}' is no table: its name must end in .csv, .xyz or .extxyz")


def _read_extxyz(text: str, target: str | None) -> PropertyTable:
    """Return the frames of an extended XYZ text."""
    from ase.io import read

    try:
        frames = read(io.StringIO(text), index=":", format="extxyz")
    except Exception as exception:  # ASE raises whatever its parser meets
        raise PropertyTableError(
            f"not a readable extended XYZ text ({' '.join(str(exception).split())})"
        ) from exception
    if not frames:
        raise PropertyTableError("the extended XYZ text holds no structure")
    labels = [
        str(next((frame.info[name] for name in _LABELS if name in frame.info), row)) for row, frame in enumerate(frames)
    ]
    try:
        structures = StructureSet.from_ase(frames, structure_label=np.array(labels, dtype=np.str_))
    except ValueError as exception:
        raise PropertyTableError(f"the extended XYZ text holds no structures of atoms: {exception}") from exception
    energy = np.array([_number(None if frame.calc is None else frame.calc.results.get("energy")) for frame in frames])
    if np.any(np.isfinite(energy)):
        status = np.where(np.isfinite(energy), OK, "new")
        structures = structures.with_columns(energy=energy, status=status, reason=np.full(len(frames), ""))
    if target is None:
        return table_of_structures(structures, labels, None)
    if any(target in frame.info for frame in frames):
        values = np.array([_number(frame.info.get(target)) for frame in frames])
        structures = structures.with_columns(**{target: values})
    elif is_known_property(target):
        values = property_values(structures, target)
    else:
        known = sorted({name for frame in frames for name in frame.info})[:20]
        raise PropertyTableError(f"no frame has the entry '{target}', there are {', '.join(known) or 'none'}")
    return table_of_structures(structures, labels, values.tolist())


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")
