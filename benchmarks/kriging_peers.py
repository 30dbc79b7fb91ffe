"""Count the evaluations that PHYSBO and botorch need on the table of benchmarks/kriging.py: one JSON line.

Both come with the extra `benchmark`. Used by their defaults they see the coordinates dx, gb, dz, know no symmetry, and
start with random candidates: PHYSBO's exact Gaussian process with its score EI, refitted every five steps, botorch's
SingleTaskGP with LogExpectedImprovement, refitted at every step. Our own search runs on the same seeds.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import contextlib
import io
import json
import time
from collections.abc import Callable

import numpy as np
from kriging import TOLERANCES, evaluations, parser, quantiles, read_table

from aiida_gbml.science.archive import Array

CHUNK = 3000  # candidates that botorch scores at once
INTERVAL = 5  # steps between PHYSBO's refits


def physbo_order(points: Array, energies: Array, budget: int, n_initial: int, seed: int) -> Array:
    """Return the rows that PHYSBO evaluates, in order."""
    import physbo

    policy = physbo.search.discrete.Policy(test_X=physbo.misc.centering(points))
    policy.set_seed(seed)

    def simulator(actions: Array) -> Array:
        return -energies[actions]  # it maximises

    with contextlib.redirect_stdout(io.StringIO()):
        policy.random_search(max_num_probes=n_initial, simulator=simulator)
        history = policy.bayes_search(
            max_num_probes=budget - n_initial, simulator=simulator, score="EI", interval=INTERVAL, num_rand_basis=0
        )
    rows: Array = history.chosen_actions[: history.total_num_search]
    return rows


def botorch_order(points: Array, energies: Array, budget: int, n_initial: int, seed: int) -> Array:
    """Return the rows that botorch evaluates, in order; it ends when it has found the lowest energy."""
    import torch
    from botorch.acquisition import LogExpectedImprovement
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import SingleTaskGP
    from gpytorch.mlls import ExactMarginalLogLikelihood

    torch.manual_seed(seed)
    lowest, highest = points.min(axis=0), points.max(axis=0)
    x, y = torch.as_tensor((points - lowest) / (highest - lowest)), torch.as_tensor(-energies)[:, None]
    rows = np.random.default_rng(seed).choice(len(points), n_initial, replace=False).tolist()
    while len(rows) < budget and energies[rows].min() > energies.min() + min(TOLERANCES.values()):
        model = SingleTaskGP(x[rows], y[rows])
        fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        score = LogExpectedImprovement(model, best_f=y[rows].max())
        with torch.no_grad():
            values = torch.cat([score(part[:, None]) for part in x.split(CHUNK)])
        values[rows] = -torch.inf
        rows.append(int(values.argmax()))
    return np.array(rows)


def needed(order: Array, energies: Array) -> list[float]:
    """Return how many of the ordered rows come before the first within each tolerance; inf if there is none."""
    excess = np.minimum.accumulate(energies[order]) - energies.min()
    return [float(np.argmax(excess <= one)) + 1 if excess[-1] <= one else np.inf for one in TOLERANCES.values()]


def main() -> None:
    """Run every program on every seed and print what it needed."""
    options = parser()
    options.description = __doc__
    options.add_argument("--initial", type=int, default=20, help="random candidates before the other programs' models")
    options.add_argument("--programs", nargs="+", default=["aiida-gbml", "physbo", "botorch"])
    arguments = options.parse_args()
    candidates, energies = read_table(arguments)
    points = np.column_stack([candidates.translations[:, 0], candidates.gaps, candidates.translations[:, 1]])
    size = (arguments.budget, arguments.initial)
    runs: dict[str, Callable[[int], list[float]]] = {
        "aiida-gbml": lambda seed: evaluations(candidates, energies, arguments.budget, seed),
        "physbo": lambda seed: needed(physbo_order(points, energies, *size, seed), energies),
        "botorch": lambda seed: needed(botorch_order(points, energies, *size, seed), energies),
    }
    result = {}
    for program in arguments.programs:
        start = time.process_time()
        counts = np.array([runs[program](seed) for seed in range(arguments.seeds)])
        found = {name: quantiles(counts[:, index]) for index, name in enumerate(TOLERANCES)}
        result[program] = {**found, "cpu_seconds_per_seed": (time.process_time() - start) / arguments.seeds}
    print(json.dumps({**result, "n_seeds": arguments.seeds, "budget": arguments.budget}))


if __name__ == "__main__":
    main()
