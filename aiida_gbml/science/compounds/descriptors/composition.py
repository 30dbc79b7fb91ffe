"""Descriptors of compositions that are no moments: how much of each element a compound holds, in which ratios."""

from __future__ import annotations

import numpy as np
from ase.data import chemical_symbols

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.descriptors.compounds import Compounds
from aiida_gbml.science.compounds.elements import element_table

FRACTION_NAMES = tuple(f"fraction({symbol})" for symbol in chemical_symbols[1 : element_table().heaviest + 1])


STOICHIOMETRY_NAMES = ("n_elements", "log_atoms", "largest_fraction", "norm_2", "norm_3")
"""Number of elements, natural logarithm of the atoms of the reduced formula, largest atomic fraction, and the norms of
the fractions of the powers 2 and 3 (Ward et al., npj Comput. Mater. 2, 16028, 2016)."""

_WHOLE = 1e-6


def fractions(compounds: Compounds) -> Array:
    """Return the (n, 103) atomic fractions of the elements from hydrogen on."""
    element_table().of(compounds.numbers)  # raises for an element that has no column
    result: Array = compounds.fractions[:, 1 : len(FRACTION_NAMES) + 1]
    return result


def stoichiometry(compounds: Compounds) -> Array:
    """Return the (n, 5) numbers named in :data:`STOICHIOMETRY_NAMES`; amounts that are not whole are not reduced."""
    shares = compounds.fractions
    return np.column_stack(
        [
            np.count_nonzero(shares, axis=1),
            np.log(_atoms(compounds)),
            shares.max(axis=1),
            np.sqrt(np.sum(shares**2, axis=1)),
            np.cbrt(np.sum(shares**3, axis=1)),
        ]
    )


def _atoms(compounds: Compounds) -> Array:
    """Return the (n,) number of atoms of each reduced formula."""
    total = np.add.reduceat(compounds.weights, compounds.offsets[:-1])
    amounts = compounds.fractions * total[:, None]
    whole = np.rint(amounts)
    divisors = np.gcd.reduce(whole.astype(np.int64), axis=1)
    reducible = np.all(np.abs(amounts - whole) < _WHOLE, axis=1)
    result: Array = total / np.where(reducible, np.maximum(divisors, 1), 1)
    return result
