r"""Acquisition functions for minimisation: how much an evaluation of each candidate promises.

All take the (N,) posterior means and standard deviations and the lowest value known so far, and are larger where one
should look next. With :math:`z = (y^* - \mu) / \sigma` and the normal distribution function :math:`\Phi` and density
:math:`\varphi`.
"""

from __future__ import annotations

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtr

from aiida_gbml.science.archive import Array

_SMALLEST_DEVIATION = 1e-12
_LOG_SQRT_2PI = 0.5 * np.log(2 * np.pi)


def expected_improvement(mean: Array, deviation: Array, best: float) -> Array:
    r"""Return :math:`E[\max(y^* - f, 0)] = (y^* - \mu) \Phi(z) + \sigma \varphi(z)` (Jones et al. 1998, eq. 15)."""
    deviation = np.maximum(deviation, _SMALLEST_DEVIATION)
    z = (best - mean) / deviation
    result: Array = deviation * (z * ndtr(z) + np.exp(-0.5 * z**2 - _LOG_SQRT_2PI))
    return np.maximum(result, 0.0)


def log_expected_improvement(mean: Array, deviation: Array, best: float) -> Array:
    r"""Return the logarithm of the expected improvement, finite where the improvement itself underflows.

    For z < -1, :math:`\log(\varphi(z) + z \Phi(z)) = \log \varphi(z) + \log(1 + z \sqrt{\pi/2}\,
    \mathrm{erfcx}(-z/\sqrt 2))` (Ament et al. 2023, eq. 9); the last logarithm cancels far out, where its series
    :math:`z^{-2} - 3 z^{-4}` takes over.
    """
    deviation = np.maximum(deviation, _SMALLEST_DEVIATION)
    z = (best - mean) / deviation
    log_density = -0.5 * z**2 - _LOG_SQRT_2PI
    near = np.maximum(z, -1.0)
    far = np.clip(z, -1e3, -1.0)
    beyond = np.minimum(z, -1e3)
    result: Array = np.log(deviation) + np.select(
        [z > -1.0, z > -1e3],
        [
            np.log(np.exp(-0.5 * near**2 - _LOG_SQRT_2PI) + near * ndtr(near)),
            log_density + np.log1p(far * np.sqrt(np.pi / 2) * erfcx(-far / np.sqrt(2))),
        ],
        log_density - 2 * np.log(-beyond) + np.log1p(-3 / beyond**2),
    )
    return result


def probability_of_improvement(mean: Array, deviation: Array, best: float) -> Array:
    r"""Return :math:`\log \Phi(z)`, which is largest where the Z-score z of Kiyohara et al. (2016) is."""
    result: Array = log_ndtr((best - mean) / np.maximum(deviation, _SMALLEST_DEVIATION))
    return result


def lower_confidence_bound(mean: Array, deviation: Array, kappa: float = 2.0) -> Array:
    r"""Return :math:`\kappa \sigma - \mu` (Srinivas et al. 2010, eq. 6, for a minimum)."""
    return kappa * deviation - mean


def thompson_sample(mean: Array, covariance: Array, generator: np.random.Generator) -> Array:
    """Return minus one function drawn from the posterior at (m,) points with an (m, m) covariance."""
    values, vectors = np.linalg.eigh(covariance)
    draw = generator.standard_normal(len(mean))
    result: Array = -(mean + vectors @ (np.sqrt(np.maximum(values, 0.0)) * draw))
    return result


def expected_regret(
    mean: Array, covariance: Array, best: float, generator: np.random.Generator, n_draws: int = 512
) -> float:
    r"""Return :math:`E[\max(y^* - \min_i f_i, 0)]`: how far the best known value is expected to lie above the lowest.

    Estimated with functions drawn from the joint posterior at (m,) points with an (m, m) covariance.
    """
    values, vectors = np.linalg.eigh(covariance)
    draws = generator.standard_normal((n_draws, len(mean))) * np.sqrt(np.maximum(values, 0.0))
    lowest = np.min(mean + draws @ vectors.T, axis=1)
    return float(np.mean(np.maximum(best - lowest, 0.0)))
