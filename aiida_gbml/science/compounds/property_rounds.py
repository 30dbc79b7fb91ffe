"""The rounds of a search over compounds: what goes to the engine, what comes back, and what is known at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.objective import Objective
from aiida_gbml.science.compounds.property_column import UNITS, property_values
from aiida_gbml.science.compounds.property_observations import PropertyObservations
from aiida_gbml.science.compounds.property_search import PropertySearch
from aiida_gbml.science.compounds.property_table import formula_of_row
from aiida_gbml.science.learning.search import Search
from aiida_gbml.science.structure_set import FAILED, NEW, OK, StructureSet

if TYPE_CHECKING:
    from ase import Atoms

COVERAGE = 0.9
"""Nominal coverage of the intervals of predictions."""

_EVALUATION = ("energy", "stress", "status", "reason", "machine_fault", "calculation_uuid", "converged")
_NOT_EVALUATED = "not evaluated: the engine ended without a result"


def next_round(search: Search, candidates: StructureSet, batch_size: int) -> tuple[StructureSet, dict[str, Any]]:
    """Return the structures to evaluate next, none at the end, and what is expected of the search.

    A search that learns nothing from a round has no reason to wait for it, and asks for all at once.

    :param candidates: the database; its rows keep their columns, except those that an evaluation makes.
    :raises SearchError: when the batch is empty.
    """
    outlook: dict[str, Any] = {}
    learns = isinstance(search, PropertySearch)
    if isinstance(search, PropertySearch) and len(search.observed) >= search.settings.n_initial:
        promise = search.promise
        outlook |= {"promise": promise} if np.isfinite(promise) else {}
    if search.stop_reason is not None:
        return _bare(candidates, []), {**outlook, "stop_reason": search.stop_reason}
    rows = search.ask(batch_size if learns else len(candidates))
    return _bare(candidates, rows.tolist()), outlook


def observe(
    evaluated: StructureSet, objective: Objective, references: StructureSet | None = None
) -> tuple[StructureSet, PropertyObservations]:
    """Return an evaluated round with its values as a column of the property's name, and its observations.

    :param evaluated: with the column ``candidate``.
    :raises PropertyColumnError: when there is no such property.
    """
    status = evaluated.columns.get("status", np.full(len(evaluated), NEW))
    reasons = evaluated.columns.get("reason", np.full(len(evaluated), "")).astype(np.str_)
    is_ok = status == OK
    values = np.full(len(evaluated), np.nan)
    if is_ok.any():
        values = property_values(evaluated, objective.property, references)
    lacks = f"the engine gave no finite '{objective.property}'"
    reasons = np.where(is_ok, np.where(np.isfinite(values), "", lacks), reasons)
    reasons = np.where((reasons == "") & ~np.isfinite(values), _NOT_EVALUATED, reasons)
    count = len(evaluated)
    rows = evaluated.columns["candidate"].astype(np.int64)
    faults = evaluated.machine_faults
    seen = PropertyObservations(rows, values, reasons, np.zeros(count, bool), faults)
    columns: dict[str, Any] = {"status": np.where(is_ok, OK, FAILED), "reason": reasons, "machine_fault": faults}
    if objective.property not in evaluated.columns:
        columns[objective.property] = values
    if "energy" not in evaluated.columns:
        columns["energy"] = np.full(count, np.nan)
    return evaluated.with_columns(**columns), seen


def describe_search(
    candidates: StructureSet, seen: PropertyObservations, objective: Objective, evaluated: StructureSet | None
) -> tuple[Atoms, dict[str, Any]]:
    """Return the best structure, as the engine left it, and a flat summary of JSON values.

    :param seen: at least one value among them.
    :raises ValueError: when there is no value.
    """
    best = objective.best_row(seen.values)
    if best is None:
        raise ValueError("no value of the property is known")
    row = int(seen.candidates[best])
    atoms, is_converged = candidates.to_ase(row), True
    if evaluated is not None and row in evaluated.columns["candidate"]:
        place = int(np.flatnonzero(evaluated.columns["candidate"] == row)[0])
        atoms = evaluated.to_ase(place)
        is_converged = bool(evaluated.columns.get("converged", np.ones(len(evaluated), bool))[place])
    labels = candidates.columns.get("structure_label")
    n_given = int(seen.is_given.sum())
    summary = {
        "property": objective.property,
        "unit": objective.unit or UNITS.get(objective.property, ""),
        "goal": objective.goal if objective.target is None else f"close to {objective.target:g}",
        "best_value": float(seen.values[best]),
        "best_formula": formula_of_row(candidates, row),
        "best_label": "" if labels is None else str(labels[row]),
        "best_candidate": row,
        "found_after": 0 if seen.is_given[best] else best + 1 - n_given,
        "n_evaluated": len(seen) - n_given,
        "n_failed": int(seen.failed.sum()),
        "n_machine_faults": int(seen.machine_faults.sum()),
        "n_given": n_given,
        "n_candidates": len(candidates),
        "converged": is_converged,
    }
    return atoms, summary


def with_observations(
    candidates: StructureSet, seen: PropertyObservations, objective: Objective, evaluated: StructureSet | None
) -> StructureSet:
    """Return the database, its geometry unchanged, with what is known of each row now.

    Another search over it knows these values. Columns: the property, ``energy`` (eV), ``status`` and ``reason``.
    """
    count = len(candidates)
    values = np.full(count, np.nan)
    values[seen.candidates] = seen.values
    status = np.full(count, NEW, dtype="U6")
    status[seen.candidates] = np.where(seen.failed, FAILED, OK)
    reasons = np.full(count, "", dtype=f"U{max([1, *map(len, seen.reasons.tolist())])}")
    reasons[seen.candidates] = seen.reasons
    energies = candidates.columns.get("energy", np.full(count, np.nan)).astype(float)
    if evaluated is not None:
        energies[evaluated.columns["candidate"]] = evaluated.columns["energy"]
    columns = {name: column for name, column in candidates.columns.items() if name not in _EVALUATION}
    bare = StructureSet(
        candidates.cells, candidates.pbc, candidates.offsets, candidates.numbers, candidates.positions, columns
    )
    # The property of a row belongs to the structure that the engine left, and may differ from that of its start.
    return bare.with_columns(**{"energy": energies, objective.property: values, "status": status, "reason": reasons})


def believed(search: Search, objective: Objective) -> dict[str, Array]:
    """Return what is believed of the property of all n candidates: ``mean``, ``lower``, ``upper``, and ``is_known``.

    Empty for a search that learns nothing, or knows nothing.
    """
    if not isinstance(search, PropertySearch) or search.best is None:
        return {}
    signed, deviation = search.predict()
    width = float(ndtri(0.5 + COVERAGE / 2)) * deviation
    edges = np.sort([objective.values(signed - width), objective.values(signed + width)], axis=0)
    known = np.array([row in search.observed for row in range(len(signed))])
    return {"mean": objective.values(signed), "lower": edges[0], "upper": edges[1], "is_known": known}


def _bare(candidates: StructureSet, rows: list[int]) -> StructureSet:
    """Return some candidates without what an evaluation makes, and with their numbers as column ``candidate``."""
    taken = candidates.take(rows)
    # What follows from an evaluation must not be taken from an earlier one, whose column would hide the new value.
    stale = {*_EVALUATION, *UNITS}
    columns = {name: column for name, column in taken.columns.items() if name not in stale}
    columns["candidate"] = np.array(rows, dtype=np.int64)
    fixed = {name: column for name, column in taken.atom_columns.items() if name == "fixed"}
    return StructureSet(taken.cells, taken.pbc, taken.offsets, taken.numbers, taken.positions, columns, fixed)
