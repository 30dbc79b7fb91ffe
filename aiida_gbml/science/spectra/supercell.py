"""The cell around one absorbing atom: the smallest supercell with distant images, or the box of a molecule.

The distance between the core holes is the parameter that converges a spectrum; how many atoms it takes is the price.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.spectra.sites import check_structure

if TYPE_CHECKING:
    from ase import Atoms

_ROUNDING = 1e-6  # Å; distances as long as asked for count as long enough
_MOST_CELLS = 120  # of the structure in a supercell that is searched for exhaustively
_MOST_ATOMS = 10_000
_MOST_ABSORBERS = 9  # one digit: names of kinds have three characters

# Largest length of the shortest vector of a lattice of unit volume, to the power of its dimension (Hermite's constant,
# reached by the square of the triangular lattice in two and by fcc in three dimensions)
_HERMITE = {1: 1.0, 2: 2 / 3**0.5, 3: 2**0.5}


class SupercellError(ValueError):
    """There is no such cell."""


@dataclass(frozen=True, eq=False)
class Supercell:
    """A structure repeated around its absorbing atom.

    :param atoms: the first of them are those of the structure, in its order and in its places but for a common shift.
    :param matrix: (3, 3) integer; its rows tell the vectors of the supercell in those of the structure.
    :param absorber: index of the absorbing atom.
    :param distance: in Å, from the absorber to its nearest periodic image.
    """

    atoms: Atoms
    matrix: Array
    absorber: int
    distance: float


def site_supercell(
    atoms: Atoms, site: int, min_distance: float = 9.0, matrix: Sequence[Sequence[int]] | None = None
) -> Supercell:
    """Return the smallest supercell whose periodic images are far enough from each other.

    Among the smallest the one with the most distant images is taken, then the one with the shortest edges. It is the
    same for every site of a structure, and repeats along periodic axes only.

    >>> from ase.build import bulk
    >>> len(site_supercell(bulk("MgO", "rocksalt", a=4.212), 0, 5.9).atoms)
    16

    :param site: index of the absorbing atom in the structure, from 0.
    :param min_distance: in Å.
    :param matrix: rows of integers that tell the supercell instead.
    :raises SupercellError: for a distance that is no length or too long, and a matrix that tells no supercell.
    :raises SiteError: for a structure that is none or without this site.
    """
    check_structure(atoms, site=site)
    if not np.any(atoms.pbc):
        raise SupercellError(f"the molecule {atoms.symbols} is not periodic, it needs a box and no supercell")
    if matrix is not None:
        chosen = _given(matrix, atoms)
    else:
        if not (np.isfinite(min_distance) and min_distance > 0):
            raise SupercellError(f"the distance between images must be a positive length, got {min_distance} Å")
        fewest = len(atoms) * _fewest_cells(atoms.cell.array[atoms.pbc], min_distance)
        if fewest > _MOST_ATOMS:
            raise SupercellError(
                f"images of {atoms.symbols} that are {min_distance:g} Å apart take more than {_MOST_ATOMS} atoms; "
                "ask for a shorter distance"
            )
        chosen = np.eye(3, dtype=int)
        chosen[np.ix_(atoms.pbc, atoms.pbc)] = smallest_matrix(atoms.cell.array[atoms.pbc], min_distance)
    reduced = _reduced(chosen @ atoms.cell.array, atoms.pbc)[0]
    distance = np.linalg.norm(reduced[atoms.pbc], axis=1).min()
    return Supercell(_repeated(atoms, chosen), chosen, site, float(distance))


def molecule_box(atoms: Atoms, site: int, min_box: float = 8.0) -> Supercell:
    """Return a molecule in the middle of a cubic box, at least twice as wide as the molecule is long.

    Twice the extent is what the Coulomb cut-off of Martyna & Tuckerman, J. Chem. Phys. 110, 2810 (1999), needs.

    :param min_box: shortest edge in Å.
    :raises SupercellError: for a periodic structure and an edge that is no length.
    :raises SiteError: for a structure that is none or without this site.
    """
    from scipy.spatial.distance import pdist

    check_structure(atoms, site=site)
    if np.any(atoms.pbc):
        raise SupercellError(f"{atoms.symbols} is periodic, it needs a supercell and no box")
    if not (np.isfinite(min_box) and min_box > 0):
        raise SupercellError(f"the edge of a box must be a positive length, got {min_box} Å")
    edge = max(min_box, 2 * float(pdist(atoms.positions).max(initial=0.0)))
    boxed = atoms.copy()
    boxed.cell = edge * np.eye(3)
    boxed.positions += edge / 2 - (atoms.positions.min(axis=0) + atoms.positions.max(axis=0)) / 2
    return Supercell(boxed, np.eye(3, dtype=int), site, edge)


def absorber_kind(kinds: Sequence[str], element: str) -> str:
    """Return the name of a kind for an absorbing atom, which no other atom has: ``'O1'``, or the next number.

    :raises SupercellError: when all are taken.
    """
    free = [f"{element}{number}" for number in range(1, _MOST_ABSORBERS + 1)]
    free = [name for name in free if name not in set(kinds)]
    if not free:
        raise SupercellError(
            f"all names {element}1 to {element}{_MOST_ABSORBERS} of kinds are taken; rename some of them"
        )
    return free[0]


def kpoint_mesh(cell: Array, distance: float, pbc: Sequence[bool] = (True, True, True)) -> tuple[int, int, int]:
    """Return the number of k-points along each reciprocal vector, one where nothing is periodic.

    :param cell: (3, 3) in Å.
    :param distance: largest distance between neighbouring points in 1/Å, 2π included.
    :raises SupercellError: for a distance that is not positive.
    """
    if not (np.isfinite(distance) and distance > 0):
        raise SupercellError(f"the distance between k-points must be positive, got {distance} 1/Å")
    lengths = 2 * np.pi * np.linalg.norm(np.linalg.pinv(np.asarray(cell, dtype=float)).T, axis=1)
    counts = [
        max(1, ceil(round(x / distance, 5))) if is_periodic else 1 for x, is_periodic in zip(lengths, pbc, strict=True)
    ]
    return counts[0], counts[1], counts[2]


def smallest_matrix(vectors: Array, min_distance: float) -> Array:
    """Return the integer (p, p) matrix of the smallest sublattice without a vector shorter than ``min_distance``.

    All sublattices of an index, told by their Hermite normal forms, are sieved by the short vectors of the lattice,
    from the first index that Hermite's bound admits. Where that would take more than 120 cells, the distance is halved
    and the result doubled, which is the smallest sublattice no more, but nearly.

    :param vectors: (p, 3) of the lattice in Å, p <= 3.
    """
    reduced, transformation = _reduced_vectors(vectors)
    if _fewest_cells(reduced, min_distance) > _MOST_CELLS:
        return 2 * smallest_matrix(vectors, min_distance / 2)
    short = _vectors_within(reduced, min_distance - _ROUNDING)
    index = _fewest_cells(reduced, min_distance)
    while not (forms := list(_sieved(index, len(vectors), short))):
        index += 1
    best = _most_isotropic(np.array(forms), reduced)
    matrix: Array = best @ transformation
    if np.linalg.det(matrix) < 0:
        matrix[0] *= -1
    return matrix


def _fewest_cells(vectors: Array, min_distance: float) -> int:
    """Return the lowest index that a sublattice with such a distance can have, by Hermite's bound."""
    volume = np.sqrt(np.linalg.det(vectors @ vectors.T))
    densest = (min_distance - _ROUNDING) ** len(vectors) / _HERMITE[len(vectors)]
    return max(1, ceil(float(densest / volume) - _ROUNDING))


def _vectors_within(vectors: Array, length: float) -> Array:
    """Return the (k, 3) integer coordinates of the lattice vectors shorter than a length, one of each pair ±v.

    They are sorted by their length; coordinates beyond the dimension of the lattice are zero.
    """
    reach = np.floor(length * np.linalg.norm(np.linalg.pinv(vectors), axis=0) + _ROUNDING).astype(int)
    grid = np.stack(np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij"), axis=-1).reshape(
        -1, len(vectors)
    )
    grid = grid[len(grid) // 2 + 1 :]  # what follows the null vector; what precedes it are the opposites
    lengths = np.linalg.norm(grid @ vectors, axis=1)
    inside = np.argsort(lengths, kind="stable")[: np.sum(lengths < length)]
    padded: Array = np.pad(grid[inside], ((0, 0), (0, 3 - len(vectors))))
    return padded


def _sieved(index: int, dimension: int, short: Array) -> Iterator[Array]:
    """Yield the Hermite normal forms of an index whose lattices hold none of the vectors.

    A form has the rows (a 0 0), (b c 0), (d e f). It holds v when v = x (form) has integers x, from the last on.

    :param short: (k, 3) integers.
    """
    for a, c, f in _factors(index, dimension):
        last = short[short[:, 2] % f == 0]
        for e in range(c if dimension == 3 else 1):
            rest = last[:, 1] - last[:, 2] // f * e
            held = last[rest % c == 0]
            x, y = held[:, 2] // f, rest[rest % c == 0] // c
            b, d = (np.arange(a if dimension > least else 1) for least in (1, 2))
            free = np.ones((len(b), len(d)), dtype=bool)
            for first, second, third in zip(held[:, 0], y, x, strict=True):
                free &= ((first - second * b) % a)[:, None] != third * d % a
                if not free.any():
                    break
            for i, j in np.argwhere(free):
                yield np.array([[a, 0, 0], [i, c, 0], [j, e, f]])[:dimension, :dimension]


def _factors(index: int, dimension: int) -> Iterator[tuple[int, int, int]]:
    """Yield the diagonals of the Hermite normal forms of an index."""
    divisors = [n for n in range(1, index + 1) if index % n == 0]
    for a, c in product(divisors, divisors if dimension > 1 else (1,)):
        if index % (a * c) == 0 and (dimension == 3 or a * c == index):
            yield a, c, index // (a * c)


def _most_isotropic(forms: Array, vectors: Array) -> Array:
    """Return, reduced, the sublattice with the longest shortest vector, then with the shortest edges."""
    index = round(abs(np.linalg.det(forms[0])))
    volume = index * np.sqrt(np.linalg.det(vectors @ vectors.T))
    longest = (_HERMITE[len(vectors)] * volume) ** (1 / len(vectors))
    candidates = _vectors_within(vectors, longest + _ROUNDING)[:, : len(vectors)]
    lengths = np.linalg.norm(candidates @ vectors, axis=1)
    cofactors = np.round(np.linalg.inv(forms) * index).astype(int)
    shortest = np.array([lengths[np.argmax(~np.any(candidates @ one % index, axis=1))] for one in cofactors])
    ties = forms[shortest > shortest.max() - _ROUNDING]
    reduced = [_reduced_vectors(form @ vectors)[1] @ form for form in ties]
    edges = [round(float(np.sum((matrix @ vectors) ** 2)), 6) for matrix in reduced]
    shortest_edges: Array = reduced[edges.index(min(edges))]
    return shortest_edges


def _reduced(cell: Array, pbc: Array) -> tuple[Array, Array]:
    """Return the Minkowski-reduced cell and the integer matrix that makes it."""
    from ase.geometry.minkowski_reduction import minkowski_reduce

    reduced, transformation = minkowski_reduce(cell, pbc)
    return np.asarray(reduced), np.asarray(transformation)


def _reduced_vectors(vectors: Array) -> tuple[Array, Array]:
    """Return the reduced basis of a lattice of p <= 3 vectors and the (p, p) integer matrix that makes it."""
    size = len(vectors)
    cell = np.vstack([vectors, np.linalg.svd(vectors)[2][size:]])
    reduced, transformation = _reduced(cell, np.arange(3) < size)
    return reduced[:size], transformation[:size, :size]


def _given(matrix: Sequence[Sequence[int]], atoms: Atoms) -> Array:
    """Return a checked matrix of the user."""
    wanted = f"the matrix of a supercell is three rows of three integers with a positive determinant, got {matrix}"
    try:
        given = np.array(matrix, dtype=float)
    except (TypeError, ValueError):
        raise SupercellError(wanted) from None
    if given.shape != (3, 3) or not np.isfinite(given).all() or np.any(given != np.round(given)):
        raise SupercellError(wanted)
    cells = round(float(np.linalg.det(given)))
    if cells < 1:
        raise SupercellError(wanted)
    if cells * len(atoms) > _MOST_ATOMS:
        raise SupercellError(f"the supercell {matrix} of {atoms.symbols} has more than {_MOST_ATOMS} atoms")
    free = ~atoms.pbc
    if np.any(given[free] != np.eye(3)[free]) or np.any(given[:, free] != np.eye(3)[:, free]):
        raise SupercellError(f"the supercell {matrix} repeats {atoms.symbols} along an axis that is not periodic")
    return given.astype(int)


def _repeated(atoms: Atoms, matrix: Array) -> Atoms:
    """Return the atoms of a supercell, cell by cell, those of the structure itself first."""
    from ase.build.supercells import lattice_points_in_supercell

    fractions = np.round(lattice_points_in_supercell(matrix), 9)
    points = np.round(fractions[np.lexsort(fractions.T[::-1])] @ matrix)
    repeated = atoms[np.tile(np.arange(len(atoms)), len(points))]
    repeated.set_constraint()
    repeated.positions = (atoms.positions + (points @ atoms.cell.array)[:, None]).reshape(-1, 3)
    repeated.cell = matrix @ atoms.cell.array
    return repeated
