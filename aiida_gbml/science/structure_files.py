"""Sets of structures as text that other programs read."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.structure_set import StructureSet, StructureSetError

if TYPE_CHECKING:
    from ase import Atoms


def to_extxyz(structures: StructureSet) -> str:
    """Return all structures as extended XYZ; energies, forces and stresses are where ASE looks for them.

    Numbers that are not finite, such as the energy of a failed row, are left out.
    """
    from ase.io import write

    text = io.StringIO()
    write(text, [_annotated(structures, row) for row in range(len(structures))], format="extxyz")
    return text.getvalue()


def from_extxyz(text: str) -> StructureSet:
    """Return the frames of an extended XYZ text, with energies (eV), stresses (eV/Å³) and forces (eV/Å) if given.

    A frame that lacks one of these has NaN there; other data of the frames are not read.

    :raises StructureSetError: when the text is no extended XYZ.
    """
    from ase.io import read
    from ase.stress import voigt_6_to_full_3x3_stress

    try:
        frames = read(io.StringIO(text), index=":", format="extxyz")
    except Exception as exception:  # ASE raises whatever its parser meets
        raise StructureSetError(f"not a readable extended XYZ text ({exception})") from exception
    results = [frame.calc.results if frame.calc is not None else {} for frame in frames]
    structures = StructureSet.from_ase(frames)
    present = {name for result in results for name in result}
    if "energy" in present:
        structures = structures.with_columns(energy=[float(result.get("energy", np.nan)) for result in results])
    if "stress" in present:
        stresses = [voigt_6_to_full_3x3_stress(result.get("stress", np.full(6, np.nan))) for result in results]
        structures = structures.with_columns(stress=np.array(stresses))
    if "forces" in present:
        unknown = [np.full((len(frame), 3), np.nan) for frame in frames]
        forces = [result.get("forces", blank) for result, blank in zip(results, unknown, strict=True)]
        structures = structures.with_atom_columns(forces=np.concatenate(forces))
    return structures


def to_plain(structures: StructureSet) -> list[dict[str, Any]]:
    """Return one dictionary of plain JSON values a structure; numbers that are not finite become None."""
    return [
        {
            "cell": structures.cells[row].tolist(),
            "pbc": structures.pbc[row].tolist(),
            "numbers": structures.numbers[structures.atoms_of(row)].tolist(),
            "positions": structures.positions[structures.atoms_of(row)].tolist(),
            **{name: _plain(column[row]) for name, column in structures.columns.items()},
            **{name: _plain(column[structures.atoms_of(row)]) for name, column in structures.atom_columns.items()},
        }
        for row in range(len(structures))
    ]


def _annotated(structures: StructureSet, row: int) -> Atoms:
    """Return one structure with its columns where ASE keeps such things; ASE cannot read back an empty text."""
    from ase.calculators.singlepoint import SinglePointCalculator

    atoms = structures.to_ase(row)
    own = structures.atoms_of(row)
    values = {name: _line(column[row]) for name, column in structures.columns.items() if _is_finite(column[row])}
    arrays = {name: column[own] for name, column in structures.atom_columns.items() if _is_finite(column[own])}
    results: dict[str, Any] = {name: values.pop(name) for name in ("energy", "stress") if name in values}
    results |= {name: arrays.pop(name) for name in ("forces", "energies") if name in arrays}
    atoms.info = {name: value for name, value in values.items() if not isinstance(value, str) or value}
    for name, array in arrays.items():
        atoms.set_array(name, array)
    atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


def _line(value: Any) -> Any:
    """Return a value of a column as it fits into the one comment line of a frame: no numpy scalar, no line break."""
    if value.ndim:
        return value
    return " ".join(value.item().split()) if value.dtype.kind == "U" else value.item()


def _is_finite(value: Array) -> bool:
    return value.dtype.kind != "f" or bool(np.all(np.isfinite(value)))


def _plain(value: Array) -> Any:
    """Return plain numbers and texts, None in the place of a number that is not finite."""
    if _is_finite(value):
        return value.tolist()
    plain = np.array(value, dtype=object)
    plain[~np.isfinite(value)] = None
    return plain.tolist()
