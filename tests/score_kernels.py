"""Models that are matrix products of given tables, for tests of what streams their scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition import SYMBOLS
from aiida_gbml.science.compounds.ions import IonTable
from aiida_gbml.science.compounds.roles import CoefficientLimits, RoleTable
from aiida_gbml.science.compounds.scoring.factor_kernel import FactorKernel

IONS = IonTable.default("common").only([3, 7, 11, 12, 16, 19, 20, 26, 33], [7, 8, 16, 17, 33])
"""Alkali and earth alkali metals share their charges and alternate in the periodic table."""


def space(arity: int, limit: int = 4) -> CandidateSpace:
    """Return some thousand candidates."""
    return CandidateSpace(IONS, arity, CoefficientLimits(limit, 2 * limit))


@dataclass(frozen=True)
class TableKernel(FactorKernel):
    """Sums of products of a number for each element in its place, and for each coefficient in its place.

    :param elements: (places, elements, R), the last place is the anion's.
    :param amounts: (places, coefficients, R).
    """

    elements: Array
    amounts: Array
    is_symmetric: bool = False

    @classmethod
    def random(cls, rank: int, seed: int, arity: int) -> TableKernel:
        """Return a kernel that can tell the places of cations."""
        rng = np.random.default_rng(seed)
        elements, amounts = (rng.normal(size=(arity, n, rank)).astype(np.float32) for n in (len(SYMBOLS), 41))
        return cls(elements, amounts)

    @classmethod
    def whole(cls, rank: int, seed: int, arity: int) -> TableKernel:
        """Return a symmetric kernel of small whole numbers, many of whose scores are equal."""
        rng = np.random.default_rng(seed)
        elements, amounts = (rng.integers(-2, 3, size=(2, n, rank)).astype(np.float32) for n in (len(SYMBOLS), 41))
        places = [*[0] * (arity - 1), 1]
        return cls(elements[places], amounts[places], is_symmetric=True)

    @property
    def rank(self) -> int:
        return int(self.elements.shape[-1])

    def rows(self, cations: Array, anions: Array) -> Array:
        return _product(self.elements, np.column_stack([cations, anions]))

    def columns(self, ratios: Array) -> Array:
        return _product(self.amounts, ratios)


def _product(tables: Array, places: Array) -> Array:
    product = np.ones((len(places), tables.shape[-1]), dtype=np.float32)
    for table, own in zip(tables, places.T, strict=True):
        product *= table[own]
    return product


def every(space: CandidateSpace) -> RoleTable:
    """Return all candidates of a space."""
    return RoleTable.concatenate([block.roles() for block in space.blocks()])
