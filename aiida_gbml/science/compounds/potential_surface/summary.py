"""What a search has found: stable sites, the path between them, barriers along each direction, a rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.constants import Boltzmann, elementary_charge

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.potential_surface.grid import SiteGrid
from aiida_gbml.science.compounds.potential_surface.observations import SiteEnergies
from aiida_gbml.science.compounds.potential_surface.percolation import Bottleneck, PeriodicGraph
from aiida_gbml.science.compounds.potential_surface.quotient import QuotientGraph
from aiida_gbml.science.compounds.potential_surface.search import SaddleSearch
from aiida_gbml.science.compounds.potential_surface.settings import SaddleSettings

if TYPE_CHECKING:
    from ase import Atoms

N_SITES = 5
"""Most stable sites that a summary names."""


@dataclass(frozen=True)
class Landscape:
    """The energy of a mobile atom over a grid, as far as it is known, and elsewhere as it is predicted.

    :param grid: the n points.
    :param energies: (n,) eV, infinite where an evaluation failed.
    :param deviations: (n,) standard deviations of the predictions in eV, 0 where evaluated.
    :param is_evaluated: (n,) whether a point was evaluated, also in vain, unless it was the machine that failed.
    :param agreement: share of surfaces drawn from the model that have the same barrier, 1 when nothing is predicted.
    """

    grid: SiteGrid
    energies: Array
    deviations: Array
    is_evaluated: Array
    agreement: float

    @classmethod
    def of(cls, host: Atoms, grid: SiteGrid, known: SiteEnergies, settings: SaddleSettings, seed: int = 0) -> Landscape:
        """Return the landscape of some evaluated points; the model of a search fills in the others.

        :raises ValueError: when no evaluation has succeeded.
        """
        is_evaluated = np.zeros(len(grid), dtype=bool)
        is_evaluated[known.rows[~known.machine_faults]] = True
        if is_evaluated.all() and known.n_failed < len(known):
            energies = np.full(len(grid), np.inf)
            energies[known.rows] = np.where(np.isnan(known.energies), np.inf, known.energies)
            return cls(grid, energies, np.zeros(len(grid)), is_evaluated, 1.0)
        search = SaddleSearch(host, grid, seed=seed, settings=settings)
        search.tell(known.rows, known.energies, known.machine_faults)
        energies, deviations = search.predict()
        return cls(grid, energies, deviations, is_evaluated, search.agreement)

    @property
    def lowest(self) -> float:
        """Energy of the most stable point in eV."""
        return float(self.energies.min())

    def sites(self, count: int = N_SITES) -> list[dict[str, Any]]:
        """Return stable sites, the most stable first: no neighbour of theirs on the grid lies lower.

        Each has its ``row``, its ``energy`` in eV above the most stable, ``multiplicity`` in the cell, fractional
        ``position``, and whether it is ``evaluated``.
        """
        graph = PeriodicGraph(self.grid.divisions, self.grid.steps)
        found = dict.fromkeys(self.grid.orbits[graph.minima(self.grid.on_grid(self.energies))].tolist())
        return [
            {
                "row": row,
                "energy": float(self.energies[row] - self.lowest),
                "multiplicity": int(self.grid.sizes[row]),
                "position": np.round(self.grid.fractional[row], 4).tolist(),
                "evaluated": bool(self.is_evaluated[row]),
            }
            for row in list(found)[:count]
        ]

    def bottlenecks(self) -> tuple[Bottleneck | None, dict[str, float | None]]:
        """Return the lowest path of all, and barriers in eV from the most stable site, none where it never gets.

        Barriers: along ``a``, ``b`` and ``c``, and in one, two and three dimensions (``1d``, ``2d``, ``3d``).
        """
        graph = PeriodicGraph(self.grid.divisions, self.grid.steps)
        energies = self.grid.on_grid(self.energies)
        quick = QuotientGraph(self.grid).bottleneck(self.energies)
        guess = None if quick is None else quick[0]
        levels: dict[str, float | None] = {}
        for axis, name in enumerate("abc"):
            found = graph.bottleneck(energies, axis=axis, guess=guess)
            levels[name] = None if found is None else found.level - self.lowest
        for dimension, level in enumerate(graph.levels_of_ranks(energies, guess=guess), start=1):
            levels[f"{dimension}d"] = level - self.lowest if np.isfinite(level) else None
        return graph.bottleneck(energies, guess=guess), levels

    def along(self, path: Array) -> tuple[Array, Array, Array]:
        """Return the (k,) distances in Å, the (k, 3) fractional coordinates and the (k,) energies of a path.

        Coordinates are not wrapped: the path leads from a site to its image. Energies are in eV above the site.

        :param path: (k,) grid points, each a neighbour of the one before.
        """
        places = self.grid.fractional_of(path)
        moves = np.diff(places, axis=0)
        moves -= np.rint(moves)
        unwrapped = places[0] + np.concatenate([np.zeros((1, 3)), np.cumsum(moves, axis=0)])
        lengths = np.linalg.norm(moves @ self.grid.cell, axis=1)
        energies = self.energies[self.grid.orbits[path]] - self.lowest
        return np.concatenate([[0.0], np.cumsum(lengths)]), unwrapped, energies


def jump_rate(barrier: float, temperature: float, attempt_frequency: float) -> float:
    r"""Return :math:`\nu_0 \exp(-\Delta E / k T)` in 1/s, the rate of jumps in harmonic transition-state theory.

    :param barrier: eV.
    :param temperature: K.
    :param attempt_frequency: 1/s, 1e12 to 1e13 for most atoms.
    """
    return float(attempt_frequency * np.exp(-barrier * elementary_charge / (Boltzmann * temperature)))


def describe(
    landscape: Landscape, known: SiteEnergies, temperature: float, attempt_frequency: float
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return a flat summary, and the arrays of the surface and of the lowest path.

    :param temperature: of the rate, K.
    :param attempt_frequency: of the rate, 1/s.
    """
    grid = landscape.grid
    found, levels = landscape.bottlenecks()
    sites = landscape.sites()
    summary: dict[str, Any] = {
        "barrier": None if found is None else found.level - landscape.lowest,
        **{f"barrier_{name}": level for name, level in levels.items()},
        "n_points": len(grid),
        "n_grid": len(grid.orbits),
        "n_excluded": int(np.sum(grid.orbits < 0)),
        "n_evaluated": len(known),
        "n_failed": known.n_failed,
        "n_machine_faults": int(known.machine_faults.sum()),
        "fraction_evaluated": len(known) / len(grid),
        "agreement": landscape.agreement,
        "lowest_energy": landscape.lowest,
        "site_row": sites[0]["row"],
        "temperature": temperature,
        "attempt_frequency": attempt_frequency,
        **{
            f"site_{name}": [one[name] for one in sites] for name in ("position", "energy", "multiplicity", "evaluated")
        },
    }
    arrays = {
        "energies": landscape.energies,
        "deviations": landscape.deviations,
        "evaluated": landscape.is_evaluated,
        "positions": grid.fractional,
    }
    if found is not None:
        row = int(grid.orbits[found.point])
        distances, places, energies = landscape.along(found.path)
        summary |= {
            "bottleneck_row": row,
            "bottleneck_position": np.round(grid.fractional[row], 4).tolist(),
            "bottleneck_evaluated": bool(landscape.is_evaluated[row]),
            "bottleneck_deviation": float(landscape.deviations[row]),
            "winding": found.winding.tolist(),
            "path_length": float(distances[-1]),
            "jump_rate": jump_rate(summary["barrier"], temperature, attempt_frequency),
        }
        arrays |= {
            "path_distances": distances,
            "path_positions": places,
            "path_energies": energies,
            "path_evaluated": landscape.is_evaluated[grid.orbits[found.path]],
            "path_deviations": landscape.deviations[grid.orbits[found.path]],
        }
    return summary, arrays
