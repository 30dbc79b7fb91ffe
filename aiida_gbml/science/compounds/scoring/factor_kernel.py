"""The form of a model in which ten billion candidates are scored: one matrix product for each block of candidates."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.roles import RoleTable


class FactorKernel(ABC):
    r"""A score that is a sum over products of what depends on the elements and what depends on their ratio.

    .. math:: s(A, B, \dots, X, r) = \sum_{f=1}^{R} p_f(A, B, \dots, X)\, w_f(r)

    The factors must be finite, and those of a row must not depend on which other rows are asked for together with it:
    look them up and combine them element by element or in a fixed order of summation, not by a matrix product over all
    rows. Then the scores, which are summed here in the order of f with 64 bits, are the same to the last bit however
    the candidates are divided.
    """

    is_symmetric: bool = False
    """Whether the score stays the same, to the last bit, when cations change places together with their coefficients.
    Such a kernel is faster, and is given the cations in any order; others get them ascending."""

    @property
    @abstractmethod
    def rank(self) -> int:
        """Number of factors R."""

    @abstractmethod
    def rows(self, cations: Array, anions: Array) -> Array:
        """Return (t, R) 32-bit factors of elements.

        :param cations: (t, k) atomic numbers, ascending in a row unless the kernel is symmetric.
        :param anions: (t,) atomic numbers.
        """

    @abstractmethod
    def columns(self, ratios: Array) -> Array:
        """Return (r, R) 32-bit factors of ratios.

        :param ratios: (r, k + 1) coefficients in the order of the cations, the anion's last.
        """

    def score(self, roles: RoleTable) -> Array:
        """Return the (n,) 64-bit scores of compositions."""
        rows, columns = self.rows(roles.cations, roles.anions), self.columns(roles.coefficients)
        return exact_scores(rows, columns)


def exact_scores(rows: Array, columns: Array) -> Array:
    """Return the (n,) 64-bit scores of pairs, summed in the order of the factors whatever the hardware.

    :param rows: (n, R) 32-bit factors of elements, whose products with others are exact with 64 bits.
    :param columns: (n, R) 32-bit factors of ratios.
    """
    scores: Array = np.zeros(len(rows))
    for factor in range(rows.shape[1]):
        scores += rows[:, factor].astype(np.float64) * columns[:, factor].astype(np.float64)
    return scores
