"""Cells in which absorbing atoms have kinds of their own, so that they can get a dataset with a core hole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from aiida import orm
from aiida.orm.nodes.data.structure import Kind, Site

if TYPE_CHECKING:
    from ase import Atoms

_ORIGIN = "origin"
_SAME_PLACE = 1e-3  # Å


def atoms_with_origin(structure: orm.StructureData) -> Atoms:
    """Return the atoms of a structure, each with its index as the array ``origin``, which repetitions carry along."""
    atoms = structure.get_ase()
    atoms.set_array(_ORIGIN, np.arange(len(atoms)))
    return atoms


def mark_absorbers(structure: orm.StructureData, atoms: Atoms, absorbers: Sequence[int]) -> orm.StructureData:
    """Return the atoms of a cell made of a structure, with a kind of its own for each absorbing atom.

    All other atoms keep the kinds of the structure, and the new ones are copies of those: names of kinds carry meaning.

    :param structure: the structure of the user.
    :param atoms: the cell, made of `atoms_with_origin` of the structure.
    :param absorbers: indices of absorbing atoms in the cell.
    """
    from aiida_gbml.science.spectra.supercell import absorber_kind

    names = [structure.sites[origin].kind_name for origin in atoms.arrays[_ORIGIN]]
    kinds = {kind.name: kind for kind in structure.kinds}
    for index in absorbers:
        kind = kinds[names[index]]
        names[index] = absorber_kind([*kinds], kind.symbol)
        kinds[names[index]] = Kind(name=names[index], symbols=kind.symbol, mass=kind.mass)
    marked = orm.StructureData(cell=atoms.cell.array.tolist(), pbc=atoms.pbc.tolist())
    for name in sorted({*names}):
        marked.append_kind(kinds[name])
    for name, position in zip(names, atoms.positions.tolist(), strict=True):
        marked.append_site(Site(kind_name=name, position=position))
    return marked


def kind_origins(structure: orm.StructureData, atoms: Atoms, marked: orm.StructureData) -> dict[str, str]:
    """Return for each kind of a marked cell the kind of the structure from which it came.

    :param structure: the structure of the user.
    :param atoms: the cell, made of `atoms_with_origin` of the structure.
    :param marked: the same cell with absorbing atoms marked.
    """
    origins = atoms.arrays[_ORIGIN]
    return {
        site.kind_name: structure.sites[origin].kind_name for site, origin in zip(marked.sites, origins, strict=True)
    }


def marked_kind(atoms: Atoms, marked: orm.StructureData, absorber: int) -> str:
    """Return the kind of the absorbing atom of a marked cell.

    :param atoms: the cell that is expected.
    :param marked: the cell that is given.
    :param absorber: index of the absorbing atom.
    :raises ValueError: when the cells differ, or the kind is not that of this atom alone.
    """
    given = marked.get_ase()
    if len(given) != len(atoms) or (given.numbers != atoms.numbers).any():
        raise ValueError(f"the cell of the ground state ({given.symbols}) is not the one of the site ({atoms.symbols})")
    if max(np.ptp([given.cell, atoms.cell], axis=0).max(), abs(given.positions - atoms.positions).max()) > _SAME_PLACE:
        raise ValueError("the cell of the ground state is another than that of the site, or its atoms are elsewhere")
    names = [site.kind_name for site in marked.sites]
    if names.count(names[absorber]) > 1:
        raise ValueError(
            f"atom {absorber} of the ground state shares the kind '{names[absorber]}' with others: mark it first"
        )
    name: str = names[absorber]
    return name
