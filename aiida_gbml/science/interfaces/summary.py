"""What a finished search has found, in plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.interfaces.candidates import CandidateSet
from aiida_gbml.science.interfaces.kriging import KrigingSearch
from aiida_gbml.science.interfaces.problem import SearchProblem
from aiida_gbml.science.structure_set import OK, StructureSet


def best_row(evaluated: StructureSet) -> int:
    """Return the row of the lowest excess energy among those that were evaluated.

    :raises ValueError: when there is none.
    """
    energies = np.where(evaluated.columns["status"] == OK, evaluated.columns["excess_energy"], np.nan)
    if np.all(np.isnan(energies)):
        raise ValueError("no evaluation succeeded, so there is no best structure")
    return int(np.nanargmin(energies))


def gamma_surface(search: KrigingSearch, candidates: CandidateSet) -> dict[str, Array]:
    """Return the predicted excess energy as a function of the translation, gap, termination and atoms removed.

    :returns: ``mean`` (n,) and ``deviation`` (n,) in J/m² for the n candidates, with their ``translations`` (n, 2) and
        ``gaps`` (n,) in Å, ``terminations`` (n,) and ``n_removed`` (n,).
    """
    mean, deviation = search.predict()
    columns = {name: getattr(candidates, name) for name in ("translations", "gaps", "terminations", "n_removed")}
    return {"mean": mean, "deviation": deviation, **columns}


def describe_boundary(problem: SearchProblem) -> dict[str, Any]:
    """Return sigma, type, axis, plane and angle (degrees) of the boundary, and what the crystal is made of."""
    boundary, crystal = problem.bicrystal.boundary, problem.bicrystal.crystal
    return {
        "sigma": boundary.sigma,
        "type": boundary.kind,
        "rotation_axis": list(boundary.axis),
        "gb_plane": list(boundary.plane),
        "gb_plane_upper": list(boundary.upper_plane),
        "rotation_angle": boundary.angle,
        "pretty_formula": _formula(crystal.formula),
        "elements": sorted(crystal.formula),
        "lattice_parameter": crystal.lattice_parameter,
        "area": problem.bicrystal.area,
        "n_boundaries": problem.bicrystal.n_boundaries,
        "boundaries_equivalent": problem.bicrystal.boundaries_equivalent,
    }


def describe_best(evaluated: StructureSet, row: int) -> dict[str, Any]:
    """Return energy (J/m²), excess volume (Å) and the start of one evaluated structure, and whether it is relaxed.

    The start is what was varied: translation and gap in Å, termination, atoms removed.
    """
    columns = evaluated.columns
    volume = float(columns["excess_volume"][row])
    found = {
        "gb_energy": float(columns["excess_energy"][row]),
        "excess_volume": volume,
        "translation": columns["translation"][row].tolist(),
        "gap": float(columns["gap"][row]),
        "termination": int(columns["termination"][row]),
        "n_removed": int(columns["n_removed"][row]),
        "n_atoms": int(evaluated.sizes[row]),
    }
    if "converged" in columns:
        found["converged"] = bool(columns["converged"][row])
    return {name: value for name, value in found.items() if value == value}  # noqa: PLR0124  (a slab has no volume: NaN)


def _formula(counts: Mapping[str, int]) -> str:
    """Return a formula unit as text."""
    return "".join(f"{element}{count if count > 1 else ''}" for element, count in counts.items())
