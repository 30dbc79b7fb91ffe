"""Covariance of Gaussian processes, and the features in which a function on a torus keeps its symmetry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aiida_gbml.science.archive import Array

_SAME = 1e-6


def matern_covariance(left: Array, right: Array) -> Array:
    r"""Return the (n, m) Matérn-5/2 covariances of points that are already divided by their length scales.

    :math:`k(r) = (1 + \sqrt 5 r + 5 r^2 / 3) \exp(-\sqrt 5 r)`, of functions that are twice differentiable (Rasmussen &
    Williams 2006, eq. 4.17): smooth, as energies are, but ready for the kinks where a relaxation falls into another
    basin.

    :param left: (n, d) scaled points.
    :param right: (m, d) scaled points.
    """
    squared = np.sum(left**2, axis=1)[:, None] + np.sum(right**2, axis=1)[None, :] - 2 * left @ right.T
    root = np.sqrt(5 * np.maximum(squared, 0))
    result: Array = (1 + root + root**2 / 3) * np.exp(-root)
    return result


@dataclass(frozen=True)
class Harmonic:
    r"""One real function on a torus that a symmetry group leaves as it is.

    :math:`\phi(t) = \mathrm{Re} \sum_k c_k \exp(2 \pi i\, n_k \cdot f)` with the fractional coordinates f of t, scaled
    to unit mean square over the torus.

    :param indices: (m, d) integer indices of the dual vectors.
    :param coefficients: (m,) complex amplitudes.
    :param wave_number: length of the dual vectors, 1/Å.
    """

    indices: Array
    coefficients: Array
    wave_number: float

    def __call__(self, fractional: Array) -> Array:
        """Return the (n,) values at (n, d) fractional coordinates."""
        result: Array = np.real(np.exp(2j * np.pi * fractional @ self.indices.T) @ self.coefficients)
        return result


def invariant_harmonics(lattice: Array, rotations: Array, shifts: Array, count: int) -> list[Harmonic]:
    r"""Return the ``count`` smoothest functions on a d-dimensional torus that a symmetry group leaves as they are.

    For every dual vector G the plane wave is averaged over the group,
    :math:`\phi_G(t) = \frac{1}{|P|} \sum_k \exp(2 \pi i\, G \cdot (R_k t + s_k))`. Waves whose average vanishes are
    extinct, as reflections are in diffraction. Where the group takes G to -G the average is real up to a phase and
    gives one function, elsewhere its real and imaginary parts give two.

    :param lattice: (d, d) rows are the primitive vectors of the torus, Å.
    :param rotations: (m, d, d) Cartesian rotations and mirrors of the group.
    :param shifts: (m, d) Å, t is equivalent to ``rotations[k] @ t + shifts[k]``.
    :param count: number of functions, by increasing length of G.
    """
    inverse = np.linalg.inv(lattice)
    matrices = np.rint(lattice @ np.swapaxes(rotations, 1, 2) @ inverse).astype(int)
    phases = shifts @ inverse
    harmonics: list[Harmonic] = []
    seen: set[tuple[int, ...]] = set()
    for index in _dual_indices(inverse, count * len(rotations)):
        if tuple(index) in seen:
            continue
        star = matrices @ index
        seen.update(map(tuple, star), map(tuple, -star))
        wave_number = float(np.linalg.norm(inverse @ index))
        harmonics.extend(_star_harmonics(star, np.exp(2j * np.pi * phases @ index), wave_number))
        if len(harmonics) >= count:
            break
    return harmonics[:count]


def _dual_indices(inverse: Array, count: int) -> Array:
    """Return the (n, d) indices of at least ``count`` dual vectors by length, one of each pair G and -G, none zero."""
    dimension = len(inverse)
    longest = np.linalg.norm(inverse, 2) * count ** (1 / dimension)
    reach = int(np.ceil(longest * np.linalg.norm(np.linalg.inv(inverse), 2))) + 1
    axes = [np.arange(-reach, reach + 1)] * dimension
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, dimension)
    first = np.take_along_axis(grid, np.argmax(grid != 0, axis=1)[:, None], axis=1)[:, 0]
    half = grid[first > 0]
    lengths = np.linalg.norm(half @ inverse.T, axis=1)
    ordered: Array = half[np.lexsort((*half.T[::-1], np.round(lengths, 6)))]
    return ordered


def _star_harmonics(star: Array, coefficients: Array, wave_number: float) -> list[Harmonic]:
    """Return the real functions, none, one or two, that the average over one star of dual vectors gives."""
    indices, members = np.unique(star, axis=0, return_inverse=True)
    amplitudes = np.zeros(len(indices), dtype=complex)
    np.add.at(amplitudes, members.ravel(), coefficients)
    norm = np.linalg.norm(amplitudes)
    if norm < _SAME * len(star):
        return []
    opposite = np.flatnonzero(np.all(indices == -indices[0], axis=1))
    if len(opposite):
        phase = np.sqrt(np.conj(amplitudes[0] * amplitudes[opposite[0]]) + 0j)
        return [Harmonic(indices, amplitudes * phase / (abs(phase) * norm), wave_number)]
    amplitudes = amplitudes * np.sqrt(2) / norm
    return [Harmonic(indices, amplitudes * turn, wave_number) for turn in (1, -1j)]
