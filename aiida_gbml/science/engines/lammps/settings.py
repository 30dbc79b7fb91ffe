"""What LAMMPS is asked to do with each structure, and whether the structures allow it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from ase.symbols import Symbols

from aiida_gbml.science.archive import Array
from aiida_gbml.science.engines.lammps.frame import LammpsFrame, LammpsFrameError
from aiida_gbml.science.engines.lammps.potential import LammpsPotential
from aiida_gbml.science.engines.modes import ATOM_CONSTRAINTS, CELL_CONSTRAINTS, MODES
from aiida_gbml.science.structure_set import StructureSet


class LammpsInputError(ValueError):
    """The structures or settings cannot be given to LAMMPS."""


@dataclass(frozen=True)
class LammpsSettings:
    """What is done with each structure.

    :param mode: ``static`` or ``relax`` (conjugate gradients).
    :param atoms: ``free``, or ``normal``: only the coordinate normal to the cell vectors a and b may change.
    :param cell: ``fixed``, ``normal`` (its height over a and b may change), ``isotropic`` (its volume) or ``free``.
    :param force_tolerance: largest force component left on a coordinate that may change, eV/Å.
    :param stress_tolerance: largest stress component left on a cell that may change, eV/Å³.
    :param max_steps: most steps of a relaxation.
    :raises LammpsInputError: for any other value.
    """

    mode: str = "static"
    atoms: str = "free"
    cell: str = "fixed"
    force_tolerance: float = 1e-3
    stress_tolerance: float = 1e-4
    max_steps: int = 2000

    def __post_init__(self) -> None:
        choices = {"mode": MODES, "atoms": ATOM_CONSTRAINTS, "cell": CELL_CONSTRAINTS}
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise LammpsInputError(f"'{name}' is {getattr(self, name)!r}, expected one of {', '.join(allowed)}")
        for name in ("force_tolerance", "stress_tolerance", "max_steps"):
            value = getattr(self, name)
            kinds = int if name == "max_steps" else (int, float)
            if isinstance(value, bool) or not isinstance(value, kinds) or not 0 < value < np.inf:
                raise LammpsInputError(f"'{name}' is {value!r}, expected a positive number")

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> LammpsSettings:
        """Return the settings of a JSON-like mapping with the names of the fields as keys.

        :raises LammpsInputError: for an unknown key or a wrong value.
        """
        known = [one.name for one in fields(cls)]
        unknown = sorted(set(settings) - set(known))
        if unknown:
            raise LammpsInputError(f"unknown setting {unknown[0]!r}, expected {', '.join(known)}")
        return cls(**settings)

    @property
    def relaxes_cell(self) -> bool:
        """Whether the cell may change."""
        return self.mode == "relax" and self.cell != "fixed"


def check_inputs(structures: StructureSet, potential: LammpsPotential, settings: LammpsSettings) -> None:
    """Raise unless structures, potential and settings fit each other.

    :raises LammpsInputError: naming the first structure that does not fit the settings.
    :raises LammpsPotentialError: when the potential lacks an element.
    """
    potential.check_elements(sorted(set(Symbols(structures.numbers))))
    for row in range(len(structures)):
        _check_periodicity(structures.pbc[row].tolist(), row, potential, settings)
        frame_of(structures, row)
    if settings.mode == "relax" and "fixed" in structures.atom_columns:
        _check_fixed(structures)


def _check_periodicity(pbc: list[bool], row: int, potential: LammpsPotential, settings: LammpsSettings) -> None:
    """Raise unless a cell that may change is periodic, and charges are in a crystal or a slab."""
    needed = {"isotropic": [True] * 3, "free": [True] * 3, "normal": [*pbc[:2], True]}.get(settings.cell, pbc)
    if settings.relaxes_cell and pbc != needed:
        raise LammpsInputError(
            f"structure {row} has the periodicity {pbc}: its cell cannot be relaxed with 'cell' {settings.cell!r}, "
            "use 'fixed'"
        )
    if potential.has_charges and pbc[:2] != [True, True]:
        raise LammpsInputError(
            f"structure {row} has the periodicity {pbc}: charges need a crystal, or a slab periodic along a and b"
        )


def _check_fixed(structures: StructureSet) -> None:
    """Raise unless LAMMPS can hold the coordinates that are fixed."""
    fixed = structures.atom_columns["fixed"].astype(bool)
    if fixed.shape[1:] != (3,):
        raise LammpsInputError(f"the atom column 'fixed' has the shape {fixed.shape}, expected one flag a coordinate")
    mixed = fixed.any(axis=1) != fixed.all(axis=1)
    for row in range(len(structures)):
        if mixed[structures.atoms_of(row)].any() and not frame_of(structures, row).is_aligned:
            raise LammpsInputError(
                f"structure {row} fixes single coordinates of an atom: its cell vector a must lie along x and b in "
                "the xy plane; rotate the structure, or fix whole atoms"
            )


def frame_of(structures: StructureSet, row: int) -> LammpsFrame:
    """Return the frame in which LAMMPS sees one structure.

    :raises LammpsInputError: naming the row, when its cell has no volume.
    """
    try:
        return LammpsFrame.of(
            structures.cells[row], structures.pbc[row], structures.positions[structures.atoms_of(row)]
        )
    except LammpsFrameError as exception:
        raise LammpsInputError(f"structure {row}: {exception}") from exception


def free_coordinates(structures: StructureSet, row: int, settings: LammpsSettings) -> Array:
    """Return (N, 3) booleans: the coordinates, in LAMMPS' orientation, that a relaxation may change."""
    own = structures.atoms_of(row)
    free = np.ones((own.stop - own.start, 3), dtype=bool)
    if settings.atoms == "normal":
        free[:, :2] = False
    fixed = structures.atom_columns.get("fixed")
    return free if fixed is None else free & ~fixed[own].astype(bool)
