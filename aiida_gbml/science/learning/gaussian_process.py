"""Exact Gaussian processes: hyperparameters from the marginal likelihood, and a posterior over a fixed list of points.

The marginal likelihood, its priors and gradients are gpytorch's. The posterior is kept in numpy, because a search adds
one observation at a time to the same list of candidates: one more row of two triangular factors costs O(nN), while
computing it anew would cost O(n²N).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import minimize

from aiida_gbml.science.archive import Array
from aiida_gbml.science.learning.kernels import matern_covariance

if TYPE_CHECKING:
    import torch

_JITTER = 1e-9
_MAX_ITERATIONS = 50
_PRECISION = 1e-5  # of the objective; a tighter one costs time and changes no search for the better


@dataclass(frozen=True)
class Hyperparameters:
    """What the marginal likelihood decides, for targets of zero mean and unit variance.

    :param lengths: one length scale a feature, in the feature's own unit.
    :param signal: standard deviation of the function around its mean.
    :param noise: standard deviation of the noise.
    """

    lengths: tuple[float, ...]
    signal: float = 1.0
    noise: float = 1e-2

    def covariance(self, left: Array, right: Array) -> Array:
        """Return the (n, m) covariances of the function at (n, d) and (m, d) points."""
        scale = np.asarray(self.lengths)
        result: Array = self.signal**2 * matern_covariance(left / scale, right / scale)
        return result

    @property
    def noise_variance(self) -> float:
        """Variance of an observation around the function, never quite zero, so that covariances stay definite."""
        return self.noise**2 + _JITTER

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, from which ``Hyperparameters(**values)`` is equal to this one."""
        return asdict(self) | {"lengths": list(self.lengths)}


@dataclass(frozen=True)
class LogNormal:
    """Prior of a positive number.

    :param median: its median.
    :param spread: standard deviation of its logarithm.
    """

    median: float
    spread: float


@dataclass(frozen=True)
class HyperparameterPrior:
    """Priors of the hyperparameters, one for the length scale of each feature.

    :param lengths: prior of each length scale.
    :param signal: prior of the standard deviation of the function.
    :param noise: prior of the standard deviation of the noise.
    """

    lengths: tuple[LogNormal, ...]
    signal: LogNormal = LogNormal(1.0, 1.0)
    noise: LogNormal = LogNormal(math.exp(-4.0), 2.0)


def fit_hyperparameters(points: Array, targets: Array, prior: HyperparameterPrior) -> Hyperparameters:
    """Return the hyperparameters of highest posterior probability, found from the medians of their priors.

    The starting point does not depend on earlier fits, so that equal data give equal hyperparameters.

    :param points: (n, d) features of the observed points.
    :param targets: (n,) observed values, of about zero mean and unit variance.
    """
    priors = (*prior.lengths, prior.signal, prior.noise)
    start = np.log([one.median for one in priors])
    spreads = np.array([one.spread for one in priors])
    bounds = list(zip(start - 4 * spreads, start + 4 * spreads, strict=True))
    objective = MarginalLikelihood(points, targets, prior)
    with _one_thread():
        found = minimize(
            objective,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": _MAX_ITERATIONS, "ftol": _PRECISION},
        )
    values = np.exp(found.x)
    return Hyperparameters(tuple(values[:-2].tolist()), signal=float(values[-2]), noise=float(values[-1]))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch on one thread: on matrices of a hundred rows more of them spend their time waiting for each other."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class MarginalLikelihood:
    """Negative logarithm of marginal likelihood times prior, per observation, with its gradient.

    Called with the (d + 2,) logarithms of the length scales, the signal and the noise.

    :param points: (n, d) features of the observed points.
    :param targets: (n,) observed values.
    """

    def __init__(self, points: Array, targets: Array, prior: HyperparameterPrior) -> None:
        import gpytorch
        import torch

        self._targets = torch.as_tensor(targets, dtype=torch.float64)
        self._model = _exact_gp(torch.as_tensor(points, dtype=torch.float64), self._targets, prior)
        self._objective = gpytorch.mlls.ExactMarginalLogLikelihood(self._model.likelihood, self._model)
        # gpytorch keeps variances where the prior speaks of standard deviations: log s² = 2 log s.
        self._parameters = [
            (self._model.covar_module.base_kernel.raw_lengthscale, 1.0),
            (self._model.covar_module.raw_outputscale, 2.0),
            (self._model.likelihood.noise_covar.raw_noise, 2.0),
        ]

    def __call__(self, logarithms: Array) -> tuple[float, Array]:
        """Return the value and its (d + 2,) gradient."""
        import gpytorch
        import torch

        with torch.no_grad():
            for (parameter, factor), values in zip(self._parameters, np.split(logarithms, [-2, -1]), strict=True):
                parameter.copy_(factor * torch.as_tensor(values).reshape(parameter.shape))
        self._model.zero_grad()
        with gpytorch.settings.fast_computations(False, False, False), gpytorch.settings.debug(False):
            loss = -self._objective(self._model(*self._model.train_inputs), self._targets)
            loss.backward()
        gradient = [factor * parameter.grad.numpy().ravel() for parameter, factor in self._parameters]
        return float(loss.item()), np.concatenate(gradient)


def _exact_gp(points: torch.Tensor, targets: torch.Tensor, prior: HyperparameterPrior) -> Any:
    """Return a gpytorch model whose raw parameters are logarithms, with normal priors on them."""
    import gpytorch
    import torch

    def logarithm() -> Any:
        return gpytorch.constraints.Positive(transform=torch.exp, inv_transform=torch.log)

    def normal(priors: tuple[LogNormal, ...], factor: float) -> Any:
        medians = [factor * math.log(one.median) for one in priors]
        spreads = [factor * one.spread for one in priors]
        return gpytorch.priors.NormalPrior(torch.tensor(medians), torch.tensor(spreads))

    class ZeroMeanProcess(gpytorch.models.ExactGP):
        def __init__(self) -> None:
            super().__init__(points, targets, gpytorch.likelihoods.GaussianLikelihood(noise_constraint=logarithm()))
            kernel = gpytorch.kernels.MaternKernel(
                2.5, ard_num_dims=points.shape[1], lengthscale_constraint=logarithm()
            )
            self.mean_module = gpytorch.means.ZeroMean()
            self.covar_module = gpytorch.kernels.ScaleKernel(kernel, outputscale_constraint=logarithm())
            kernel.register_prior("length_prior", normal(prior.lengths, 1.0), "raw_lengthscale")
            self.covar_module.register_prior("signal_prior", normal((prior.signal,), 2.0), "raw_outputscale")
            self.likelihood.noise_covar.register_prior("noise_prior", normal((prior.noise,), 2.0), "raw_noise")

        def forward(self, inputs: torch.Tensor) -> Any:
            return gpytorch.distributions.MultivariateNormal(self.mean_module(inputs), self.covar_module(inputs))

    return ZeroMeanProcess().double()


class GaussianProcess:
    """Exact regression, used as scikit-learn's estimators are.

    >>> GaussianProcess(prior).fit(points, targets).predict(others)  # doctest: +SKIP

    :param prior: priors of the hyperparameters, which are fitted then.
    :param hyperparameters: known ones, which are not fitted.
    """

    def __init__(
        self, prior: HyperparameterPrior | None = None, hyperparameters: Hyperparameters | None = None
    ) -> None:
        self.prior = prior
        self.hyperparameters = hyperparameters

    def fit(self, points: Array, targets: Array) -> GaussianProcess:
        """Learn (n,) targets, of about zero mean and unit variance, at (n, d) points.

        :raises ValueError: when neither hyperparameters nor their prior are known.
        """
        if self.hyperparameters is not None:
            self.hyperparameters_ = self.hyperparameters
        elif self.prior is not None:
            self.hyperparameters_ = fit_hyperparameters(points, targets, self.prior)
        else:
            raise ValueError("a Gaussian process needs hyperparameters, or a prior to fit them")
        self.points_, self.targets_ = points, targets
        return self

    def predict(self, points: Array) -> tuple[Array, Array]:
        """Return the (m,) means and standard deviations of the function at (m, d) points."""
        covariance = self.hyperparameters_.covariance
        noise = self.hyperparameters_.noise_variance * np.eye(len(self.points_))
        factor = cholesky(covariance(self.points_, self.points_) + noise, lower=True)
        projections = solve_triangular(factor, covariance(self.points_, points), lower=True)
        mean = solve_triangular(factor, self.targets_, lower=True) @ projections
        variance = self.hyperparameters_.signal**2 - np.sum(projections**2, axis=0)
        return mean, np.sqrt(np.maximum(variance, 0.0))


class CandidatePosterior:
    """Posterior of a Gaussian process over a fixed list of N candidates, to which observations are added as they come.

    With the Cholesky factor L of the observed covariance and V = L⁻¹ k(observed, all), the mean is Vᵀ L⁻¹ y and the
    variance is k - diag(VᵀV): an observation appends one row to L and V. Memory is linear in candidates times
    observations.

    :param points: (N, d) features of all candidates.
    """

    def __init__(self, points: Array, hyperparameters: Hyperparameters) -> None:
        self.hyperparameters = hyperparameters
        self.rows: list[int] = []
        self.variance: Array = np.full(len(points), hyperparameters.signal**2)
        self._points = points
        self._factor: Array = np.zeros((0, 0))
        self._projections: Array = np.zeros((0, len(points)))

    def observe(self, rows: Sequence[int]) -> None:
        """Let more candidates be observed: their values are given to :meth:`mean`."""
        old, new = len(self.rows), len(self.rows) + len(rows)
        self._reserve(new)
        known = self._projections[:old]
        link = known[:, rows]
        covariance = self.hyperparameters.covariance(self._points[rows], self._points)
        noise = self.hyperparameters.noise_variance * np.eye(len(rows))
        block = cholesky(covariance[:, rows] - link.T @ link + noise, lower=True)
        added = solve_triangular(block, covariance - link.T @ known, lower=True)
        self._factor[old:new, :old], self._factor[old:new, old:new] = link.T, block
        self._projections[old:new] = added
        self.variance = np.maximum(self.variance - np.sum(added**2, axis=0), 0.0)
        self.rows.extend(rows)

    def mean(self, values: Array) -> Array:
        """Return the (N,) means, given the (n,) values of the observed candidates in the order of :attr:`rows`.

        Of (n, k) values, k functions at once, (k, N) means.
        """
        n = len(self.rows)
        weights = solve_triangular(self._factor[:n, :n], values, lower=True)
        result: Array = weights.T @ self._projections[:n]
        return result

    def covariance(self, rows: Sequence[int] | Array) -> Array:
        """Return the (m, m) posterior covariances of the function at some of the candidates."""
        points, projections = self._points[rows], self._projections[: len(self.rows), rows]
        result: Array = self.hyperparameters.covariance(points, points) - projections.T @ projections
        return result

    def impute(self, values: Array, is_known: Array) -> Array:
        """Return the means at the observed candidates whose values are missing, given the values of the others.

        :param values: (k,) values of the known ones.
        :param is_known: (n,) which ones are known, in the order of :attr:`rows`.
        """
        factor = self._factor[: len(self.rows), : len(self.rows)]
        covariance = factor @ factor.T
        weights = np.linalg.solve(covariance[np.ix_(is_known, is_known)], values)
        result: Array = covariance[np.ix_(~is_known, is_known)] @ weights
        return result

    def _reserve(self, count: int) -> None:
        """Make room for as many observations, twice the room whenever it is too small."""
        room, n = len(self._factor), len(self.rows)
        if count <= room:
            return
        room = max(16, 2 * room, count)
        factor, projections = np.zeros((room, room)), np.empty((room, len(self._points)))
        factor[:n, :n], projections[:n] = self._factor[:n, :n], self._projections[:n]
        self._factor, self._projections = factor, projections
