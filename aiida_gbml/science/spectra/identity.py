"""When two spectra are the same one: keys of what they were computed from, so that nothing is computed twice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import md5
from typing import TYPE_CHECKING, Any

import numpy as np

from aiida_gbml.science.spectra.table import SpectraTable, concatenate

if TYPE_CHECKING:
    from ase import Atoms

_NAMED = ("structure_md5", "settings_md5", "site", "treatment")

_DIGITS = 6
"""Decimals in Å to which equal structures agree."""

Row = tuple[str, str, str, str, int, str]
"""Keys of structure and settings, element, edge, site and treatment."""


def key_of(value: Any) -> str:
    """Return the MD5 of plain values, whatever the order of their mappings."""
    return _digest(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())


def structure_key(atoms: Atoms) -> str:
    """Return the MD5 of cell, periodicity, elements and positions; the order of the atoms counts."""
    parts = (atoms.cell.array, atoms.pbc.astype(float), atoms.numbers.astype(float), atoms.positions)
    return _digest(b"".join((np.round(part, _DIGITS) + 0.0).astype("<f8").tobytes() for part in parts))


def formula_of(atoms: Atoms) -> str:
    """Return the formula in Hill's order: a unit of what is periodic, all atoms of a molecule."""
    formula = atoms.symbols.formula
    text: str = (formula.reduce()[0] if np.any(atoms.pbc) else formula).format("hill")
    return text


def settings_key(settings: Mapping[str, Any], elements: Iterable[str], element: str, treatment: str) -> str:
    """Return the MD5 of the settings that decide about one spectrum.

    Pseudopotentials of other elements do not count, nor does a half hole unless it is the treatment.

    :param settings: ``common``, and ``elements``: MD5s of ``ground``, and of ``full`` and ``half`` holes, by element.
    :param elements: of the structure.
    :param element: that absorbs.
    :param treatment: none, half, full or excited.
    """
    datasets = settings["elements"]
    grounds = {one: datasets[one]["ground"] for one in sorted(set(elements))}
    holes = {name: datasets[element][name] for name in _holes(datasets[element], treatment)}
    return key_of([settings["common"], grounds, holes])


def known_rows(table: SpectraTable) -> set[Row]:
    """Return the keys of the rows of a table that have a spectrum.

    A table without ``structure_md5`` and ``settings_md5``, such as one that another program has written, has no key.
    """
    return {key for key, failed in zip(_keys(table), table.failed.tolist(), strict=True) if key and not failed}


def without_repetitions(tables: Iterable[SpectraTable]) -> tuple[SpectraTable, ...]:
    """Return one table for each edge; of rows with the same key the first that has a spectrum, else the last."""
    return tuple(table.take(_kept(table)) for table in concatenate(tables))


def _kept(table: SpectraTable) -> list[int]:
    """Return the rows of a table that are kept, in their order."""
    keys, failed = _keys(table), table.failed.tolist()
    best: dict[Row, int] = {}
    for row, key in enumerate(keys):
        if key and (key not in best or failed[best[key]]):
            best[key] = row
    return [row for row, key in enumerate(keys) if key is None or best[key] == row]


def _keys(table: SpectraTable) -> list[Row | None]:
    """Return the key of each row, none for a row that has none."""
    columns = table.columns
    if any(name not in columns for name in _NAMED):
        return [None] * len(table)
    rows = zip(*(columns[name].tolist() for name in _NAMED), strict=True)
    return [
        (structure, settings, table.element, table.edge, int(site), treatment) if structure and settings else None
        for structure, settings, site, treatment in rows
    ]


def _holes(datasets: Mapping[str, str], treatment: str) -> list[str]:
    wanted = ("full", "half") if treatment == "half" else ("full",)
    return [name for name in wanted if name in datasets]


def _digest(content: bytes) -> str:
    return md5(content, usedforsecurity=False).hexdigest()
