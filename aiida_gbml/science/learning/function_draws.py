r"""Functions drawn from the posterior of a Gaussian process, all candidates at once.

A function of the prior is a sum of random waves: with frequencies :math:`\omega_j` from the spectral density of the
kernel (for Matérn-5/2 Student's t with five degrees of freedom) and normal weights :math:`w_j`,
:math:`f(x) = s \sqrt{2/D} \sum_j w_j \cos(\omega_j \cdot x + \tau_j)` (Rahimi & Recht 2007). Matheron's rule makes it
one of the posterior, :math:`f + k(\cdot, X) (K + \sigma_n^2)^{-1} (y - f(X) - \epsilon)` (Wilson et al. 2020, eq. 13):
the waves carry the doubt only, the data enter exactly. The cost is linear in the number of candidates.
"""

from __future__ import annotations

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.learning.gaussian_process import CandidatePosterior, Hyperparameters

_DEGREES_OF_FREEDOM = 5.0
_BATCH = 1 << 14


def prior_draws(
    points: Array, hyperparameters: Hyperparameters, count: int, generator: np.random.Generator, n_waves: int = 1024
) -> Array:
    """Return (count, N) values at (N, d) points of functions drawn from the prior."""
    lengths = np.asarray(hyperparameters.lengths)
    tails = np.sqrt(generator.chisquare(_DEGREES_OF_FREEDOM, n_waves) / _DEGREES_OF_FREEDOM)
    frequencies = generator.standard_normal((n_waves, points.shape[1])) / (tails[:, None] * lengths)
    phases = generator.uniform(0, 2 * np.pi, n_waves)
    weights = generator.standard_normal((count, n_waves)) * hyperparameters.signal * np.sqrt(2 / n_waves)
    draws = np.empty((count, len(points)))
    for start in range(0, len(points), _BATCH):  # the waves at all points of a large grid are gigabytes
        batch = slice(start, start + _BATCH)
        draws[:, batch] = weights @ np.cos(points[batch] @ frequencies.T + phases).T
    return draws


def posterior_draws(
    posterior: CandidatePosterior, values: Array, draws: Array, generator: np.random.Generator
) -> Array:
    """Return (count, N) functions of the posterior, made of (count, N) functions of the prior.

    :param values: (n,) values of the observed candidates, in the order of the rows of the posterior.
    """
    noise = np.sqrt(posterior.hyperparameters.noise_variance)
    observed = draws[:, posterior.rows] + noise * generator.standard_normal((len(draws), len(posterior.rows)))
    return draws + posterior.mean((values - observed).T)
