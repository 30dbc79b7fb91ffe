"""The search for the stable site and the lowest bottleneck of a mobile atom, with a Gaussian process over all points.

The boundary search looks for one minimum; here two points decide, and which they are depends on the whole surface. So
surfaces are drawn from the posterior, minimum and bottleneck of each are found exactly by percolation, and the point
that is named most often is evaluated next (Kanamori et al., Phys. Rev. B 97, 125124 (2018)).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.potential_surface.features import features_of
from aiida_gbml.science.compounds.potential_surface.grid import SiteGrid
from aiida_gbml.science.compounds.potential_surface.quotient import QuotientGraph
from aiida_gbml.science.compounds.potential_surface.scale import LogScale
from aiida_gbml.science.compounds.potential_surface.settings import SaddleSettings
from aiida_gbml.science.learning.function_draws import posterior_draws, prior_draws
from aiida_gbml.science.learning.gaussian_search import GaussianSearch

if TYPE_CHECKING:
    from ase import Atoms

_LEAST_DEVIATION = 1e-12
_ROOM = 0.1  # of the barrier, within which the bottleneck of the next drawn surface is looked for first


@dataclass(frozen=True)
class Dominant:
    """The two points that decide how fast an atom travels.

    :param site: row of the most stable point.
    :param bottleneck: row of the highest point on the lowest path; none when there is no path.
    :param barrier: energy between them, eV; infinite without a path.
    """

    site: int
    bottleneck: int | None
    barrier: float

    @property
    def rows(self) -> list[int]:
        """The rows of both."""
        return [self.site] if self.bottleneck is None else [self.site, self.bottleneck]


class SaddleSearch(GaussianSearch[LogScale]):
    """Ask for the point whose evaluation promises most about the lowest path of a mobile atom.

    >>> search = SaddleSearch(host, grid, seed=7)  # doctest: +SKIP
    >>> while search.stop_reason is None:  # doctest: +SKIP
    ...     rows = search.ask(batch_size=4)
    ...     search.tell(rows, evaluate(rows))

    :param host: the crystal.
    :param grid: the points.
    :param seed: decides the first point and everything that is drawn.
    :param budget: at most so many points are asked for in all; none for no limit.
    :param settings: how the search works.
    :param starting_points: rows to evaluate first.
    """

    def __init__(
        self,
        host: Atoms,
        grid: SiteGrid,
        *,
        seed: int = 0,
        budget: int | None = None,
        settings: SaddleSettings | None = None,
        starting_points: Sequence[int] = (),
    ) -> None:
        self.settings = settings or SaddleSettings()
        self.grid = grid
        self.graph = QuotientGraph(grid)
        points, prior = features_of(self.settings.features, host, grid)
        super().__init__(
            grid,
            points,
            prior,
            seed=seed,
            budget=budget,
            n_initial=self.settings.n_initial,
            starting_points=starting_points,
        )
        self._draws = np.zeros((0, len(grid)))
        self._drawn_for = 0
        self._drawn_at: tuple[int, ...] = ()
        self._found: list[Dominant] = []

    def predict(self) -> tuple[Array, Array]:
        """Return the (n,) energies of all points in eV, those observed as they are, and their standard deviations.

        A deviation in eV is that of the targets, scaled where the mean is. Failed evaluations are infinite.

        :raises SearchError: while nothing is known.
        """
        belief = self._believe()
        scale = self._scale
        energies = scale.energies(belief.mean)
        slope = scale.spread * (np.maximum(energies - scale.lowest, 0.0) + scale.unit)
        deviation = slope * belief.deviation
        deviation[list(self.observed)] = 0.0
        return self._with_observed(energies), deviation

    @property
    def dominant(self) -> Dominant:
        """The dominant points of the surface as it is believed to be.

        :raises SearchError: while nothing is known.
        """
        return self._dominant_of(self.predict()[0])

    @property
    def agreement(self) -> float:
        """Share of drawn surfaces whose barrier is that of the dominant points within the tolerance."""
        expected = self.dominant.barrier
        allowed = self.settings.tolerance * expected if np.isfinite(expected) else 0.0
        # Without a path the barrier is infinite, which equals itself but has no distance from itself.
        agrees = [one.barrier == expected or abs(one.barrier - expected) <= allowed for one in self._drawn()]
        return float(np.mean(agrees))

    @property
    def stop_reason(self) -> str | None:
        """Why the search should end; none while it should go on."""
        reason, settings = super().stop_reason, self.settings
        if reason is not None or len(self._energies()) < settings.n_initial + settings.patience:
            return reason
        # A point that the machine failed will not be evaluated any more, however much hangs on it.
        settled = {*list(self.observed)[: -settings.patience], *self.uncomputed}
        dominant = self.dominant
        if not settled.issuperset(dominant.rows) or self.agreement < settings.confidence:
            return None
        return (
            "no path to be found" if dominant.bottleneck is None else f"barrier known within {settings.tolerance:.1%}"
        )

    def _scale_of(self, energies: Array) -> LogScale:
        return LogScale.of(energies)

    def _most_distant(self, is_available: Array) -> int:
        """Return a point drawn at random at first, and then the one farthest from all asked for.

        The corner that other searches begin in is always the point closest to an atom of the host, whatever the seed.
        """
        if self.n_asked == 0:
            return int(self._generator().integers(len(self.grid)))
        return super()._most_distant(is_available)

    def _choose(self) -> int:
        available = self.available
        if self.settings.acquisition == "dominant points":
            named = Counter(row for one in self._drawn() for row in one.rows if available[row])
            if named:
                return max(sorted(named), key=named.__getitem__)
        return self._most_doubtful(available)

    def _most_doubtful(self, available: Array) -> int:
        """Return the available point that is most likely on the other side of the bottleneck than is believed.

        Selective sampling of the low-energy region (Toyoura et al., Phys. Rev. B 93, 054112 (2016)), whose threshold is
        here the bottleneck itself.
        """
        belief = self._believe()
        bottleneck = self.dominant.bottleneck
        threshold = belief.mean[bottleneck] if bottleneck is not None else np.median(belief.mean)
        doubt = ndtr(-np.abs(belief.mean - threshold) / np.maximum(belief.deviation, _LEAST_DEVIATION))
        return int(np.argmax(np.where(available, doubt, -1.0)))

    def _drawn(self) -> list[Dominant]:
        """Return the dominant points of surfaces drawn from the posterior."""
        state = (*self.observed, -1, *self.pending)
        if self._drawn_at != state:
            self._found, self._drawn_at = list(self._draw()), state
        return self._found

    def _draw(self) -> Iterator[Dominant]:
        """Yield the dominant points of one drawn surface after the other."""
        values = self._values()
        if self._drawn_for != self._fitted_to:
            source = np.random.default_rng([self.seed, self._fitted_to, 1])
            self._draws = prior_draws(self._points, self._posterior.hyperparameters, self.settings.n_draws, source)
            self._drawn_for = self._fitted_to
        surfaces = posterior_draws(self._posterior, values, self._draws, self._generator())
        guess = None
        for surface in self._scale.energies(surfaces):
            energies = self._with_observed(surface)
            found = self._dominant_of(energies, guess)
            if found.bottleneck is not None:
                guess = energies[found.bottleneck] + _ROOM * found.barrier
            yield found

    def _with_observed(self, energies: Array) -> Array:
        """Return (n,) energies of all points in which those observed are what they are; failed ones are infinite."""
        known = np.array(list(self.observed.values()))
        energies[list(self.observed)] = np.where(np.isnan(known), np.inf, known)
        return energies

    def _dominant_of(self, energies: Array, guess: float | None = None) -> Dominant:
        """Return the dominant points of (n,) energies in eV."""
        found = self.graph.bottleneck(energies, guess)
        site = int(np.argmin(energies))
        if found is None:
            return Dominant(site, None, float("inf"))
        level, row = found
        return Dominant(site, row, float(level - energies[site]))
