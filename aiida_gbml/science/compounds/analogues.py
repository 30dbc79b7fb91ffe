"""Analogues: which known composition a candidate is most like, whatever a model has learned."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition import SYMBOLS
from aiida_gbml.science.compounds.prototypes import mendeleev_number
from aiida_gbml.science.compounds.roles import RoleTable

NONE = -1
"""Stands for the row of a candidate whose coefficients no known composition has."""


def nearest_known(candidates: RoleTable, known: RoleTable) -> Array:
    """Return the (n,) rows of the known compositions that are nearest to candidates, or :data:`NONE`.

    Of those with the same coefficients of the cations, in any order, and of the anion, it is the one with the smallest
    sum of differences in Mendeleev number, as for prototypes; the first of several.

    :param known: with as many elements.
    """
    order = np.full(len(SYMBOLS), np.nan)
    used = [part.ravel() for one in (candidates, known) for part in (one.cations, one.anions)]
    for number in np.unique(np.concatenate(used)):
        order[number] = mendeleev_number(int(number))
    cations, anions = order[known.cations], order[known.anions]
    found = np.full(len(candidates), NONE, dtype=np.int64)
    for row in range(len(candidates)):
        smallest = np.full(len(known), np.inf)
        for places in permutations(range(candidates.cations.shape[1])):
            ratio = candidates.coefficients[row][[*places, -1]]
            fits = np.flatnonzero((known.coefficients == ratio).all(axis=1))
            distance = np.abs(cations[fits] - order[candidates.cations[row, list(places)]]).sum(axis=1)
            distance += np.abs(anions[fits] - order[candidates.anions[row]])
            smallest[fits] = np.minimum(smallest[fits], distance)
        if len(smallest) and np.isfinite(smallest.min()):
            found[row] = int(smallest.argmin())
    return found
