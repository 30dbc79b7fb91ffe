"""Structures that tables hold as the text of a dictionary, as pymatgen's ``as_dict`` makes it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition import SYMBOLS

_LONGEST = 5_000_000  # characters of one structure
_WORDS = re.compile(r"\b(None|True|False|NaN|nan)\b")
_JSON = {"None": "null", "True": "true", "False": "false", "NaN": "null", "nan": "null"}
_OCCUPIED = 1e-3  # by how much an occupation may differ from one
_ELEMENTS = {symbol: number for number, symbol in enumerate(SYMBOLS) if number}
_LEAST_VOLUME = 0.5  # Å³ an atom; hydrogen in the depth of a planet takes more
_LEAST_HEIGHT = 0.1  # Å; of a flatter cell millions of images are neighbours


class StructureLiteralError(ValueError):
    """A text is no structure with fully occupied sites."""


@dataclass(frozen=True)
class Geometry:
    """One crystal.

    :param cell: (3, 3) rows are the cell vectors in Å.
    :param numbers: (k,) atomic numbers.
    :param positions: (k, 3) Cartesian, in Å.
    """

    cell: Array
    numbers: Array
    positions: Array


def read_literal(text: str) -> Any:
    """Return the value of a JSON text or of a Python literal; nothing in the text is run.

    :raises StructureLiteralError: for any other text.
    """
    if len(text) > _LONGEST:
        raise StructureLiteralError(f"a text of {len(text)} characters is longer than any structure")
    if '"' not in text and "\\" not in text:  # a Python literal of plain words: reading it as JSON is ten times quicker
        translated = _WORDS.sub(lambda word: _JSON[word.group()], text.replace("'", '"'))
        try:
            return json.loads(translated)
        except (ValueError, RecursionError):
            pass
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as exception:
        raise StructureLiteralError(f"'{text[:40]}' is neither JSON nor a Python literal") from exception


def read_structure(text: str) -> Geometry:
    """Return the crystal of a text that holds pymatgen's dictionary of a structure.

    :raises StructureLiteralError: for any other text, partly occupied sites, and numbers that are not finite.
    """
    value = read_literal(text)
    try:
        cell = np.array(value["lattice"]["matrix"], dtype=float)
        sites = value["sites"]
        numbers = np.array([_number(site["species"]) for site in sites], dtype=np.int64)
        fractions = np.array([site["abc"] for site in sites], dtype=float)
    except StructureLiteralError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, OverflowError) as exception:
        raise StructureLiteralError(
            f"the dictionary is no structure of pymatgen: {type(exception).__name__} {exception}"
        ) from exception
    if cell.shape != (3, 3) or fractions.shape != (len(numbers), 3) or not len(numbers):
        raise StructureLiteralError(f"a structure has a cell of shape {cell.shape} and sites {fractions.shape}")
    with np.errstate(over="ignore", invalid="ignore"):
        positions, volume = fractions @ cell, abs(np.linalg.det(cell))
    if not (np.all(np.isfinite(cell)) and np.all(np.isfinite(positions)) and np.isfinite(volume)):
        raise StructureLiteralError("a structure has numbers that are not finite")
    faces = np.linalg.norm(np.cross(cell[[1, 2, 0]], cell[[2, 0, 1]]), axis=1)
    if volume < _LEAST_VOLUME * len(numbers) or np.any(volume < _LEAST_HEIGHT * faces):
        raise StructureLiteralError(f"a structure has a cell without volume: {volume:.3g} Å³ for {len(numbers)} atoms")
    return Geometry(cell, numbers, positions)


def _number(species: list[Mapping[str, Any]]) -> int:
    """Return the atomic number of a site."""
    if len(species) != 1 or abs(float(species[0]["occu"]) - 1.0) > _OCCUPIED:
        raise StructureLiteralError("a structure has partly occupied sites")
    symbol = str(species[0]["element"])
    if symbol not in _ELEMENTS:
        raise StructureLiteralError(f"a site holds '{symbol[:20]}', which is no element")
    return _ELEMENTS[symbol]
