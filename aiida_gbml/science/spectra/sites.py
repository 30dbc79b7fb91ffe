"""Which atoms of a structure have spectra of their own: inequivalent sites, their number and their symmetry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.spectra.point_group import molecule_operations, orthogonal, schoenflies

if TYPE_CHECKING:
    from ase import Atoms
    from spglib import SpglibDataset

_CLOSEST = 0.5  # Å; no two nuclei are nearer, H2 has 0.74
_SMALLEST_CELL = 1e-3  # Å³, of the periodic vectors (and unit vectors in the other directions)
_VACUUM = 15.0  # Å, beside what is not periodic


class SiteError(ValueError):
    """The structure has no such site, or cannot be calculated."""


@dataclass(frozen=True, eq=False)
class Site:
    """One atom that stands for all that symmetry makes equal to it.

    :param index: of the atom in the structure, from 0; the first of the equivalent ones.
    :param element: its chemical symbol.
    :param multiplicity: number of equivalent atoms in the structure.
    :param equivalent: indices of all of them.
    :param symmetry: Schoenflies name of the point group of the site.
    :param rotations: (k, 3, 3) Cartesian rotations of that group; D4h stands for a line, Oh for a single atom.
    """

    index: int
    element: str
    multiplicity: int
    equivalent: tuple[int, ...]
    symmetry: str
    rotations: Array


def inequivalent_sites(
    atoms: Atoms, element: str, kinds: Sequence[str] | None = None, symprec: float = 1e-3
) -> tuple[Site, ...]:
    """Return the sites of an element that symmetry does not make equal, in the order of the structure.

    >>> from ase.build import molecule
    >>> [(site.index, site.multiplicity, site.symmetry) for site in inequivalent_sites(molecule("CH4"), "H")]
    [(1, 4, 'C3v')]

    Crystals and slabs have the symmetry of their space group, found by spglib; molecules that of their point group.

    :param kinds: (N,) names of the atoms' kinds; atoms of different kinds are never equivalent.
    :param symprec: in Å, up to which positions are equal.
    :raises SiteError: for an element that is not there and a structure whose symmetry cannot be found.
    """
    check_structure(atoms, element)
    labels = list(zip(atoms.get_chemical_symbols(), kinds or atoms.get_chemical_symbols(), strict=True))
    types = np.array([sorted(set(labels)).index(label) for label in labels])
    find = _periodic if np.any(atoms.pbc) else _molecular
    chosen = np.flatnonzero(atoms.symbols == element)
    orbits, groups = find(atoms, types, symprec, chosen)
    return tuple(
        Site(
            index=int(index),
            element=element,
            multiplicity=int(np.sum(orbits == orbits[index])),
            equivalent=tuple(int(other) for other in np.flatnonzero(orbits == orbits[index])),
            symmetry=_name(atoms, rotations),
            rotations=rotations,
        )
        for index, rotations in groups
    )


def check_structure(atoms: Atoms, element: str | None = None, site: int | None = None) -> None:
    """Refuse a structure that no program can calculate, and an element or a site that it does not have.

    :param site: index of an atom, from 0.
    :raises SiteError: naming what is wrong.
    """
    from ase.neighborlist import neighbor_list

    if not len(atoms):
        raise SiteError("the structure has no atoms")
    periodic = np.where(atoms.pbc[:, None], atoms.cell.array, np.eye(3))
    if not (np.isfinite(atoms.positions).all() and np.isfinite(periodic).all()):
        raise SiteError(f"the structure {atoms.symbols} has positions or cell vectors that are not finite numbers")
    if np.any(atoms.pbc) and np.linalg.matrix_rank(atoms.cell.array[atoms.pbc], tol=_SMALLEST_CELL) < atoms.pbc.sum():
        raise SiteError(f"the periodic cell vectors of {atoms.symbols} are not independent: {atoms.cell.tolist()} Å")
    if _is_partial(atoms):
        raise SiteError(f"{atoms.symbols} has partial occupancies; choose one atom for each site, e.g. in a supercell")
    present = Counter(atoms.get_chemical_symbols())
    if element is not None and element not in present:
        raise SiteError(
            f"the structure {atoms.symbols} has no {element}; its elements are {', '.join(sorted(present))}"
        )
    if site is not None and not 0 <= site < len(atoms):
        raise SiteError(
            f"site {site} is outside the structure: its {len(atoms)} atoms have the indices 0 to {len(atoms) - 1}"
        )
    first, second, distances = neighbor_list("ijd", atoms, _CLOSEST)
    if len(first):
        raise SiteError(
            f"atoms {first[0]} ({atoms.symbols[first[0]]}) and {second[0]} ({atoms.symbols[second[0]]}) of "
            f"{atoms.symbols} overlap, they are {distances[0]:.2f} Å apart"
        )


def _is_partial(atoms: Atoms) -> bool:
    """Return whether the reader of a file has noted sites that are not fully occupied by one element."""
    occupancy = atoms.info.get("occupancy") or {}
    return any(len(shares) != 1 or min(shares.values()) < 1 for shares in occupancy.values())


def _name(atoms: Atoms, rotations: Array) -> str:
    """Return the name of a site's group, with the infinite ones of lines and points."""
    if np.any(atoms.pbc):
        return schoenflies(rotations)
    if len(atoms) == 1:
        return "Kh"
    vectors = atoms.positions - atoms.positions[0]
    is_line = np.linalg.matrix_rank(vectors, tol=1e-2) == 1
    return ("D∞h" if len(rotations) == 16 else "C∞v") if is_line else schoenflies(rotations)


def _molecular(atoms: Atoms, types: Array, symprec: float, chosen: Array) -> tuple[Array, list[tuple[int, Array]]]:
    """Return the (N,) orbit of each atom of a molecule, and the first chosen atom of each orbit with its rotations."""
    rotations, images = molecule_operations(atoms.positions, types, symprec)
    orbits = images.min(axis=0)
    firsts = [index for index in chosen if orbits[index] == index]
    return orbits, [(index, rotations[images[:, index] == index]) for index in firsts]


def _periodic(atoms: Atoms, types: Array, symprec: float, chosen: Array) -> tuple[Array, list[tuple[int, Array]]]:
    """Return the same as :func:`_molecular` for what is periodic.

    The rotations are those of the primitive cell: a supercell given by the user has no say in them.
    """
    lattice = _lattice(atoms)
    dataset = _symmetry(lattice, atoms.positions, types, symprec, atoms)
    orbits = np.array(dataset.crystallographic_orbits)
    primitive = np.array(dataset.primitive_lattice)
    members = np.unique(dataset.mapping_to_primitive, return_index=True)[1]
    own = _symmetry(primitive, atoms.positions[members], types[members], symprec, atoms)
    frame = primitive.T
    cartesian = orthogonal(frame @ own.rotations @ np.linalg.inv(frame))

    def groups() -> Iterator[tuple[int, Array]]:
        for orbit in dict.fromkeys(orbits[chosen].tolist()):
            index = int(np.flatnonzero(orbits == orbit)[0])
            place = np.linalg.solve(frame, atoms.positions[index])
            moved = own.rotations @ place + own.translations - place
            misses = np.linalg.norm((moved - np.round(moved)) @ primitive, axis=1)
            yield index, cartesian[misses < 5 * symprec]

    return orbits, list(groups())


def _lattice(atoms: Atoms) -> Array:
    """Return the (3, 3) cell of a structure; along axes that are not periodic, the structure in vacuum."""
    cell = atoms.cell.array.copy()
    free = np.flatnonzero(~atoms.pbc)
    if len(free):
        normals = np.linalg.svd(cell[atoms.pbc])[2][atoms.pbc.sum() :]
        spans = np.ptp(atoms.positions @ normals.T, axis=0)
        cell[free] = (spans.max() + _VACUUM) * normals
    return np.asarray(cell)


def _symmetry(lattice: Array, positions: Array, types: Array, symprec: float, atoms: Atoms) -> SpglibDataset:
    """Return spglib's dataset of a cell."""
    import spglib

    cell = (lattice, positions @ np.linalg.inv(lattice), types)
    try:
        dataset = spglib.get_symmetry_dataset(cell, symprec=symprec)
    except spglib.SpglibError:
        dataset = None
    if dataset is None:
        raise SiteError(f"the symmetry of {atoms.symbols} cannot be found with a tolerance of {symprec} Å")
    return dataset
