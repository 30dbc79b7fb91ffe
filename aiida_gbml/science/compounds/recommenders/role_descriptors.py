"""Compositional descriptors of candidates: moments of elemental properties over the atoms, cations against anion."""

from __future__ import annotations

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.composition import SYMBOLS
from aiida_gbml.science.compounds.elements import NAMES, element_table
from aiida_gbml.science.compounds.recommenders.base import RecommenderError
from aiida_gbml.science.compounds.roles import RoleTable

PARTS = ("mean", "deviation", "anion minus cations")
"""Of each elemental property, in this order."""

DESCRIPTOR_NAMES = (
    *(f"{part} of {name}" for name in NAMES for part in PARTS),
    "anions an atom",
    "largest cation fraction",
    "log atoms",
)
"""Name of each column of :func:`role_descriptors`."""


def role_descriptors(roles: RoleTable) -> Array:
    r"""Return (n, d) descriptors, see :data:`DESCRIPTOR_NAMES`; each row is the same whatever the others are.

    With atomic fractions :math:`f_s` and a property :math:`p_s`: the mean :math:`\mu = \sum f_s p_s`, the deviation
    :math:`(\sum f_s (p_s - \mu)^2)^{1/2}`, and the anion's property less the mean of the cations'.

    :raises RecommenderError: for an element without properties.
    """
    table = element_table().values.astype(np.float32)
    heaviest = int(max(roles.cations.max(initial=0), roles.anions.max(initial=0)))
    if heaviest >= len(table):
        raise RecommenderError(
            f"{SYMBOLS[heaviest]} has no elemental properties, which end with {SYMBOLS[len(table) - 1]}: take it out "
            "of the table of ions, or choose a recommender without descriptors"
        )
    amounts = roles.coefficients.astype(np.float32)
    total = _sum(amounts)
    shares = amounts / total[:, None]
    values = [table[column] for column in (*roles.cations.T, roles.anions)]
    mean = np.zeros_like(values[0])
    for share, value in zip(shares.T, values, strict=True):
        mean += share[:, None] * value
    variance = np.zeros_like(mean)
    for share, value in zip(shares.T, values, strict=True):
        variance += share[:, None] * (value - mean) ** 2
    of_anion = shares[:, -1:]
    cations = (mean - of_anion * values[-1]) / (1 - of_anion)
    properties = np.stack([mean, np.sqrt(variance), values[-1] - cations], axis=2)
    ratio = np.column_stack([shares[:, -1], shares[:, :-1].max(axis=1), np.log(total)])
    result: Array = np.concatenate([properties.reshape(len(roles), -1), ratio], axis=1)
    return result


def _sum(amounts: Array) -> Array:
    """Return the (n,) sums of whole numbers, exact in any order."""
    total: Array = amounts.sum(axis=1)
    return total
