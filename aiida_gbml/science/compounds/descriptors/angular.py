r"""Angular environments of atoms: bond-order parameters, the power spectrum, and the angular Fourier series.

All are built from :math:`c_{nlm} = \sum_j g_n(r_{ij}) Y_{lm}(\hat r_{ij})`, whose cost is linear in the number of
neighbours. By the addition theorem :math:`\frac{4\pi}{2l+1} \sum_m |c_{nlm}|^2 = \sum_{jk} g_n(r_{ij}) g_n(r_{ik})
P_l(\cos\theta_{jik})`, the power spectrum; a Fourier series in the angle is a fixed linear combination of Legendre
polynomials, so that it follows from the power spectrum.
"""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.polynomial import chebyshev, legendre

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.descriptors.neighbours import Neighbours
from aiida_gbml.science.compounds.descriptors.radial import gaussians

_MOST_NUMBERS = 8_000_000  # of one intermediate array


def spherical_harmonics(vectors: Array, largest: int) -> list[Array]:
    """Return the (p, l + 1) complex spherical harmonics of p directions, m from 0 to l, for l from 0 to ``largest``.

    Those of negative m are the complex conjugates up to a sign. The associated Legendre polynomials come from the
    three-term recurrence in l.

    :param vectors: (p, 3), of any length but zero.
    """
    x, y, z = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).T
    result = [np.empty((len(vectors), momentum + 1), dtype=complex) for momentum in range(largest + 1)]
    for order in range(largest + 1):
        phase = (x + 1j * y) ** order
        before, now = np.zeros(len(z)), np.full(len(z), float((-1) ** order * np.prod(np.arange(1, 2 * order, 2))))
        for momentum in range(order, largest + 1):
            norm = (2 * momentum + 1) / (4 * np.pi) * factorial(momentum - order) / factorial(momentum + order)
            result[momentum][:, order] = np.sqrt(norm) * now * phase
            step = ((2 * momentum + 1) * z * now - (momentum + order) * before) / (momentum + 1 - order)
            before, now = now, step
    return result


def power_spectrum(neighbours: Neighbours, radial: Array, largest: int) -> Array:
    """Return the (N, m, L + 1) sums over pairs of neighbours of g(r) g(r') P_l(cos θ), a pair with itself included.

    :param radial: (p, m) radial functions at each pair of atoms.
    :param largest: L, the largest value of l.
    """
    result = np.empty((neighbours.n_atoms, radial.shape[1], largest + 1))
    for momentum, harmonics in enumerate(spherical_harmonics(neighbours.vectors, largest)):
        # Orders of either sign contribute the same.
        factors = 4 * np.pi / (2 * momentum + 1) * np.where(np.arange(momentum + 1) == 0, 1.0, 2.0)
        width = max(1, _MOST_NUMBERS // max(1, harmonics.size))
        for first in range(0, radial.shape[1], width):
            part = radial[:, first : first + width]
            sums = neighbours.sum(part[:, :, None] * harmonics[:, None, :])
            result[:, first : first + width, momentum] = (sums.real**2 + sums.imag**2) @ factors
    return result


def smooth_power_spectrum(neighbours: Neighbours, centres: Array, eta: float, cutoff: float, largest: int) -> Array:
    """Return the (N, m (L + 1)) square roots of the power spectrum of Gaussian shells; it grows as neighbours do.

    :param centres: (m,) radii of the shells, in Å.
    :param eta: inverse square width of a shell, 1/Å².
    :param cutoff: in Å.
    :param largest: L, the largest value of l.
    """
    radial = gaussians(neighbours.distances, centres, eta, cutoff)
    spectrum = power_spectrum(neighbours, radial, largest)
    result: Array = np.sqrt(spectrum).reshape(len(spectrum), -1)
    return result


def angular_fourier_series(neighbours: Neighbours, centres: Array, eta: float, cutoff: float, largest: int) -> Array:
    """Return the (N, m (largest + 1)) series sum_jk g_n(r_ij) g_n(r_ik) cos(l θ_jik), l from 0 to ``largest``.

    The other parameters are those of :func:`smooth_power_spectrum`.
    """
    radial = gaussians(neighbours.distances, centres, eta, cutoff)
    spectrum = power_spectrum(neighbours, radial, largest)
    # cos(l θ) is the Chebyshev polynomial T_l(cos θ); its Legendre coefficients carry one series into the other.
    change = np.zeros((largest + 1, largest + 1))
    for momentum in range(largest + 1):
        coefficients = legendre.poly2leg(chebyshev.cheb2poly(np.eye(largest + 1)[momentum]))
        change[: len(coefficients), momentum] = coefficients
    return (spectrum @ change).reshape(len(spectrum), -1)


def bond_order(neighbours: Neighbours, largest: int, width: float) -> Array:
    r"""Return the (N, L) Steinhardt parameters Q_1 to Q_L with neighbours weighted by nearness; 0 without a neighbour.

    :math:`Q_l = \sqrt{4\pi/(2l+1) \sum_m |q_{lm}|^2}`, :math:`q_{lm} = \sum_j w_j Y_{lm} / \sum_j w_j` and
    :math:`w_j = \exp(-((r_j / r_\mathrm{min} - 1) / \mathrm{width})^2)`.

    :param largest: L, the largest value of l.
    :param width: how much farther than the nearest neighbour another still counts, relative to its distance.
    """
    nearest = neighbours.minimum(neighbours.distances)
    weights = np.exp(-(((neighbours.distances / nearest[neighbours.centre] - 1) / width) ** 2))
    total = neighbours.sum(weights)
    shares = weights / total[neighbours.centre]
    result: Array = np.sqrt(power_spectrum(neighbours, shares[:, None], largest)[:, 0, 1:])
    return result
