"""Blocks of candidates whose rows are sorted by the order of their cations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.candidates import ARITIES, PlacedBlock
from aiida_gbml.science.compounds.charge_classes import CoefficientGrid

Order = tuple[int, ...]


@dataclass(frozen=True)
class OrderedBlock:
    """A block for a model that takes cations in ascending order, or in any.

    :param given: the block itself.
    :param grid: coefficients that the places of its ratios number.
    :param cations: (t, k) atomic numbers in the order that the model takes.
    :param anions: (t,) atomic numbers.
    :param orders: (t, k) column of the block's ratios for each cation; ``None`` if it is the cation's own.
    :param codes: (t,) one number for each order, ascending.
    """

    given: PlacedBlock
    grid: CoefficientGrid
    cations: Array
    anions: Array
    orders: Array | None
    codes: Array

    @classmethod
    def of(cls, block: PlacedBlock, grid: CoefficientGrid, is_symmetric: bool) -> OrderedBlock:
        """Return a block for a model."""
        k = block.cations.shape[1]
        if is_symmetric or k == 1:
            codes = np.zeros(len(block.anions), dtype=np.intp)
            return cls(block, grid, block.cations, block.anions, None, codes)
        orders = np.argsort(block.cations, axis=1, kind="stable")
        codes = orders @ (max(ARITIES) ** np.arange(k))
        rows = np.argsort(codes, kind="stable")
        orders = orders[rows]
        cations = np.take_along_axis(block.cations[rows], orders, axis=1)
        return cls(block, grid, cations, block.anions[rows], orders, codes[rows])

    @property
    def first(self) -> bytes:
        """What tells this block from others."""
        block = self.given
        return np.concatenate([block.cations[0], block.anions[:1], block.places[:1].astype(np.int64)]).tobytes()

    def runs(self) -> Iterator[tuple[slice, Order | None]]:
        """Yield the rows that share an order, and the order."""
        if self.orders is None:
            yield slice(0, len(self.anions)), None
            return
        starts = [0, *(np.flatnonzero(np.diff(self.codes)) + 1).tolist(), len(self.codes)]
        for start, stop in pairwise(starts):
            yield slice(start, stop), tuple(self.orders[start].tolist())

    def ratios(self, row: Array, column: Array) -> Array:
        """Return the (n, k + 1) coefficients of candidates, in the order of :attr:`cations`."""
        ratios = self.grid.ratios_at(self.given.places[column])
        if self.orders is not None:
            ratios[:, :-1] = np.take_along_axis(ratios[:, :-1], self.orders[row], axis=1)
        return ratios
