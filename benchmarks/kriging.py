"""Count the evaluations that a Kriging search needs on a table of boundary energies: one JSON line.

The table has the columns dx, gb, dz (Å) and gb_energy (J/m²); an empty or NaN energy is an evaluation that fails. dx
runs along the direction of the boundary plane that is perpendicular to the tilt axis, dz along the axis, gb along the
normal. Periods and symmetry are those of the boundary, and every evaluation counts, initial ones included.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # steps are timed on one core

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.interfaces.bicrystal import Bicrystal
from aiida_gbml.science.interfaces.boundary import Boundary
from aiida_gbml.science.interfaces.candidates import CandidateSet
from aiida_gbml.science.interfaces.crystal import Crystal
from aiida_gbml.science.interfaces.kriging import KrigingSearch
from aiida_gbml.science.interfaces.translations import TranslationGroup

TOLERANCES = {"evaluations_to_0.1mJ": 1e-4, "evaluations_to_1mJ": 1e-3}
SPECIES = {"rocksalt": ("Mg", "O"), "fluorite": ("Ca", "F"), "cscl": ("Cs", "Cl"), "zincblende": ("Zn", "S")}
N_TIMED, N_KNOWN = 24, 150  # hyperparameters are refitted once in so many steps


def parser() -> argparse.ArgumentParser:
    """Return the options that say which table and which boundary."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--table", type=Path, required=True)
    options.add_argument("--lattice", default="fcc", help="prototype, such as fcc, bcc, diamond or rocksalt")
    options.add_argument("--lattice-parameter", type=float, required=True, help="Å")
    options.add_argument("--axis", type=int, nargs=3, required=True)
    options.add_argument("--plane", type=int, nargs=3, required=True)
    options.add_argument("--sigma", type=int, help="needed unless the boundary is a symmetric tilt")
    options.add_argument("--seeds", type=int, default=50)
    options.add_argument("--budget", type=int, default=150)
    options.add_argument("--processes", type=int, default=1, help="seeds that run side by side")
    return options


def read_table(arguments: argparse.Namespace) -> tuple[CandidateSet, Array]:
    """Return the candidates of a table and their (n,) energies in J/m²."""
    table = np.genfromtxt(arguments.table, delimiter=",", names=True)
    count = len(table)
    same = np.zeros(count, dtype=np.int64)
    translations = np.column_stack([table["dx"], table["dz"]])
    candidates = CandidateSet(translations, table["gb"], same, same, same + 1, symmetry(arguments), count)
    return candidates, table["gb_energy"]


def symmetry(arguments: argparse.Namespace) -> TranslationGroup:
    """Return the periods and the symmetry of the translations of a boundary."""
    plane = np.array(arguments.plane) // gcd(*arguments.plane)
    squares = int(plane @ plane)
    # The coincidence index of a symmetric tilt boundary of a cubic crystal follows from its plane.
    sigma = arguments.sigma or (squares // 2 if squares % 2 == 0 else squares)
    crystal = Crystal.prototype(arguments.lattice, SPECIES.get(arguments.lattice, "X"), arguments.lattice_parameter)
    return Bicrystal(crystal, Boundary.from_sigma(sigma, arguments.axis, arguments.plane)).group


def evaluations(candidates: CandidateSet, energies: Array, budget: int, seed: int) -> list[float]:
    """Return how many evaluations one search needs to come within each tolerance of the lowest energy; inf if never."""
    search, lowest, needed = KrigingSearch(candidates, seed, budget), np.nanmin(energies), [np.inf] * len(TOLERANCES)
    while search.n_asked < search.budget and np.inf in needed:
        rows = search.ask()
        search.tell(rows, energies[rows])
        excess = np.inf if search.best is None else energies[search.best] - lowest
        for index, tolerance in enumerate(TOLERANCES.values()):
            if excess <= tolerance:
                needed[index] = min(needed[index], search.n_asked)
    return needed


def seconds_a_step(candidates: CandidateSet, energies: Array) -> Array:
    """Return the CPU seconds of steps that ask for and tell one candidate, when N_KNOWN (or half of all) are known.

    The first step is not counted: it builds at once what a running search has built one by one.
    """
    search = KrigingSearch(candidates)
    known = np.random.default_rng(0).permutation(len(energies))[: min(N_KNOWN, len(energies) // 2)]
    search.tell(known, energies[known])
    search.ask()
    seconds = []
    for _ in range(N_TIMED):
        start = time.process_time()
        rows = search.ask()
        search.tell(rows, energies[rows])
        seconds.append(time.process_time() - start)
    return np.array(seconds)


def quantiles(counts: Array) -> dict[str, float | None]:
    """Return quantiles of numbers of evaluations, none where that share of the searches did not arrive."""
    found = {f"q{share}": np.percentile(counts, share, method="higher") for share in (25, 50, 75, 90)}
    values = {name: float(value) if np.isfinite(value) else None for name, value in found.items()}
    return {**values, "reached": float(np.mean(np.isfinite(counts)))}


def main() -> None:
    """Run all seeds and print what they needed."""
    arguments = parser().parse_args()
    candidates, energies = read_table(arguments)
    run = partial(evaluations, candidates, energies, arguments.budget)
    with ProcessPoolExecutor(arguments.processes) as pool:
        needed = np.array(list(pool.map(run, range(arguments.seeds))))
    seconds = seconds_a_step(candidates, energies)
    result: dict[str, Any] = {name: quantiles(needed[:, index]) for index, name in enumerate(TOLERANCES)}
    result |= {"seconds_per_step": float(np.median(seconds)), "seconds_per_step_mean": float(np.mean(seconds))}
    print(json.dumps({**result, "n_candidates": len(candidates), "n_seeds": arguments.seeds}))


if __name__ == "__main__":
    main()
