"""What ``pw.x`` is asked to do with a structure, and what is believed of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase.units import GPa

from aiida_gbml.science.archive import Array
from aiida_gbml.science.structure_set import StructureSet

Namelists = Mapping[str, Mapping[str, Any]]

_CELL_DOF = {"normal": "z", "isotropic": "all", "free": "all"}
_LARGEST_ENERGY = 1e6  # eV an atom: beyond any pseudopotential's total energy
_LARGEST_FORCE = 1e4  # eV/Å: beyond atoms on top of each other


class PwInputError(ValueError):
    """The structures cannot be given to ``pw.x`` under these constraints."""


class PwOutputError(ValueError):
    """What ``pw.x`` computed is no result."""


@dataclass(frozen=True)
class PwFrame:
    """One evaluated structure.

    :param energy: total (with smearing: free) energy in eV.
    :param forces: (n, 3) in eV/Å.
    :param stress: (3, 3) in eV/Å³, positive in tension; NaN when it was not computed.
    :param cell: (3, 3) rows are the cell vectors in Å.
    :param positions: (n, 3) in Å.
    """

    energy: float
    forces: Array
    stress: Array
    cell: Array
    positions: Array


def check_structures(structures: StructureSet, mode: str, atoms: str, cell: str) -> None:
    """Raise unless ``pw.x``, whose constraints are Cartesian, can hold what is to be held.

    :param mode: static or relax.
    :param atoms: free or normal.
    :param cell: fixed, normal, isotropic or free.
    :raises PwInputError: naming the first structure that does not fit.
    """
    if mode == "static":
        return
    for row, (vectors, pbc) in enumerate(zip(structures.cells, structures.pbc, strict=True)):
        if "normal" in (atoms, cell) and np.any(np.abs(vectors[:2, 2]) > 1e-6):
            raise PwInputError(f"structure {row}: to relax along the normal, a and b must lie in the xy plane")
        needed = {"fixed": pbc, "normal": pbc | [False, False, True], "isotropic": [True] * 3, "free": [True] * 3}[cell]
        if not np.array_equal(pbc, needed):
            raise PwInputError(
                f"structure {row} has the periodicity {pbc.tolist()}: its cell cannot be relaxed with 'cell' "
                f"{cell!r}, use 'fixed'"
            )


def task_parameters(
    parameters: Namelists, extensive: Namelists, *, n_atoms: int, elements: list[str], mode: str, cell: str
) -> dict[str, dict[str, Any]]:
    """Return the namelists for one structure.

    ``pw.x`` can hold the shape of a cell for ``ibrav=1`` only, so that ``isotropic`` frees the whole cell: the symmetry
    of a cubic crystal keeps it cubic.

    :param parameters: namelists shared by all structures; what they say beats ``extensive``.
    :param extensive: namelists whose values are multiplied by the number of atoms.
    :param elements: kinds of the structure; values by kind (moments, Hubbard U) are cut down to them.
    :param mode: static or relax.
    :param cell: fixed, normal, isotropic or free.
    """
    task = {name: dict(values) for name, values in deepcopy(dict(parameters)).items()}
    for name, values in extensive.items():
        own = task.setdefault(name, {})
        own.update({key: n_atoms * value for key, value in values.items() if key not in own})
    for values in task.values():
        by_kind = {key: value for key, value in values.items() if isinstance(value, Mapping)}
        values.update({key: {k: v for k, v in value.items() if k in elements} for key, value in by_kind.items()})
    calculation = "scf" if mode == "static" else "relax" if cell == "fixed" else "vc-relax"
    task.setdefault("CONTROL", {})["calculation"] = calculation
    if calculation == "scf":
        task.pop("IONS", None)
    if calculation != "vc-relax":
        task.pop("CELL", None)
    else:
        task.setdefault("CELL", {})["cell_dofree"] = _CELL_DOF[cell]
    return task


def held_coordinates(structures: StructureSet, row: int, atoms: str) -> Array:
    """Return (n, 3) booleans, True for the Cartesian coordinates of one structure that must not move.

    :param atoms: free, or normal: only z moves. The atom column ``fixed`` counts in any case.
    """
    own = structures.atoms_of(row)
    held = np.zeros((own.stop - own.start, 3), dtype=bool)
    held[:, :2] = atoms == "normal"
    fixed = structures.atom_columns.get("fixed")
    return held if fixed is None else held | fixed[own].astype(bool)


def last_frame(trajectory: Mapping[str, Array], n_atoms: int) -> PwFrame:
    """Return the last frame of a trajectory, as the parser of aiida-quantumespresso gives it.

    :param trajectory: arrays with the frames first: ``energy`` (eV), ``forces`` (eV/Å), ``positions`` and ``cells``
        (Å) and, when computed, ``stress`` (GPa, positive under compression).
    :raises PwOutputError: when something is missing, not finite, or absurd.
    """
    missing = [name for name in ("energy", "forces", "positions", "cells") if not len(trajectory.get(name, ()))]
    if missing:
        raise PwOutputError(f"pw.x gave no {' and no '.join(missing)}")
    stress = -trajectory["stress"][-1] * GPa if len(trajectory.get("stress", ())) else np.full((3, 3), np.nan)
    frame = PwFrame(
        energy=float(trajectory["energy"][-1]),
        forces=trajectory["forces"][-1],
        stress=stress,
        cell=trajectory["cells"][-1],
        positions=trajectory["positions"][-1],
    )
    _check_frame(frame, n_atoms)
    return frame


def _check_frame(frame: PwFrame, n_atoms: int) -> None:
    """Raise unless the numbers of a frame can be those of a structure."""
    for name, expected in (("forces", (n_atoms, 3)), ("positions", (n_atoms, 3)), ("cell", (3, 3))):
        array = getattr(frame, name)
        if array.shape != expected or not np.all(np.isfinite(array)):
            raise PwOutputError(f"the {name} of pw.x are no finite numbers of the shape {expected}")
    if not abs(frame.energy) < _LARGEST_ENERGY * n_atoms:  # written so that NaN fails
        raise PwOutputError(f"the energy of pw.x is {frame.energy:g} eV for {n_atoms} atoms")
    if np.max(np.abs(frame.forces)) > _LARGEST_FORCE:
        raise PwOutputError(f"the largest force of pw.x is {np.max(np.abs(frame.forces)):g} eV/Å")
