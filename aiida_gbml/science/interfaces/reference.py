"""The perfect crystal as the engine sees it, and what the structures of boundaries have in excess of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.interfaces.candidates import SearchSpace
from aiida_gbml.science.interfaces.excess import ExcessError, excess_energy, excess_energy_of_atoms, excess_volume
from aiida_gbml.science.structure_set import FAILED, NEW, OK, StructureSet

_SURFACE = 6.0  # Å below the surface of a slab that its energies reach, about the range of a potential
_NO_ATOM_ENERGIES = "a slab needs the energies of its atoms, which this engine does not give"


class BulkReferenceError(ValueError):
    """The bulk reference cannot be used."""


@dataclass(frozen=True)
class BulkReference:
    """The perfect crystal, computed by the engine and settings that evaluate its boundaries.

    :param composition: atoms of each element in the reference cell, by atomic number.
    :param energy: energy of the reference cell in eV.
    :param volume: volume of the reference cell in Å³.
    :param atom_energies: energy of an atom of each element in eV, by atomic number; empty if the engine gives none.
    """

    composition: Mapping[int, int]
    energy: float
    volume: float
    atom_energies: Mapping[int, float]

    @classmethod
    def from_evaluated(cls, evaluated: StructureSet) -> BulkReference:
        """Return the reference held by the only row of an evaluated set.

        :raises BulkReferenceError: when the evaluation of the bulk failed.
        """
        if len(evaluated) != 1 or evaluated.columns["status"][0] != OK:
            raise BulkReferenceError("the bulk reference has no energy: its evaluation failed")
        composition = _composition(evaluated.numbers)
        energies = evaluated.atom_columns.get("energies")
        return cls(
            composition=composition,
            energy=float(evaluated.columns["energy"][0]),
            volume=float(abs(np.linalg.det(evaluated.cells[0]))),
            atom_energies={}
            if energies is None
            else {number: float(energies[evaluated.numbers == number].mean()) for number in composition},
        )

    def check(self, space: SearchSpace) -> None:
        """Raise unless structures of a space can have an excess energy against this reference.

        :raises BulkReferenceError: for slabs that are too thin, or without the energies of atoms.
        """
        if space.geometry != "slab":
            return
        if not self.atom_energies:
            raise BulkReferenceError(_NO_ATOM_ENERGIES)
        if space.thickness <= 2 * _SURFACE:
            raise BulkReferenceError(
                f"the grains of a slab must be thicker than {2 * _SURFACE} Å, got {space.thickness} Å"
            )


def with_excess(evaluated: StructureSet, bulk: BulkReference, space: SearchSpace) -> StructureSet:
    """Return an evaluated set with the columns ``excess_energy`` (J/m²) and ``excess_volume`` (Å).

    Rows that were never evaluated (a fault of the machine), or whose excess energy is not defined, have failed
    afterwards, with a reason; their excess is NaN. The excess volume of a slab is NaN too: the vacuum has no volume of
    its own.

    :param evaluated: rows of candidates with the columns ``energy``, ``status``, ``reason`` and ``boundary_height``;
        a proposal that no engine has seen has none of the first three.
    """
    count = len(evaluated)
    columns = evaluated.columns
    status = columns.get("status", np.full(count, NEW)).astype("U16")
    reasons = columns.get("reason", np.full(count, "")).astype("U200")
    excess = np.full((count, 2), np.nan)
    for row in range(count):
        if status[row] == NEW:
            status[row], reasons[row] = FAILED, "not evaluated: the engine ended without a result"
        if status[row] != OK:
            reasons[row] = reasons[row] or "failed, and the engine does not say why"
            continue
        try:
            excess[row] = _excess(evaluated, row, bulk, space)
        except (ExcessError, BulkReferenceError) as exception:
            status[row], reasons[row] = FAILED, str(exception)[:200]
    return evaluated.with_columns(
        energy=columns.get("energy", np.full(count, np.nan)),
        status=status,
        reason=reasons,
        machine_fault=evaluated.machine_faults,
        calculation_uuid=columns.get("calculation_uuid", np.full(count, "")),
        excess_energy=excess[:, 0],
        excess_volume=excess[:, 1],
    )


def _excess(evaluated: StructureSet, row: int, bulk: BulkReference, space: SearchSpace) -> tuple[float, float]:
    """Return the excess energy in J/m² and the excess volume in Å of one row."""
    own = evaluated.atoms_of(row)
    numbers, cell = evaluated.numbers[own], evaluated.cells[row]
    area = float(np.linalg.norm(np.cross(cell[0], cell[1])))
    if space.geometry == "slab":
        return _slab_excess(evaluated, row, bulk, space, area), np.nan
    shared: dict[str, Any] = {"bulk_composition": bulk.composition, "area": area}
    composition = _composition(numbers)
    energy = float(evaluated.columns["energy"][row])
    volume = float(abs(np.linalg.det(cell)))
    return (
        excess_energy(energy, composition, bulk_energy=bulk.energy, **shared),
        excess_volume(volume, composition, bulk_volume=bulk.volume, **shared),
    )


def _slab_excess(evaluated: StructureSet, row: int, bulk: BulkReference, space: SearchSpace, area: float) -> float:
    """Return the excess energy in J/m² of the atoms around the boundary of a slab, without its surfaces."""
    bulk.check(space)
    if "energies" not in evaluated.atom_columns:
        raise BulkReferenceError(_NO_ATOM_ENERGIES)
    own = evaluated.atoms_of(row)
    heights = evaluated.positions[own, 2] - evaluated.columns["boundary_height"][row]
    return excess_energy_of_atoms(
        evaluated.atom_columns["energies"][own],
        evaluated.numbers[own],
        heights,
        bulk_energies=bulk.atom_energies,
        radius=space.thickness - _SURFACE,
        area=area,
    )


def _composition(numbers: Array) -> dict[int, int]:
    """Return the atoms of each element, by atomic number."""
    elements, counts = np.unique(numbers, return_counts=True)
    return dict(zip(elements.tolist(), counts.tolist(), strict=True))
