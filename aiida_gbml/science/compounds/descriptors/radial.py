r"""Radial environments of atoms: how many neighbours at which distance.

The generalised radial distribution function is :math:`G_n = \sum_j a_j \exp(-\eta (r_{ij} - R_n)^2) f_c(r_{ij})` with
:math:`f_c(r) = (1 + \cos(\pi r / r_c)) / 2`; the histogram (the pair distribution of Seko et al., Phys. Rev. B 95,
144110, 2017) counts neighbours in shells. The weights :math:`a_j` are one, or a property of the pair.
"""

from __future__ import annotations

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.descriptors.neighbours import Neighbours


def cutoff_function(distances: Array, cutoff: float) -> Array:
    """Return the values, from one at 0 Å to zero at the cutoff and beyond, of a function of distance.

    :param distances: in Å, any shape.
    :param cutoff: in Å.
    """
    result: Array = np.where(distances < cutoff, 0.5 * (1 + np.cos(np.pi * distances / cutoff)), 0.0)
    return result


def gaussians(distances: Array, centres: Array, eta: float, cutoff: float) -> Array:
    """Return the (p, m) values of m radial functions at p distances.

    :param distances: (p,) in Å.
    :param centres: (m,) in Å.
    :param eta: inverse square width, 1/Å².
    :param cutoff: in Å.
    """
    bells = np.exp(-eta * (distances[:, None] - centres[None, :]) ** 2)
    result: Array = bells * cutoff_function(distances, cutoff)[:, None]
    return result


def radial_distribution(neighbours: Neighbours, centres: Array, eta: float, cutoff: float) -> Array:
    """Return the (N, m) generalised radial distribution function of each atom; parameters as in :func:`gaussians`."""
    return neighbours.sum(gaussians(neighbours.distances, centres, eta, cutoff))


def shell_histogram(neighbours: Neighbours, edges: Array) -> Array:
    """Return the (N, m) numbers of neighbours of each atom in shells.

    :param edges: (m + 1,) rising radii of the shells, in Å; a distance belongs to the shell whose lower edge it equals.
    """
    shells = np.searchsorted(edges, neighbours.distances, side="right") - 1
    inside = (shells >= 0) & (shells < len(edges) - 1)
    flat = neighbours.centre[inside] * (len(edges) - 1) + shells[inside]
    counts = np.bincount(flat, minlength=neighbours.n_atoms * (len(edges) - 1))
    return counts.reshape(neighbours.n_atoms, len(edges) - 1).astype(float)
