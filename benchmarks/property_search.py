"""Count the evaluations that a search over compounds needs to find the best of a table: one JSON line.

The table is an extended XYZ, or a CSV with a column `structure`, whose values are all known; the search sees those
alone that it asks for. It arrives when it has found a compound within `--tolerance` of the best, every initial one
counted. Beside it stand random draws without replacement, computed from the number of such compounds.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # CPU time is that of one core

import argparse
import json
import sys
import time
from math import comb
from pathlib import Path
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.objective import GOALS, Objective
from aiida_gbml.science.compounds.property_files import read_property_file
from aiida_gbml.science.compounds.property_observations import PropertyObservations
from aiida_gbml.science.compounds.property_search import ACQUISITIONS, PropertySearchSettings, make_search
from aiida_gbml.science.compounds.search_features import search_features
from aiida_gbml.science.structure_set import StructureSet

TABLE = Path(__file__).parents[1] / "examples" / "alloys.extxyz"
QUANTILES = (0.25, 0.5, 0.75, 0.9)


def parser() -> argparse.ArgumentParser:
    """Return the options."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--table", type=Path, default=TABLE)
    options.add_argument("--property", default="formation_energy_per_atom", help="column or entry of the table")
    options.add_argument("--structure", help="column of the structures in a CSV")
    options.add_argument("--goal", choices=GOALS, default="minimise")
    options.add_argument("--target", type=float, help="wanted value, with the goal target")
    options.add_argument("--scale", choices=("linear", "log10"), default="linear")
    options.add_argument("--tolerance", type=float, default=1e-3, help="on the modelled scale")
    options.add_argument("--acquisition", choices=ACQUISITIONS, default=PropertySearchSettings().acquisition)
    options.add_argument("--descriptors", default="structure", help="name of a preset")
    options.add_argument("--batch-size", type=int, default=1)
    options.add_argument("--seeds", type=int, default=20)
    return options


def evaluations(search: Any, signed: Array, good: Array, batch_size: int) -> int:
    """Return the number of evaluations until one of the good compounds is known, its batch counted up to it."""
    done = 0
    while True:
        rows = search.ask(batch_size)
        found = np.flatnonzero(good[rows])
        if len(found):
            return done + int(found[0]) + 1
        search.tell(rows, signed[rows])
        done += len(rows)


def random_quantile(count: int, n_good: int, quantile: float) -> int:
    """Return how many of some compounds are drawn until one of the good ones is among them with a probability."""
    missed = (comb(count - n_good, drawn) / comb(count, drawn) for drawn in range(1, count + 1))
    return next(drawn for drawn, chance in enumerate(missed, start=1) if 1 - chance >= quantile - 1e-12)


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the figures."""
    if arguments.seeds < 1:
        raise ValueError(f"at least one seed is needed, got {arguments.seeds}")
    given = {"target": arguments.property, "structure": arguments.structure}
    table = read_property_file(arguments.table.name, arguments.table.read_bytes(), given)
    if not isinstance(table.compounds, StructureSet) or table.targets is None:
        raise ValueError(f"'{arguments.table}' holds no structures with a property")
    objective = Objective(arguments.property, arguments.goal, arguments.target, arguments.scale)
    signed, losses = objective.signed(table.targets.target), objective.losses(table.targets.target)
    if np.isnan(losses).any():
        raise ValueError(f"{np.isnan(losses).sum()} values of '{objective.property}' have no logarithm")
    good = losses <= losses.min() + arguments.tolerance
    begun = time.process_time()
    parameters = {"descriptors": arguments.descriptors, "strategy": {"acquisition": arguments.acquisition}}
    points = search_features(table.compounds, parameters)["points"]
    described = time.process_time() - begun
    settings, nothing = PropertySearchSettings(acquisition=arguments.acquisition), PropertyObservations.empty()
    counts = [
        evaluations(make_search(points, objective, settings, nothing, seed=seed), signed, good, arguments.batch_size)
        for seed in range(arguments.seeds)
    ]
    names = [f"q{100 * quantile:.0f}" for quantile in QUANTILES]
    found = [int(np.ceil(value)) for value in np.quantile(counts, QUANTILES)]
    drawn = [random_quantile(len(good), int(good.sum()), quantile) for quantile in QUANTILES]
    spent = time.process_time() - begun
    return {
        "evaluations": dict(zip(names, found, strict=True)),
        "random": dict(zip(names, drawn, strict=True)),
        "worst": max(counts),
        "n_candidates": len(good),
        "n_good": int(good.sum()),
        "n_components": points.shape[1],
        "property": objective.property,
        "goal": objective.goal,
        "tolerance": arguments.tolerance,
        "batch_size": arguments.batch_size,
        "seeds": arguments.seeds,
        "describe_s": round(described, 1),
        "cpu_s_an_evaluation": round((spent - described) / sum(counts), 3),
    }


def main() -> None:
    """Print the figures, or what is wrong in one sentence."""
    arguments = parser().parse_args()
    try:
        print(json.dumps(measure(arguments)))
    except (ValueError, OSError) as exception:
        raise SystemExit(f"{Path(sys.argv[0]).name}: {exception}") from exception


if __name__ == "__main__":
    main()
