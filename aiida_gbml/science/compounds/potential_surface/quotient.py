r"""The lowest bottleneck from one point an orbit alone: percolation on the quotient of the crystal by its space group.

A search asks for the bottleneck of very many drawn surfaces, all of which have the symmetry of the host. Nodes are the
orbits. An edge carries the operation g that takes the representative of its end to where the neighbour really is. Along
a spanning tree (see :mod:`percolation`) every orbit gets a place in the crystal; an edge outside of the tree, or an
operation that leaves a representative where it is, then gives an operation h that maps the piece onto itself.

The piece below E is endless where the group that these h generate is infinite, and a discrete group of isometries is
finite if and only if some point is fixed by all of it. So the bottleneck is the lowest edge whose h leaves no common
fixed point. All of it is exact: operations act on whole numbers of grid steps.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.potential_surface.grid import SiteGrid
from aiida_gbml.science.compounds.potential_surface.percolation import neighbour_steps

_SAME = 1e-6
_DIMENSIONS = 3


class QuotientGraph:
    """The neighbours of every orbit of a grid, with the operations that lead to them.

    :param grid: the points.
    """

    def __init__(self, grid: SiteGrid) -> None:
        self.grid = grid
        self._places = np.stack(np.unravel_index(grid.points, tuple(grid.divisions)), axis=-1)

    def bottleneck(self, energies: Array, guess: float | None = None) -> tuple[float, int] | None:
        """Return the level and the row of the highest point on the lowest path from the lowest point to an image.

        None when there is no path at all.

        :param energies: (n,) energies of the orbits, infinite where the atom cannot be.
        :param guess: energy below which the path is looked for first, which saves time and changes nothing else.
        """
        start = int(np.argmin(energies))
        for cut in (float(np.median(energies)) if guess is None else guess, np.inf):
            if cut >= energies[start]:
                found = self._bottleneck_below(energies, start, cut)
                if found is not None:
                    return found
        return None

    @cached_property
    def _edges(self) -> tuple[Array, Array, Array, Array]:
        """(e,) first and second rows of all edges, and the (e, 3, 3), (e, 3) operations that they carry.

        Operations that leave a representative where it is are edges from a row to itself.
        """
        matrices, shifts = self.grid.operations
        divisions, places = self.grid.divisions, self._places
        shape = tuple(divisions)
        taking = np.full(len(self.grid.orbits), -1)
        own, fixing = [], []
        for number, (matrix, shift) in enumerate(zip(matrices, shifts, strict=True)):
            images = places @ matrix.T + shift
            taking[np.ravel_multi_index(tuple(images.T), shape, mode="wrap")] = number
            rows = np.flatnonzero(np.all((images - places) % divisions == 0, axis=1))
            own.append(rows)
            fixing.append(np.full(len(rows), number))
        half = neighbour_steps(self.grid.steps)
        neighbours = (places[:, None] + np.concatenate([half, -half])[None]).reshape(-1, _DIMENSIONS)
        first = np.repeat(np.arange(len(places)), 2 * len(half))
        flat = np.ravel_multi_index(tuple(neighbours.T), shape, mode="wrap")
        second = self.grid.orbits[flat]
        kept = second >= first  # the way back is the inverse, up to operations that fix the representative
        rows = np.concatenate(own)
        first, second = np.concatenate([first[kept], rows]), np.concatenate([second[kept], rows])
        carried = matrices[np.concatenate([taking[flat[kept]], *fixing])]
        ends = np.concatenate([neighbours[kept], places[rows]])
        return first, second, carried, ends - np.einsum("eij,ej->ei", carried, places[second])

    @cached_property
    def _pairs(self) -> Array:
        """(p,) one edge for each pair of rows that are neighbours, by increasing lower and then higher row."""
        keys = self._edges[0] * len(self.grid) + self._edges[1]
        numbers = np.flatnonzero(self._edges[0] != self._edges[1])
        return numbers[np.unique(keys[numbers], return_index=True)[1]]

    @cached_property
    def _ways(self) -> tuple[Array, Array]:
        """(2e, 3, 3) and (2e, 3) operations that lead along the e edges, and then those that lead back."""
        _, _, matrices, shifts = self._edges
        back = np.rint(np.linalg.inv(matrices)).astype(np.int64)
        return np.concatenate([matrices, back]), np.concatenate([shifts, -np.einsum("eij,ej->ei", back, shifts)])

    def _joints(self, first: Array, second: Array) -> Array:
        """Return the (k,) edges of :attr:`_pairs` between (k,) pairs of neighbouring rows."""
        count = len(self.grid)
        keys = self._edges[0][self._pairs] * count + self._edges[1][self._pairs]
        found: Array = self._pairs[np.searchsorted(keys, np.minimum(first, second) * count + np.maximum(first, second))]
        return found

    def _bottleneck_below(self, energies: Array, start: int, cut: float) -> tuple[float, int] | None:
        """Return the level and the row of the bottleneck among the points below an energy, if there is one."""
        below = (energies <= cut) & np.isfinite(energies)
        first, second, matrices, shifts = self._edges
        order, parents, joins = self._tree(energies, start, below)
        inside = np.zeros(len(energies), dtype=bool)
        inside[order] = True
        turns, moves, tops = self._walk(energies, order, parents, joins)
        edges = np.flatnonzero(inside[first] & inside[second])
        one, other = first[edges], second[edges]
        highest = np.where(energies[tops[one]] >= energies[tops[other]], tops[one], tops[other])
        rising = np.argsort(energies[highest], kind="stable")
        edges, one, other, highest = edges[rising], one[rising], other[rising], highest[rising]
        # h = t_first g t_second^-1
        inverse = np.rint(np.linalg.inv(turns)).astype(np.int64)
        turned = turns[one] @ matrices[edges] @ inverse[other]
        moved = np.einsum("eij,ej->ei", turns[one], shifts[edges]) + moves[one]
        moved -= np.einsum("eij,ej->ei", turned, moves[other])
        found = _first_without_fixed_point(turned, moved)
        return None if found is None else (float(energies[highest[found]]), int(highest[found]))

    def _tree(self, energies: Array, start: int, below: Array) -> tuple[Array, Array, Array]:
        """Return rows from the start outwards, their (n,) parents in a minimum spanning tree, and the (n,) edges there.

        Edges are numbers of :attr:`_ways`.
        """
        first, second = self._edges[:2]
        pairs = self._pairs[below[first[self._pairs]] & below[second[self._pairs]]]
        count = len(energies)
        ends = (first[pairs], second[pairs])
        # The tree wants positive weights, and leaves out what weighs nothing.
        weights = np.maximum(energies[ends[0]], energies[ends[1]]) - energies[start] + 1.0
        graph = coo_array((weights, ends), shape=(count, count)).tocsr()
        order, parents = breadth_first_order(minimum_spanning_tree(graph), start, directed=False)
        later = order[1:]
        joints = self._joints(parents[later], later)
        joins = np.zeros(count, dtype=np.int64)
        joins[later] = np.where(first[joints] == parents[later], joints, joints + len(first))
        return order, parents, joins

    def _walk(self, energies: Array, order: Array, parents: Array, joins: Array) -> tuple[Array, Array, Array]:
        """Return the operations (n, 3, 3), (n, 3) that take each row to its place, and the highest row on the way."""
        matrices, shifts = self._ways
        count = len(energies)
        turns = np.tile(np.eye(_DIMENSIONS, dtype=np.int64), (count, 1, 1))
        moves, tops = np.zeros((count, _DIMENSIONS), dtype=np.int64), np.arange(count)
        for wave in _waves(order, parents):
            before = parents[wave]
            turns[wave] = turns[before] @ matrices[joins[wave]]
            moves[wave] = np.einsum("eij,ej->ei", turns[before], shifts[joins[wave]]) + moves[before]
            tops[wave] = np.where(energies[wave] >= energies[tops[before]], wave, tops[before])
        return turns, moves, tops


def _waves(order: Array, parents: Array) -> list[Array]:
    """Return the nodes of a tree but its root by their distance from it."""
    depth = {int(order[0]): 0}
    waves: list[list[int]] = []
    for node, parent in zip(order[1:].tolist(), parents[order[1:]].tolist(), strict=True):
        depth[node] = depth[parent] + 1
        if depth[node] > len(waves):
            waves.append([])
        waves[-1].append(node)
    return [np.array(wave) for wave in waves]


def _first_without_fixed_point(matrices: Array, shifts: Array) -> int | None:
    """Return the first of (e, 3, 3), (e, 3) operations with which those before it have no common fixed point."""
    point, basis = np.zeros(_DIMENSIONS), np.eye(_DIMENSIONS)
    change = matrices - np.eye(_DIMENSIONS)
    while True:
        missed = np.abs(change @ point + shifts).max(axis=1) > _SAME
        turned = np.abs(change @ basis).max(axis=(1, 2)) > _SAME if basis.shape[1] else np.zeros(len(change), bool)
        moving = np.flatnonzero(missed | turned)
        if not len(moving):
            return None
        first = int(moving[0])
        system, wanted = change[first] @ basis, -(change[first] @ point + shifts[first])
        step = np.linalg.lstsq(system, wanted, rcond=None)[0] if basis.shape[1] else np.zeros(0)
        if np.abs(system @ step - wanted).max() > _SAME:
            return first
        point = point + basis @ step
        _, values, vectors = np.linalg.svd(system)
        rank = int(np.sum(values > _SAME))
        basis = basis @ vectors[rank:].T
