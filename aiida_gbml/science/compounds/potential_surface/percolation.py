r"""The lowest path of a mobile atom through a crystal: exact on a grid, by percolation.

An atom that can reach energies up to E visits the grid points below E that are connected to where it is. It travels
once these contain a closed path around the periodic cell, one with a winding :math:`w \ne 0`: it then comes to the
image of its site, w lattice vectors away. The lowest such E is the bottleneck, without a guess of the path.

All paths of lowest highest point run in a minimum spanning tree of the grid, whose edges weigh as much as their higher
end (Kruskal's tree spans, below any E, each connected piece). Every edge outside of the tree closes one cycle with it;
the windings of these cycles generate all windings. The bottleneck is therefore the lowest such edge with a winding.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from ase.geometry import minkowski_reduce
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.potential_surface.grid import GridError

_SHARES = (0.1, 0.25, 0.5, 1.0)  # of the points, lowest first, among which a path is looked for
_REACH = 2
_SAME = 1e-6


def neighbour_steps(steps: Array) -> Array:
    """Return the (k, 3) whole numbers of steps to the neighbours of a grid point, one of each pair v and -v.

    Neighbours are the points whose Voronoi cells touch, in a face, an edge or a corner: the shortest vectors of each
    class of the lattice of steps modulo twice itself. They have the symmetry of the lattice, which neighbours along
    the cell vectors alone have not.

    :param steps: (3, 3) rows are the steps along the cell vectors, Å.
    """
    # Of a skewed cell the nearest points are many steps away; not so along the shortest vectors of its lattice.
    _, whole = minkowski_reduce(steps)
    vectors = np.array(list(product(range(-_REACH, _REACH + 1), repeat=3)))
    classes = vectors % 2
    vectors @= whole
    lengths = np.linalg.norm(vectors @ steps, axis=1)
    found = []
    for parity in product((0, 1), repeat=3):
        own = np.flatnonzero(np.all(classes == parity, axis=1))
        if any(parity):
            found.extend(vectors[own[lengths[own] < lengths[own].min() * (1 + _SAME)]].tolist())
    return np.array(sorted(tuple(one) for one in found if tuple(one) > (0, 0, 0)))


@dataclass(frozen=True)
class Bottleneck:
    """A path of lowest highest point from a grid point to one of its images.

    :param level: energy of the highest point, in the unit of the energies.
    :param point: the highest point.
    :param path: (k,) grid points from the start to its image, both included.
    :param winding: (3,) cell vectors between start and image.
    """

    level: float
    point: int
    path: Array
    winding: Array


@dataclass(frozen=True)
class _Loops:
    """The spanning tree of the points that are connected to a start, and the edges that close loops around the cell.

    :param nodes: (m,) grid points, ascending.
    :param parents: (m,) the parent of each in the tree, -1 for the start.
    :param tops: (m,) the highest point on the way from the start, as a number among the nodes.
    :param edges: (l, 2) edges with a winding, by increasing highest point of their loop, as numbers among the nodes.
    :param levels: (l,) the highest energies on their loops.
    :param windings: (l, 3) their windings.
    """

    nodes: Array
    parents: Array
    tops: Array
    edges: Array
    levels: Array
    windings: Array


class PeriodicGraph:
    """The neighbours of every point of a periodic grid.

    :param divisions: (3,) numbers of points along the cell vectors.
    :param steps: (3, 3) rows are the steps along them, Å.
    :raises GridError: when the grid is too coarse to tell neighbours from their images.
    """

    def __init__(self, divisions: Array, steps: Array) -> None:
        self.divisions = np.asarray(divisions, dtype=np.int64)
        self._moves = neighbour_steps(steps)
        if np.any(self.divisions <= 2 * np.abs(self._moves).max(axis=0)):
            least = (2 * np.abs(self._moves).max(axis=0) + 1).tolist()
            raise GridError(
                f"a grid of {self.divisions.tolist()} points is too coarse for paths, it needs {least}: "
                "take a smaller spacing"
            )

    @cached_property
    def _indices(self) -> Array:
        """(N, 3) integer coordinates of the points."""
        return np.stack(np.unravel_index(np.arange(np.prod(self.divisions)), tuple(self.divisions)), axis=-1)

    @cached_property
    def edges(self) -> Array:
        """(m, 2) pairs of neighbours, each once."""
        shape = tuple(self.divisions)
        own = np.arange(len(self._indices))
        pairs = [
            np.column_stack([own, np.ravel_multi_index(tuple((self._indices + move).T), shape, mode="wrap")])
            for move in self._moves
        ]
        return np.concatenate(pairs)

    def bottleneck(
        self, energies: Array, start: int | None = None, axis: int | None = None, guess: float | None = None
    ) -> Bottleneck | None:
        """Return the lowest path from a point to one of its images; none when there is no path at all.

        :param energies: (N,) energies of all points, infinite where the atom cannot be.
        :param start: a point; the lowest of all by default.
        :param axis: the path must lead along this cell vector (0, 1, 2); any by default.
        :param guess: energy below which the path is looked for first, which saves time and changes nothing else.
        """
        start = int(np.argmin(energies)) if start is None else start
        for cut in self._cuts(energies, start, guess):
            loops = self._loops(energies, start, cut)
            wanted = np.arange(len(loops.levels)) if axis is None else np.flatnonzero(loops.windings[:, axis])
            if len(wanted):
                return self._bottleneck(energies, loops, int(wanted[0]))
        return None

    def levels_of_ranks(self, energies: Array, start: int | None = None, guess: float | None = None) -> list[float]:
        """Return the energies from which on a point is connected to its images in one, two and three dimensions.

        Infinite for dimensions in which it never is. Arguments are those of :meth:`bottleneck`.
        """
        start = int(np.argmin(energies)) if start is None else start
        levels = [np.inf] * 3
        for cut in self._cuts(energies, start, guess):
            loops = self._loops(energies, start, cut)
            basis = np.zeros((0, 3))
            for level, winding in zip(loops.levels, loops.windings, strict=True):
                more = np.vstack([basis, winding])
                if np.linalg.matrix_rank(more) > len(basis):
                    levels[len(basis)], basis = float(level), more
                if len(basis) == 3:
                    return levels
        return levels

    def minima(self, energies: Array) -> Array:
        """Return the (k,) points that no neighbour lies below, by increasing energy."""
        lowest = np.full(len(energies), np.inf)
        first, second = self.edges.T
        np.minimum.at(lowest, first, energies[second])
        np.minimum.at(lowest, second, energies[first])
        found = np.flatnonzero((energies <= lowest) & np.isfinite(energies))
        ordered: Array = found[np.argsort(energies[found], kind="stable")]
        return ordered

    def _cuts(self, energies: Array, start: int, guess: float | None) -> list[float]:
        """Return rising energies below which a path is looked for; the last one leaves out nothing."""
        finite = np.sort(energies[np.isfinite(energies)])
        shares = [float(finite[min(int(share * len(finite)), len(finite) - 1)]) for share in _SHARES]
        cuts = [] if guess is None else [guess]
        return [cut for cut in [*cuts, *(one for one in shares if not cuts or one > cuts[0])] if cut >= energies[start]]

    def _loops(self, energies: Array, start: int, cut: float) -> _Loops:
        """Return the loops among the points below an energy that are connected to the start."""
        below = energies <= cut
        edges = self.edges[below[self.edges[:, 0]] & below[self.edges[:, 1]]]
        number = np.cumsum(below) - 1
        count = int(number[-1]) + 1
        pieces = connected_components(coo_array((np.ones(len(edges)), number[edges].T), shape=(count, count)), False)[1]
        own = np.flatnonzero(below)[pieces == pieces[number[start]]]
        number = np.full(len(energies), -1)
        number[own] = np.arange(len(own))
        edges = number[edges[number[edges[:, 0]] >= 0]]
        heights = energies[own]
        # The tree wants positive weights, and leaves out what weighs nothing.
        weights = heights[edges].max(axis=1) - heights.min() + 1.0
        graph = coo_array((weights, edges.T), shape=(len(own), len(own))).tocsr()
        order, parents = breadth_first_order(minimum_spanning_tree(graph), number[start], directed=False)
        offsets, tops = self._walk(own, heights, order, parents)
        windings = offsets[edges[:, 0]] + self._wraps(own[edges[:, 0]], own[edges[:, 1]]) - offsets[edges[:, 1]]
        around = np.any(windings != 0, axis=1)
        edges, windings = edges[around], windings[around]
        levels = heights[tops[edges]].max(axis=1)
        rising = np.argsort(levels, kind="stable")
        return _Loops(own, np.where(parents < 0, -1, parents), tops, edges[rising], levels[rising], windings[rising])

    def _wraps(self, first: Array, second: Array) -> Array:
        """Return the (m, 3) cells that the shortest way between (m,) neighbouring points leads to."""
        wraps: Array = np.rint((self._indices[first] - self._indices[second]) / self.divisions).astype(np.int64)
        return wraps

    def _walk(self, own: Array, heights: Array, order: Array, parents: Array) -> tuple[Array, Array]:
        """Return the (m, 3) cell in which the tree reaches each point, and the (m,) highest point on the way there."""
        wraps = self._wraps(own[np.maximum(parents, 0)], own)  # of the start it means nothing
        offsets, tops = np.zeros((len(own), 3), dtype=np.int64), np.arange(len(own))
        rank = np.zeros(len(own), dtype=np.int64)
        waves: list[list[int]] = [[int(order[0])]]
        for node in order[1:].tolist():
            rank[node] = rank[parents[node]] + 1
            if rank[node] == len(waves):
                waves.append([])
            waves[rank[node]].append(node)
        for wave in waves[1:]:
            before = parents[wave]
            offsets[wave] = offsets[before] + wraps[wave]
            tops[wave] = np.where(heights[wave] >= heights[tops[before]], wave, tops[before])
        return offsets, tops

    def _bottleneck(self, energies: Array, loops: _Loops, chosen: int) -> Bottleneck:
        """Return the path that one of the loops closes."""
        first, second = loops.edges[chosen].tolist()
        there, back = _way(loops.parents, first)[::-1], _way(loops.parents, second)
        path = loops.nodes[[*there, *back]]
        point = int(path[np.argmax(energies[path])])
        return Bottleneck(float(energies[point]), point, path, loops.windings[chosen])


def _way(parents: Array, node: int) -> list[int]:
    """Return the nodes from one to the root of the tree."""
    way = [node]
    while parents[way[-1]] >= 0:
        way.append(int(parents[way[-1]]))
    return way
