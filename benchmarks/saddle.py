"""Count the evaluations that a search for the lowest bottleneck needs on surfaces of mobile atoms: one JSON line.

The surfaces are made here with LAMMPS (see `saddle_surfaces.py`), every irreducible point of them, and searched with
many seeds. A search has arrived when the site and the bottleneck that it names are both evaluated, their barrier is
that of the exhaustive search within 1 %, and all this stays so until it stops. Fractions are those of the irreducible
points at which the atom may be; `_of_grid` are those of all such points of the grid, without symmetry.

Two random searches stand beside it: one with the same model, which has arrived when the *predicted* barrier stays
within 1 %, and one without a model, which knows paths through evaluated points only.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # searches run side by side

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from saddle_surfaces import SURFACES, energies_of, surface_grid

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.potential_surface.grid import SiteGrid
from aiida_gbml.science.compounds.potential_surface.quotient import QuotientGraph
from aiida_gbml.science.compounds.potential_surface.search import SaddleSearch
from aiida_gbml.science.compounds.potential_surface.settings import SaddleSettings
from aiida_gbml.science.learning.search import RandomSearch

TOLERANCE = 0.01
MOST = 0.5  # of the points; a search that has not arrived by then never does


def parser() -> argparse.ArgumentParser:
    """Return the options."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--surface", action="append", choices=sorted(SURFACES), help="may be repeated; all by default")
    options.add_argument("--seeds", type=int, default=20)
    options.add_argument("--batch-size", type=int, default=1, help="evaluations a round")
    options.add_argument("--features", default="environment", help="environment or harmonics")
    options.add_argument("--acquisition", default="dominant points", help="or low-energy region")
    options.add_argument("--processes", type=int, default=1, help="seeds that run side by side")
    options.add_argument("--no-random", action="store_true", help="leave out the random searches")
    options.add_argument("--energies", type=Path, help="folder in which the energies are kept, or read from")
    return options


def barrier_of(graph: QuotientGraph, energies: Array) -> float:
    """Return the barrier of a surface in eV, infinite without a path; where there is no energy, the atom cannot be."""
    found = graph.bottleneck(np.nan_to_num(energies, nan=np.inf, posinf=np.inf))
    return np.inf if found is None else found[0] - float(np.nanmin(energies))


def first_of_last_run(is_right: list[bool]) -> float:
    """Return from which number on (counted from one) all are true; infinite when the last is not."""
    if not is_right or not is_right[-1]:
        return np.inf
    wrong = np.flatnonzero(~np.array(is_right))
    return float(wrong[-1] + 2) if len(wrong) else 1.0


def search_once(
    host: Atoms, grid: SiteGrid, energies: Array, settings: SaddleSettings, seed: int, *, batch_size: int
) -> dict[str, float]:
    """Return how many evaluations one search needs, when it stops, and how wrong its barrier is then."""
    search = SaddleSearch(host, grid, seed=seed, settings=settings)
    barrier = barrier_of(search.graph, energies)
    is_right: list[bool] = []
    found, start = search.settings, time.process_time()
    while search.n_asked < MOST * len(grid) and search.stop_reason is None:
        rows = search.ask(batch_size)
        search.tell(rows, energies[rows])
        found = search.dominant
        is_known = all(row in search.observed for row in found.rows)
        right = is_known and abs(found.barrier - barrier) <= TOLERANCE * barrier
        is_right += [False] * (len(rows) - 1) + [right] if not (is_right and is_right[-1]) else [right] * len(rows)
    return {
        "needed": first_of_last_run(is_right),
        "first": float(np.argmax(is_right) + 1) if any(is_right) else np.inf,
        "stopped": float(search.n_asked),
        "error": abs(found.barrier / barrier - 1),
        "seconds": time.process_time() - start,
    }


def random_with_model(host: Atoms, grid: SiteGrid, energies: Array, settings: SaddleSettings, seed: int) -> float:
    """Return how many random points the same model needs for a barrier that stays within the tolerance."""
    order = RandomSearch(grid, seed).ask(len(grid))
    counts, right = [settings.n_initial], []
    while counts[-1] * 1.25 < MOST * len(grid):
        counts.append(int(counts[-1] * 1.25))
    for count in counts:
        search = SaddleSearch(host, grid, seed=seed, settings=settings)
        search.tell(order[:count], energies[order[:count]])
        barrier = barrier_of(search.graph, energies)
        right.append(abs(search.dominant.barrier - barrier) <= TOLERANCE * barrier)
    arrived = first_of_last_run(right)
    return float(counts[int(arrived) - 1]) if np.isfinite(arrived) else np.inf


def random_without_model(grid: SiteGrid, energies: Array, seed: int) -> float:
    """Return how many random points hold a path, all of it, with a barrier within the tolerance."""
    order, graph = RandomSearch(grid, seed).ask(len(grid)), QuotientGraph(grid)
    barrier = barrier_of(graph, energies)

    def is_right(count: int) -> bool:
        known = np.full(len(grid), np.inf)
        known[order[:count]] = energies[order[:count]]
        return bool(abs(barrier_of(graph, known) - barrier) <= TOLERANCE * barrier)

    low, high = 0, len(grid)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_right(middle) else (middle, high)
    return float(high)


def quantiles(counts: Any, total: int) -> dict[str, float | None]:
    """Return median and 90th percentile of numbers of evaluations as fractions, none where they never arrived."""
    found = {f"q{share}": np.percentile(np.array(counts), share, method="higher") / total for share in (50, 90)}
    return {name: round(float(value), 4) if np.isfinite(value) else None for name, value in found.items()}


def read_or_make(name: str, grid: SiteGrid, folder: Path | None) -> Array:
    """Return the energies of a surface, which are kept in a folder if there is one."""
    path = None if folder is None else folder / f"{name.replace(' ', '_')}.npy"
    if path is not None and path.exists():
        return np.load(path)
    energies = energies_of(SURFACES[name], grid)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, energies)
    return energies


def judge(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of one surface."""
    surface, settings = SURFACES[name], SaddleSettings(arguments.acquisition, arguments.features)
    grid = surface_grid(surface)
    energies = read_or_make(name, grid, arguments.energies)
    host, total, everywhere = surface.host(), len(grid), int(grid.sizes.sum())
    search = partial(search_once, host, grid, energies, settings, batch_size=arguments.batch_size)
    with ProcessPoolExecutor(arguments.processes) as pool:
        found = list(pool.map(search, range(arguments.seeds)))
        randoms = {}
        if not arguments.no_random:
            seeds = range(arguments.seeds)
            with_model = partial(random_with_model, host, grid, energies, settings)
            randoms["random_with_model"] = quantiles(list(pool.map(with_model, seeds)), total)
            without = partial(random_without_model, grid, energies)
            randoms["random_without_model"] = quantiles(list(pool.map(without, seeds)), total)
    needed, stopped = ([one[key] for one in found] for key in ("needed", "stopped"))
    return {
        "n_points": total,
        "n_grid": everywhere,
        "barrier_eV": round(barrier_of(QuotientGraph(grid), energies), 4),
        "held_out": surface.is_held_out,
        "needed": quantiles(needed, total),
        "first": quantiles([one["first"] for one in found], total),
        "needed_of_grid": quantiles(needed, everywhere),
        "stopped": quantiles(stopped, total),
        "right_at_stop": float(np.mean([one["error"] <= TOLERANCE for one in found])),
        "largest_error_at_stop": round(max(one["error"] for one in found), 4),
        "cpu_s": round(float(np.median([one["seconds"] for one in found])), 1),
        **randoms,
    }


def main() -> None:
    """Search every surface with every seed and print what it took."""
    arguments = parser().parse_args()
    surfaces = {name: judge(name, arguments) for name in arguments.surface or SURFACES}
    medians = [one["needed"]["q50"] for one in surfaces.values()]
    worst = None if None in medians else max(medians)
    print(json.dumps({"worst_median_needed": worst, "n_seeds": arguments.seeds, "surfaces": surfaces}))


if __name__ == "__main__":
    main()
