"""What the model sees of a point: numbers that the space group of the host leaves as they are.

Equivalent points have equal features, so that the model knows the symmetry without being told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.potential_surface.grid import SiteGrid
from aiida_gbml.science.learning.gaussian_process import HyperparameterPrior, LogNormal
from aiida_gbml.science.learning.kernels import invariant_harmonics

if TYPE_CHECKING:
    from ase import Atoms

FEATURES = ("environment", "harmonics")

CUTOFF = 4.5
"""Å, how far the environment of a point reaches."""
N_RADII = 10
"""Radii of the environment for each element."""
N_HARMONICS = 30
"""Symmetric harmonics."""

_LEAST_SPREAD = 1e-3  # of the largest: columns that hardly vary are not blown up to noise


def features_of(kind: str, host: Atoms, grid: SiteGrid) -> tuple[Array, HyperparameterPrior]:
    """Return the (n, d) features of the points of a grid, and the priors of their length scales.

    :param kind: one of :data:`FEATURES`.
    """
    return _harmonics(grid) if kind == "harmonics" else _environment(host, grid)


def _environment(host: Atoms, grid: SiteGrid) -> tuple[Array, HyperparameterPrior]:
    r"""Return radial distribution functions, one for each element of the host.

    :math:`g_n = \sum_j \exp(-(r_j - R_n)^2 / 2 w^2) f_c(r_j)` with a smooth cutoff :math:`f_c`, evenly spaced radii and
    their spacing as the width. Columns are standardised over the grid, which needs no energy.
    """
    columns = [
        one
        for element in sorted(set(host.symbols))
        for one in radial_functions(
            grid.fractional @ grid.cell, host.get_scaled_positions()[host.symbols == element], grid.cell
        )
    ]
    table = np.stack(columns, axis=1)
    spread = table.std(axis=0)
    table = (table - table.mean(axis=0)) / np.maximum(spread, max(_LEAST_SPREAD * spread.max(), 1e-12))
    # Distances between standardised points grow with the square root of the number of columns.
    return table, HyperparameterPrior((LogNormal(1.5 * np.sqrt(table.shape[1]), 1.0),) * table.shape[1])


def radial_functions(positions: Array, atoms: Array, cell: Array) -> list[Array]:
    """Return (n,) columns, one for each radius, of how many atoms are about that far from (n, 3) positions in Å.

    :param atoms: (m, 3) fractional coordinates of the atoms of one element.
    :param cell: (3, 3) rows are the cell vectors in Å.
    """
    inverse = np.linalg.inv(cell)
    reach = np.ceil(CUTOFF * np.linalg.norm(inverse, axis=0)).astype(int)
    images = np.stack(np.meshgrid(*[np.arange(-one, one + 1) for one in reach], indexing="ij"), axis=-1).reshape(-1, 3)
    everywhere = (atoms[:, None] + images[None]).reshape(-1, 3) @ cell
    wrapped = (positions @ inverse % 1.0) @ cell
    pairs = cKDTree(wrapped).sparse_distance_matrix(cKDTree(everywhere), CUTOFF, output_type="coo_matrix")
    smooth = 0.5 * (1 + np.cos(np.pi * pairs.data / CUTOFF))
    closest = min(float(pairs.data.min(initial=CUTOFF)), CUTOFF / 2)
    radii = np.linspace(closest, CUTOFF, N_RADII + 1)[:-1]
    width = radii[1] - radii[0]
    return [
        np.bincount(pairs.row, np.exp(-0.5 * ((pairs.data - radius) / width) ** 2) * smooth, len(positions))
        for radius in radii
    ]


def _harmonics(grid: SiteGrid) -> tuple[Array, HyperparameterPrior]:
    """Return the smoothest symmetric functions over the cell, as the boundary search has them.

    The energy is a sum over pairs of atoms, so that its Fourier coefficients fall quickly with the length of G: the
    length scale of a harmonic is expected to grow with the square of that length.
    """
    columns = grid.cell.T
    rotations = columns @ grid.matrices @ np.linalg.inv(columns)
    harmonics = invariant_harmonics(grid.cell, rotations, grid.shifts @ grid.cell, N_HARMONICS)
    table = np.stack([harmonic(grid.fractional) for harmonic in harmonics], axis=1)
    shortest = harmonics[0].wave_number
    return table, HyperparameterPrior(
        tuple(LogNormal(1.5 * (one.wave_number / shortest) ** 2, 1.0) for one in harmonics)
    )
