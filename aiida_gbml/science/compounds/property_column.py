"""Properties of evaluated structures by name: any of their columns, and what follows from energy and cell."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.structure_set import OK, StructureSet

_DALTON_PER_A3 = 1.66053906660  # g/cm³ (CODATA 2018)

FORMATION_ENERGY = "formation_energy_per_atom"
"""The property that needs crystals of the elements beside."""

UNITS = {
    "energy": "eV",
    "energy_per_atom": "eV/atom",
    FORMATION_ENERGY: "eV/atom",
    "volume": "Å³",
    "volume_per_atom": "Å³/atom",
    "density": "g/cm³",
    "max_force": "eV/Å",
    "pressure": "eV/Å³",
}
"""Units of the properties that are known here; those of other columns are the user's."""


class PropertyColumnError(ValueError):
    """A set of structures does not have a property."""


def property_values(structures: StructureSet, name: str, references: StructureSet | None = None) -> Array:
    """Return the (n,) values of a property, NaN where a structure is not evaluated or has none.

    :param structures: evaluated structures.
    :param name: a column of numbers, or one of :data:`UNITS`.
    :param references: evaluated structures of the elements, of which the lowest energy per atom of each counts; for
        ``formation_energy_per_atom``.
    :raises PropertyColumnError: when the structures have no such property.
    """
    if name == FORMATION_ENERGY and references is not None:
        values = _formation_energies(structures, references)
    elif name in structures.columns:
        values = _column(structures, name)
    elif name in _DERIVED:
        needed, derive = _DERIVED[name]
        if needed and needed not in (*structures.columns, *structures.atom_columns):
            raise PropertyColumnError(f"the structures have no '{needed}', from which '{name}' would follow")
        values = derive(structures)
    elif name == FORMATION_ENERGY:
        raise PropertyColumnError(f"'{name}' needs reference structures of the elements")
    else:
        known = sorted({*structures.columns, *_DERIVED, FORMATION_ENERGY})
        raise PropertyColumnError(f"the structures have no property '{name}', there are {', '.join(known)}")
    if "status" in structures.columns:
        values = np.where(structures.columns["status"] == OK, values, np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def is_known_property(name: str) -> bool:
    """Return whether a property follows from what every evaluation gives."""
    return name in UNITS


def element_energies(references: StructureSet) -> dict[int, float]:
    """Return the lowest energy per atom (eV) of each element, by atomic number.

    :raises PropertyColumnError: when a structure holds several elements, or an element has no energy.
    """
    energies = property_values(references, "energy_per_atom")
    found: dict[int, float] = {}
    for row, energy in enumerate(energies.tolist()):
        numbers = set(references.numbers[references.atoms_of(row)].tolist())
        if len(numbers) > 1:
            raise PropertyColumnError(f"reference structure {row} holds several elements, expected one")
        if not np.isnan(energy):
            number = numbers.pop()
            found[number] = min(energy, found.get(number, np.inf))
    return found


def _formation_energies(structures: StructureSet, references: StructureSet) -> Array:
    """Return the (n,) energies per atom above those of the elements, eV."""
    from aiida_gbml.science.compounds.composition import SYMBOLS

    energies = element_energies(references)
    missing = sorted(set(structures.numbers.tolist()) - set(energies))
    if missing:
        raise PropertyColumnError(f"no reference structure has an energy of the element {SYMBOLS[missing[0]]}")
    of_atoms = np.array([energies.get(number, np.nan) for number in range(max(energies) + 1)])[structures.numbers]
    elements = np.add.reduceat(of_atoms, structures.offsets[:-1])
    result: Array = (_column(structures, "energy") - elements) / structures.sizes
    return result


def _column(structures: StructureSet, name: str) -> Array:
    column = structures.columns.get(name)
    if column is None or column.ndim != 1 or column.dtype.kind not in "biuf":
        raise PropertyColumnError(f"the structures have no column '{name}' of one number a structure")
    return column.astype(float)


def _volumes(structures: StructureSet) -> Array:
    volumes: Array = np.abs(np.linalg.det(structures.cells))
    return volumes


def _densities(structures: StructureSet) -> Array:
    from ase.data import atomic_masses

    masses = np.add.reduceat(atomic_masses[structures.numbers], structures.offsets[:-1])
    densities: Array = _DALTON_PER_A3 * masses / _volumes(structures)
    return densities


def _largest_forces(structures: StructureSet) -> Array:
    norms = np.linalg.norm(structures.atom_columns["forces"], axis=1)
    largest: Array = np.maximum.reduceat(norms, structures.offsets[:-1])
    return largest


_DERIVED: dict[str, tuple[str | None, Callable[[StructureSet], Array]]] = {
    "energy_per_atom": ("energy", lambda structures: _column(structures, "energy") / structures.sizes),
    "volume": (None, _volumes),
    "volume_per_atom": (None, lambda structures: _volumes(structures) / structures.sizes),
    "density": (None, _densities),
    "max_force": ("forces", _largest_forces),
    "pressure": ("stress", lambda structures: -np.trace(structures.columns["stress"], axis1=1, axis2=2) / 3),
}
