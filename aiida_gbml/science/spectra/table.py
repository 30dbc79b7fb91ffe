"""Spectra of one element and edge on one absolute energy axis, a row a site, with named columns."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.engines.xspectra_input import CORE_SHELLS

OK, FAILED = "ok", "failed"
EDGES = tuple(CORE_SHELLS)
MOST_POINTS = 100_000
LONGEST_REASON = 300

_SYMBOL = re.compile(r"[A-Z][a-z]?")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_ON_GRID = 1e-4
_AXIS = ("element", "edge", "energy", "intensity")
_OF_A_MEAN = ("structure_uuid", "structure_label", "formula", "treatment", "settings_md5")


class SpectraError(ValueError):
    """What was given is no set of spectra."""


@dataclass(frozen=True)
class SpectraTable:
    """``n`` spectra of ``m`` points; a point outside the range that a site was computed for is NaN.

    Well-known columns: ``treatment``, ``site`` (index in the structure), ``multiplicity``, ``transition_energy`` (eV),
    ``empirical_offset`` (eV, not contained in the axis), ``alignment`` (what the energies are relative to),
    ``polarisation`` (in words), ``settings_md5``, ``structure_uuid``, ``calculation_uuid``, ``formula``,
    ``structure_label``, ``distance_from_boundary`` (Å), ``is_bulk_reference``, ``status`` ('ok' or 'failed') and
    ``reason`` (why a row failed, at most 300 characters). Any other name is passed through.

    :param element: symbol of the element that absorbs.
    :param edge: one of :data:`EDGES`.
    :param energy: (m,) eV, rising integer multiples of one step, so that tables of one step can be joined.
    :param intensity: (n, m) in arbitrary units.
    :param columns: one array of length n for each name: numbers, booleans or text.
    :raises SpectraError: when shapes disagree or the axis is no such grid.
    """

    element: str
    edge: str
    energy: Array
    intensity: Array
    columns: Mapping[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_axis(self)
        _check_columns(self)

    @property
    def key(self) -> str:
        """Element and edge, such as ``C_K``."""
        return f"{self.element}_{self.edge}"

    @property
    def step(self) -> float:
        """Distance of two points in eV; NaN for fewer than two."""
        return step_of(self.energy)

    def __len__(self) -> int:
        return len(self.intensity)

    @property
    def failed(self) -> Array:
        """(n,) whether a row holds a reason instead of a spectrum."""
        return np.asarray(self.columns.get("status", np.full(len(self), OK)) == FAILED)

    @property
    def is_absolute(self) -> bool:
        """Whether the energies of all rows are transition energies; otherwise they count from a level."""
        return set(self.columns.get("alignment", np.array([""])).tolist()) <= {"", "transition_energy"}

    @property
    def is_of_all(self) -> Array:
        """(n,) whether a row is the spectrum of each of its equivalent atoms: in given directions these differ."""
        polarisation = self.columns.get("polarisation", np.full(len(self), ""))
        return np.asarray(np.isin(polarisation, ("", "powder")) | (self.multiplicity == 1))

    @property
    def multiplicity(self) -> Array:
        """(n,) number of equivalent atoms that a row stands for, 1 where the table does not say."""
        return self.columns.get("multiplicity", np.ones(len(self), dtype=np.int64))

    def take(self, rows: Sequence[int] | Array | slice) -> SpectraTable:
        """Return some rows with all their columns, in the order given."""
        chosen = rows if isinstance(rows, slice) else np.asarray(rows)
        if not isinstance(chosen, slice) and chosen.size == 0:
            chosen = np.zeros(0, dtype=np.int64)
        columns = {name: column[chosen] for name, column in self.columns.items()}
        return replace(self, intensity=self.intensity[chosen], columns=columns)


def step_of(energy: Array) -> float:
    """Return the step in eV of a uniform axis, NaN for fewer than two points."""
    if len(energy) < 2:
        return float("nan")
    return float(f"{(energy[-1] - energy[0]) / (len(energy) - 1):.9g}")


def table_from_rows(rows: Iterable[Mapping[str, Any]], step: float) -> SpectraTable:
    """Return the table of some spectra of one element and edge, interpolated linearly onto the common grid.

    :param rows: mappings with ``element``, ``edge``, ``energy`` ((k,) absolute, eV), ``intensity`` ((k,)), where both
        are None for a failed row, and any columns. What a row lacks is NaN, False or an empty text.
    :param step: of the grid in eV.
    :raises SpectraError: when there is no row, or rows of several edges or beyond all ranges.
    """
    given = [dict(row) for row in rows]
    kinds = {(str(row["element"]), str(row["edge"])) for row in given}
    if len(kinds) != 1:
        raise SpectraError(f"a table holds one element and edge, got {sorted(kinds) or 'no row'}")
    if not (np.isfinite(step) and step > 0):
        raise SpectraError(f"the step of a grid must be positive, got {step} eV")
    curves = [_curve(row) for row in given]
    ends = [(energy[0], energy[-1]) for energy, _ in filter(None, curves)]
    first = int(np.ceil(min((low for low, _ in ends), default=0.0) / step - _ON_GRID))
    last = int(np.floor(max((high for _, high in ends), default=(first - 1) * step) / step + _ON_GRID))
    if last - first >= MOST_POINTS:
        raise SpectraError(f"spectra from {first * step:g} to {last * step:g} eV do not fit on one axis of {step} eV")
    grid = step * np.arange(first, last + 1)
    intensity = np.array([_on_grid(grid, curve, step) for curve in curves]).reshape(len(given), len(grid))
    element, edge = kinds.pop()
    return SpectraTable(element, edge, grid, intensity, _columns(given, curves))


def tables_from_rows(rows: Iterable[Mapping[str, Any]], step: float) -> tuple[SpectraTable, ...]:
    """Return one table for each element and edge, in the order of their keys, see :func:`table_from_rows`."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[str(row["element"]), str(row["edge"])].append(row)
    return tuple(table_from_rows(groups[kind], step) for kind in sorted(groups))


def concatenate(tables: Iterable[SpectraTable]) -> tuple[SpectraTable, ...]:
    """Return one table for each element and edge with the rows of all, in order; what a table lacks is blank.

    :raises SpectraError: when the steps of two axes differ.
    """
    groups: dict[str, list[SpectraTable]] = defaultdict(list)
    for table in tables:
        groups[table.key].append(table)
    return tuple(_joined(groups[key]) for key in sorted(groups))


def weighted_spectra(table: SpectraTable) -> SpectraTable:
    """Return one row for each structure, treatment and settings: the mean over its sites, weighted by multiplicity.

    Columns: those that name these three, ``n_sites``, ``multiplicity`` (atoms that the mean stands for) and
    ``complete``: False where it is not the mean over all atoms, because the spectrum of a site is missing, or that of
    one atom in given directions stands for equivalent ones that see them differently.
    """
    names = [name for name in _OF_A_MEAN if name in table.columns]
    first, group = _groups([table.columns[name] for name in names], len(table))
    weights = np.where(table.failed, 0.0, table.multiplicity)
    columns = {name: table.columns[name][first] for name in names}
    columns["n_sites"] = np.bincount(group[~table.failed], minlength=len(first))
    columns["multiplicity"] = np.bincount(group, weights, minlength=len(first))
    usable = ~table.failed & table.is_of_all
    columns["complete"] = np.bincount(group[usable], minlength=len(first)) == np.bincount(group, minlength=len(first))
    sums = np.full((len(first), len(table.energy)), np.nan)
    ok = np.flatnonzero(~table.failed)
    ok = ok[np.argsort(group[ok], kind="stable")]
    if len(ok):
        present, starts = np.unique(group[ok], return_index=True)
        parts = weights[ok, np.newaxis] * table.intensity[ok]
        sums[present] = np.add.reduceat(parts, starts) / columns["multiplicity"][present, np.newaxis]
    return SpectraTable(table.element, table.edge, table.energy, sums, columns)


def _groups(columns: Sequence[Array], length: int) -> tuple[Array, Array]:
    """Return the (g,) first rows of the groups of rows that are equal in all columns, and the (n,) group of each row.

    Groups are numbered in the order in which they appear.
    """
    codes = np.zeros(length, dtype=np.int64)
    for column in columns:
        kinds, own = np.unique(column, return_inverse=True)
        _, codes = np.unique(codes * len(kinds) + own.ravel(), return_inverse=True)
    _, first, group = np.unique(codes, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    return np.sort(first), rank[group]


def _check_axis(table: SpectraTable) -> None:
    if not _SYMBOL.fullmatch(table.element) or table.edge not in EDGES:
        raise SpectraError(f"'{table.element}' '{table.edge}' is no element and edge ({', '.join(EDGES)})")
    energy, intensity = table.energy, table.intensity
    if energy.ndim != 1 or intensity.ndim != 2 or intensity.shape[1] != len(energy):
        raise SpectraError(f"intensities {intensity.shape} do not fit an axis of the shape {energy.shape}")
    if energy.dtype.kind != "f" or intensity.dtype.kind != "f" or not np.all(np.isfinite(energy)):
        raise SpectraError("energies must be finite, energies and intensities real numbers")
    if len(energy) > 1:
        index = energy / table.step
        if table.step <= 0 or np.abs(index - (np.round(index[0]) + np.arange(len(energy)))).max() > _ON_GRID:
            raise SpectraError("the energies are no rising integer multiples of one step")


def _check_columns(table: SpectraTable) -> None:
    for name, column in table.columns.items():
        if not _NAME.fullmatch(name):
            raise SpectraError(f"a column is named in lower case letters, digits and underscores, not '{name[:70]}'")
        if column.shape != (len(table),) or column.dtype.kind not in "biufU":
            raise SpectraError(f"column '{name}' is no {len(table)} plain values: {column.dtype}, {column.shape}")


def _curve(row: Mapping[str, Any]) -> tuple[Array, Array] | None:
    """Return energies and intensities of a row, None for a failed one."""
    if row.get("energy") is None or row.get("intensity") is None:
        return None
    energy, intensity = np.asarray(row["energy"], dtype=float), np.asarray(row["intensity"], dtype=float)
    if energy.ndim != 1 or energy.shape != intensity.shape or len(energy) < 2:
        raise SpectraError(f"a spectrum has {intensity.shape} intensities at {energy.shape} energies")
    if not (np.all(np.isfinite(energy)) and np.all(np.diff(energy) > 0)):
        raise SpectraError("the energies of a spectrum must be finite and rise")
    return energy, intensity


def _on_grid(grid: Array, curve: tuple[Array, Array] | None, step: float) -> Array:
    if curve is None:
        return np.full(len(grid), np.nan)
    energy, intensity = curve
    margin = _ON_GRID * step
    inside = (grid >= energy[0] - margin) & (grid <= energy[-1] + margin)
    return np.where(inside, np.interp(grid, energy, intensity), np.nan)


def _columns(rows: Sequence[Mapping[str, Any]], curves: Sequence[Any]) -> dict[str, Array]:
    """Return the columns of some rows: every name that any row has, with ``status`` and ``reason``."""
    states = [{"status": FAILED if curve is None else OK, "reason": ""} for curve in curves]
    full = [{**state, **row} for state, row in zip(states, rows, strict=True)]
    full = [{**row, "reason": " ".join(str(row["reason"] or "").split())[:LONGEST_REASON]} for row in full]
    names = sorted({name for row in full for name in row if name not in _AXIS})
    return {name: _column([row.get(name) for row in full]) for name in names}


def _column(values: Sequence[Any]) -> Array:
    """Return values as one plain array, None being blank."""
    known = np.array([value for value in values if value is not None])
    if len(known) == len(values):
        return known
    kind = np.result_type(known.dtype, float) if known.dtype.kind in "iuf" else known.dtype
    return np.array([_blank(kind) if value is None else value for value in values], dtype=kind)


def _blank(kind: Any) -> Any:
    return {"U": "", "b": False}.get(kind.kind, np.nan)


def _joined(tables: Sequence[SpectraTable]) -> SpectraTable:
    """Return the rows of tables of one element and edge on the union of their axes."""
    if len(tables) == 1:
        return tables[0]
    axes = [table for table in tables if len(table.energy)]
    steps = np.array([table.step for table in axes if len(table.energy) > 1])
    if len(steps) and np.ptp(steps) > _ON_GRID * steps.min() / max(len(table.energy) for table in axes):
        raise SpectraError(
            f"{tables[0].key}: axes with steps of {steps.min():g} and {steps.max():g} eV cannot be joined"
        )
    names = sorted({name for table in tables for name in table.columns})
    columns = {name: _stacked([table.columns.get(name, len(table)) for table in tables]) for name in names}
    if not len(steps):
        return replace(tables[0], intensity=np.concatenate([one.intensity for one in tables]), columns=columns)
    step = float(steps[0])
    first = round(min(table.energy[0] for table in axes) / step)
    last = round(max(table.energy[-1] for table in axes) / step)
    if last - first >= MOST_POINTS:
        raise SpectraError(f"{tables[0].key}: spectra from {first * step:g} to {last * step:g} eV are no one edge")
    size = sum(map(len, tables))
    intensity = np.full((size, last - first + 1), np.nan, dtype=np.result_type(*[one.intensity for one in tables]))
    row = 0
    for table in tables:
        start = round(table.energy[0] / step) - first if len(table.energy) else 0
        intensity[row : row + len(table), start : start + len(table.energy)] = table.intensity
        row += len(table)
    return replace(tables[0], energy=step * np.arange(first, last + 1), intensity=intensity, columns=columns)


def _stacked(parts: Sequence[Array | int]) -> Array:
    """Return one column of several, where a number says how many rows have no such column."""
    known = [part for part in parts if not isinstance(part, int) and len(part)]
    kind = np.result_type(*known) if known else np.dtype(float)
    if len(known) < sum(bool(part if isinstance(part, int) else len(part)) for part in parts) and kind.kind in "iu":
        kind = np.dtype(float)
    blanks = [np.full(part, _blank(kind), dtype=kind) if isinstance(part, int) else part for part in parts]
    return np.concatenate(blanks).astype(kind)
