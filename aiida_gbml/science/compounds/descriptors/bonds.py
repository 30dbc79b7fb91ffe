r"""Chemical bonds of atoms: which elements surround an atom, how near, and how unlike it they are.

A neighbour at distance r counts with the weight :math:`1 / (1 + \exp((r/d - 1.3) / 0.06))` where d is the sum of the
two covalent radii: one for a bond, zero far away, and smooth between, so that no coordination number jumps.
"""

from __future__ import annotations

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.descriptors.neighbours import Neighbours
from aiida_gbml.science.compounds.elements import element_table, valence_electrons

BOND_FEATURES = (
    "coordination",
    "mean_ratio",
    "least_ratio",
    "sum_unlikeness",
    "mean_unlikeness",
    "sum_squared_unlikeness",
    "mean_squared_unlikeness",
    "mean_difference",
    "sum_difference",
    "like_share",
    "electronegativity_pauling",
    "group",
    "period",
    "covalent_radius",
    "pseudopotential_radius_s",
    "ionisation_energy_1",
    "electronegativity_allen",
    "valence_s",
    "valence_p",
    "valence_d",
    "valence_f",
)
"""What :func:`bond_features` returns. The unlikeness is the absolute, the difference the signed difference of Pauling's
electronegativity of neighbour and atom; sums run over bonds, means are weighted by them; ratios are of the distance to
the sum of covalent radii; the names of elemental properties stand for their mean over neighbours."""

_PICOMETRE = 0.01  # Å
_STRETCH, _WIDTH = 1.3, 0.06
_FAR = 1.8  # ratio said of an atom without nearer neighbours
_FEWEST = 0.05  # bonds; an atom with fewer has no neighbourhood to take a mean of
_NEIGHBOUR_PROPERTIES = BOND_FEATURES[10:17]


def bond_ratios(neighbours: Neighbours, numbers: Array) -> Array:
    """Return the (p,) distances of pairs divided by the sums of the covalent radii of their elements.

    :param numbers: (N,) atomic numbers.
    """
    radii = _PICOMETRE * element_table().of(numbers, ["covalent_radius"])[:, 0]
    result: Array = neighbours.distances / (radii[neighbours.centre] + radii[neighbours.other])
    return result


def bond_weights(ratios: Array) -> Array:
    """Return the (p,) weights with which neighbours count as bonded, between 0 and 1."""
    result: Array = 1 / (1 + np.exp(np.clip((ratios - _STRETCH) / _WIDTH, -50, 50)))
    return result


def bond_features(neighbours: Neighbours, numbers: Array) -> Array:
    """Return the (N, 21) features named in :data:`BOND_FEATURES`; means over no bonds at all are 0.

    :param neighbours: pairs up to a distance at which no pair of elements is bonded any more: 9 Å is 1.84 times the sum
        of the radii of two atoms of caesium, and a weight of 1e-4.
    :param numbers: (N,) atomic numbers.
    """
    table = element_table()
    ratios = bond_ratios(neighbours, numbers)
    weights = bond_weights(ratios)
    bonds = neighbours.sum(weights)
    shares = weights / np.maximum(bonds, _FEWEST)[neighbours.centre]
    electronegativity = table.of(numbers, ["electronegativity_pauling"])[:, 0]
    difference = electronegativity[neighbours.other] - electronegativity[neighbours.centre]
    unlikeness = np.abs(difference)
    alike = (numbers[neighbours.other] == numbers[neighbours.centre]).astype(float)
    around = np.column_stack([table.of(numbers, _NEIGHBOUR_PROPERTIES), valence_electrons(numbers)])
    of_pairs = np.column_stack(
        [
            shares * ratios,
            weights * unlikeness,
            shares * unlikeness,
            weights * difference**2,
            shares * difference**2,
            shares * difference,
            weights * difference,
            shares * alike,
            shares[:, None] * around[neighbours.other],
        ]
    )
    sums = neighbours.sum(of_pairs)
    least = np.minimum(neighbours.minimum(ratios), _FAR)
    return np.column_stack([bonds, sums[:, 0], least, sums[:, 1:]])


def bond_distribution(neighbours: Neighbours, numbers: Array, centres: Array, width: float) -> tuple[Array, Array]:
    """Return the (N, m) numbers of neighbours at ratios of distance to covalent radii, plain and times unlikeness².

    :param centres: (m,) ratios.
    :param width: of the Gaussian around each.
    """
    ratios = bond_ratios(neighbours, numbers)
    electronegativity = element_table().of(numbers, ["electronegativity_pauling"])[:, 0]
    squared = (electronegativity[neighbours.other] - electronegativity[neighbours.centre]) ** 2
    bells = np.exp(-(((ratios[:, None] - centres[None, :]) / width) ** 2))
    return neighbours.sum(bells), neighbours.sum(bells * squared[:, None])
