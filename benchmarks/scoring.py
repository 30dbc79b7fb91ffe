"""Measure how quickly all candidates of a space are scored, and that shards change nothing: one JSON line.

Everything from the enumeration of the candidates to the sorted list of the best is timed. The model is a matrix product
of random factors of similar size; a fitted one is given by --model. In ``candidates_per_cpu_second`` the product of
every candidate is computed; ``_pruned`` leaves out those that cannot be among the best, as it is the default, and
``_ordered`` is for models that need the cations in ascending order. Times are those of the processor, but for
``seconds_1e10``, which is what a clock shows; other work on the machine slows both down, which is why the matrix
product of two large matrices is timed in between.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # rates are those of one core
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import json
import resource
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition import SYMBOLS
from aiida_gbml.science.compounds.ions import LEVELS, IonTable
from aiida_gbml.science.compounds.roles import CoefficientLimits
from aiida_gbml.science.compounds.scoring.factor_kernel import FactorKernel
from aiida_gbml.science.compounds.scoring.request import ShardRequest
from aiida_gbml.science.compounds.scoring.stream import stream_kernel
from aiida_gbml.science.compounds.scoring.top_k import Best, merge_best

SIZE = 2048  # of the matrices whose product is timed
STRIDE = 16384

SMACT = """
import json, time
import smact
from smact.screening import smact_filter
elements = smact.element_dictionary(["Li", "Mg", "Al", "Ti", "Fe", "Cu", "Zn", "Sn", "O", "S", "Cl", "N"])
from itertools import combinations
rates = {}
for arity in (3, 4):
    count, begun, systems = 0, time.process_time(), 0
    for chosen in combinations(elements.values(), arity):
        count += len(smact_filter(list(chosen), threshold=8))
        systems += 1
        if time.process_time() - begun > 20:
            break
    rates[arity] = count / (time.process_time() - begun)
print(json.dumps(rates))
"""


@dataclass(frozen=True)
class RandomKernel(FactorKernel):
    """Products of a random number for each element and coefficient.

    :param tables: (119, R) of cations and of anions, (41, R) of their coefficients.
    """

    tables: tuple[Array, Array, Array, Array]
    is_symmetric: bool = True

    @classmethod
    def of(cls, rank: int, seed: int, is_symmetric: bool) -> RandomKernel:
        """Return a kernel of some rank."""
        rng = np.random.default_rng(seed)
        lengths = (len(SYMBOLS), len(SYMBOLS), 41, 41)
        # Whole numbers up to 15: products of five are exact with 32 bits, so that the order of cations has no effect.
        tables = tuple((rng.integers(-15, 16, size=(length, rank)) / 8).astype(np.float32) for length in lengths)
        return cls((tables[0], tables[1], tables[2], tables[3]), is_symmetric)

    @property
    def rank(self) -> int:
        """Number of factors."""
        return int(self.tables[0].shape[1])

    def rows(self, cations: Array, anions: Array) -> Array:
        """Return (t, R) products for elements."""
        return _product(self.tables[0], self.tables[1], np.column_stack([cations, anions]))

    def columns(self, ratios: Array) -> Array:
        """Return (r, R) products for coefficients."""
        return _product(self.tables[2], self.tables[3], ratios)


def _product(of_cations: Array, of_anions: Array, places: Array) -> Array:
    product: Array = np.take(of_anions, places[:, -1], axis=0)
    for index in range(places.shape[1] - 1):
        product *= np.take(of_cations, places[:, index], axis=0)
    return product


def main() -> None:
    """Print the figures."""
    options = parser().parse_args()
    try:
        kernel = _kernel(options)
        space = CandidateSpace(IonTable.default(options.level), 5, CoefficientLimits(options.limit, 20))
    except (OSError, ValueError) as exception:
        raise SystemExit(str(exception)) from exception
    begun = time.process_time()
    n_candidates = space.count()
    counting = time.process_time() - begun
    rates = _rates(space, kernel, options)
    content = {
        **rates,
        **_whole(n_candidates, options),
        "identical_topk": _identical(kernel, options),
        "n_candidates": n_candidates,
        "count_cpu_s": round(counting, 2),
        "rank": kernel.rank,
        "top_k": options.top_k,
        "processes": options.processes,
        "load": [round(value, 1) for value in os.getloadavg()],
        **_smact(options.smact_python),
    }
    print(json.dumps(content, sort_keys=True))


def parser() -> argparse.ArgumentParser:
    """Return the options."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--level", choices=LEVELS, default="common", help="ions of the quinaries")
    options.add_argument("--limit", type=int, default=8, help="largest coefficient of a cation")
    options.add_argument("--rank", type=_positive, default=16)
    options.add_argument("--top-k", type=_positive, default=1000)
    options.add_argument("--processes", type=_positive, default=2)
    options.add_argument("--shards", type=_positive, nargs="+", default=[1, 2, 7], help="numbers of shards to compare")
    options.add_argument("--repeats", type=_positive, default=3, help="of the rate, of which the median counts")
    options.add_argument("--parts", type=_positive, default=16, help="the rate is measured on one of so many parts")
    options.add_argument("--model", type=Path, help="file of a fitted recommender for quinaries")
    options.add_argument("--smact-python", type=Path, help="Python in which SMACT is installed")
    options.add_argument("--seed", type=int, default=0)
    return options


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def _kernel(options: argparse.Namespace, is_symmetric: bool = True) -> FactorKernel:
    if options.model is None:
        return RandomKernel.of(options.rank, options.seed, is_symmetric)
    from aiida_gbml.science.compounds.score_shard import read_model

    model = read_model(options.model.read_bytes())
    kernel = model.kernel()
    if kernel is None or model.space_.arity != 5:
        raise SystemExit(f"the model in '{options.model}' is no matrix product, or none for quinaries")
    return kernel


def _rates(space: CandidateSpace, kernel: FactorKernel, options: argparse.Namespace) -> dict[str, Any]:
    """Return candidates a second of the processor, and what the matrix product alone would allow."""
    ordered = _kernel(options, is_symmetric=False)
    ways = {
        "candidates_per_cpu_second": (kernel, False),
        "candidates_per_cpu_second_pruned": (kernel, True),
        "candidates_per_cpu_second_ordered": (ordered, False),
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    limits: list[float] = []
    for repeat in range(options.repeats):
        for name, (model, prune) in ways.items():
            limits.append(_product_rate())
            request = ShardRequest(
                space, options.top_k, shard=repeat % options.parts, n_shards=options.parts, stride=STRIDE
            )
            begun = time.process_time()
            scored = stream_kernel(request, model, prune=prune)
            found[name].append(scored.n_scored / (time.process_time() - begun))
    limit = median(limits)
    return {
        **{name: float(f"{median(rates):.3g}") for name, rates in found.items()},
        "product_gflops": round(limit / 1e9, 1),
        "candidates_per_second_of_product": float(f"{limit / (2 * kernel.rank):.3g}"),
    }


def _product_rate() -> float:
    """Return operations a second of the processor in the product of two large matrices of 32-bit numbers."""
    one, other = np.random.default_rng(0).random((2, SIZE, SIZE), dtype=np.float32)
    begun = time.process_time()
    for _ in range(3):
        np.matmul(one, other)
    return 3 * 2 * SIZE**3 / (time.process_time() - begun)


def _whole(n_candidates: int, options: argparse.Namespace) -> dict[str, Any]:
    """Score 10^10 candidates, or all if they are fewer, with several processes, and return the time by the clock."""
    n_shards = 16 * options.processes
    chosen = range(min(n_shards, 1 + int(n_shards * 1e10 / n_candidates)))
    begun = time.perf_counter()
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(_shard, options, shard, n_shards) for shard in chosen]
        results = [job.result() for job in jobs]
    best = merge_best(options.top_k, (result[0] for result in results))
    seconds = time.perf_counter() - begun
    n_scored = sum(result[1] for result in results)
    memory = {result[4]: result[3] for result in sorted(results, key=lambda result: result[3])}
    return {
        "seconds_1e10": round(seconds * 1e10 / n_scored, 1),
        "cpu_seconds_1e10": round(sum(result[2] for result in results) * 1e10 / n_scored, 1),
        "n_scored": n_scored,
        "rss_mb": round(sum(memory.values())),
        "best_score": float(best[0][0]),
    }


def _shard(options: argparse.Namespace, shard: int, n_shards: int) -> tuple[Best, int, float, float, int]:
    """Return the best of a shard, the number of its candidates, seconds, the memory of the process (MB) and its id."""
    space = CandidateSpace(IonTable.default(options.level), 5, CoefficientLimits(options.limit, 20))
    begun = time.process_time()
    request = ShardRequest(space, options.top_k, shard=shard, n_shards=n_shards, stride=STRIDE)
    scored = stream_kernel(request, _kernel(options))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1024)
    return scored.best, scored.n_scored, time.process_time() - begun, memory, os.getpid()


def _identical(kernel: FactorKernel, options: argparse.Namespace) -> bool:
    """Return whether any number of shards gives the same best quinaries and histogram, to the last bit."""
    space = CandidateSpace(IonTable.default("common"), 5, CoefficientLimits(2, 20))
    found = set()
    for n_shards in options.shards:
        requests = [ShardRequest(space, options.top_k, shard=n, n_shards=n_shards, stride=64) for n in range(n_shards)]
        parts = [stream_kernel(request, kernel) for request in requests]
        best = merge_best(options.top_k, (part.best for part in parts))
        histogram = np.sum([part.histogram for part in parts], axis=0)
        found.add(b"".join(array.tobytes() for array in (*best, histogram)))
    return len(found) == 1


def _smact(python: Path | None) -> dict[str, Any]:
    """Return the compositions a second that SMACT enumerates, without scores, for ternaries and quaternaries."""
    if python is None:
        return {"smact_per_second": None}
    try:
        done = subprocess.run([str(python), "-c", SMACT], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as exception:
        print(f"SMACT was not measured: {exception}", file=sys.stderr)
        return {"smact_per_second": None}
    rates = json.loads(done.stdout.splitlines()[-1])
    return {"smact_per_second": {arity: round(rate) for arity, rate in rates.items()}}


if __name__ == "__main__":
    main()
