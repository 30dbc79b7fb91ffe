"""Factors of ratios, looked up in a table that is asked for once."""

from __future__ import annotations

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.charge_classes import CoefficientGrid
from aiida_gbml.science.compounds.scoring.factor_kernel import FactorKernel
from aiida_gbml.science.compounds.scoring.ordered_block import Order

_UNIT, _SMALLEST = 2.0**-24, 2.0**-125


class ColumnFactors:
    """Factors of the ratios of a block in one order of the cations.

    :param factors: (n, R) of some ratios.
    :param norms: (n,) upper bounds of their norms.
    :param places: (r,) which of them are those of the block.
    """

    def __init__(self, factors: Array, norms: Array, places: Array) -> None:
        self._factors, self._places = factors, places
        self.norms = np.take(norms, places)

    def factors(self, chosen: Array | None = None) -> Array:
        """Return the (c, R) factors of some ratios of the block, of all by default."""
        return np.take(self._factors, self._places if chosen is None else self._places[chosen], axis=0)


class Columns:
    """Factors of the ratios of any block; those of all ratios are kept, where they are not too many.

    :param grid: all ratios.
    :param kernel: gives the factors.
    """

    def __init__(self, grid: CoefficientGrid, kernel: FactorKernel) -> None:
        self._grid, self._kernel = grid, kernel
        self._table = None if grid.all_ratios is None else _with_norms(kernel.columns(grid.all_ratios))
        self._reordered: dict[Order, Array] = {}

    def __call__(self, places: Array, order: Order | None) -> ColumnFactors:
        """Return the factors of the ratios of a block.

        :param places: (r,) of the ratios on the grid.
        :param order: column of the ratios for each cation; ``None`` if it is the cation's own.
        """
        if self._table is not None:
            return ColumnFactors(*self._table, places if order is None else np.take(self._reorder(order), places))
        ratios = self._grid.ratios_at(places)
        own = ratios if order is None else ratios[:, [*order, -1]]
        return ColumnFactors(*_with_norms(self._kernel.columns(own)), np.arange(len(places)))

    def of(self, ratios: Array) -> Array:
        """Return the (n, R) factors of any ratios in the order that the kernel takes."""
        if self._table is None:
            return self._kernel.columns(ratios)
        return np.take(self._table[0], self._grid.places(ratios), axis=0)

    def _reorder(self, order: Order) -> Array:
        """Return the place of each ratio after its columns changed their order."""
        if order not in self._reordered and self._grid.all_ratios is not None:
            self._reordered[order] = self._grid.places(self._grid.all_ratios[:, [*order, -1]])
        return self._reordered[order]


def factor_norms(factors: Array) -> Array:
    """Return (n,) upper bounds of the Euclidean norms of (n, R) 32-bit factors, zero for those that are all zero."""
    rank = factors.shape[1]
    squares = np.einsum("ij,ij->i", factors, factors).astype(np.float64)
    small = np.flatnonzero(squares == 0)
    squares += rank * _SMALLEST  # what underflow can have lost
    squares[small[~factors[small].any(axis=1)]] = 0.0
    bounds: Array = np.sqrt(squares) * (1 + 2 * rank * _UNIT)
    return bounds


def _with_norms(factors: Array) -> tuple[Array, Array]:
    return factors, factor_norms(factors)
