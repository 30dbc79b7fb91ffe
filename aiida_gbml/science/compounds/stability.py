r"""Is a compound stable? Its energy against every mixture of other phases of the same overall composition.

The lowest energy of a mixture is a linear programme over the fractions of atoms :math:`x_p` in the phases p,

.. math:: E_{mix} = \min_{x \ge 0} \sum_p x_p E_p \quad\text{with}\quad \sum_p x_p c_{pe} = c_e
    \text{ for each element } e,

with energies and compositions an atom. It needs no energies of the elements: with a potential that holds for oxides
only, an oxide competes with oxides. With all elements among the phases it is the usual convex hull.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition import Composition

NEGLIGIBLE = 1e-6
"""Fraction of atoms below which a phase is no part of a mixture."""


@dataclass(frozen=True)
class Mixture:
    """The most stable mixture of phases with a wanted overall composition.

    :param energy: eV/atom.
    :param fractions: fraction of the atoms that is in each phase, by the phase's row.
    """

    energy: float
    fractions: dict[int, float]


@dataclass(frozen=True)
class Phases:
    """Phases that compete.

    :param compositions: (n,) of each.
    :param energies: (n,) eV/atom.
    """

    compositions: Sequence[Composition]
    energies: Array

    def mixture(self, wanted: Composition, without: Sequence[int] = ()) -> Mixture | None:
        """Return the most stable mixture of an overall composition; none when no mixture has it.

        :param without: rows that may not be part of it.
        """
        from scipy.optimize import linprog

        elements = set(wanted.numbers)
        rows = [
            row
            for row, composition in enumerate(self.compositions)
            if elements.issuperset(composition.numbers) and row not in without
        ]
        if not rows:
            return None
        shares = np.array([_shares(self.compositions[row], wanted.numbers) for row in rows])
        target = _shares(wanted, wanted.numbers)
        found = linprog(self.energies[rows], A_eq=shares.T, b_eq=target, bounds=(0, None), method="highs")
        if found.status != 0 or found.x is None:
            return None
        parts = {row: float(share) for row, share in zip(rows, found.x, strict=True) if share > NEGLIGIBLE}
        return Mixture(float(self.energies[rows] @ found.x), parts)

    def formation_energy(self, wanted: Composition, energy: float) -> float:
        """Return the energy of a compound against its elements in eV/atom; NaN when an element has no phase here.

        :param energy: of the compound in eV/atom.
        """
        compounds = [row for row, composition in enumerate(self.compositions) if len(composition.numbers) > 1]
        elements = self.mixture(wanted, without=compounds)
        return float("nan") if elements is None else energy - elements.energy

    def text(self, mixture: Mixture) -> str:
        """Return a mixture as a text such as ``0.60 MgO + 0.40 Al2O3``, in fractions of atoms."""
        return " + ".join(f"{share:.2f} {self.compositions[row].formula}" for row, share in mixture.fractions.items())


def _shares(composition: Composition, numbers: Sequence[int]) -> Array:
    """Return the fraction of atoms of each of some elements."""
    amounts = dict(zip(composition.numbers, composition.coefficients, strict=True))
    total = sum(composition.coefficients)
    return np.array([amounts.get(number, 0) / total for number in numbers])
