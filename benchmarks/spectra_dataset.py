"""What a database node of many spectra costs: writing, reading one row, filtering, reading all, memory.

    python benchmarks/spectra_dataset.py [--spectra 100000] [--points 240]

Synthetic spectra are stored as one node in a profile of its own in a temporary folder, and read in another process.
``one_row_ms`` is the median of opening the node's file and reading one random row, ``one_row_cpu_ms`` its mean CPU
time, ``repository_ms`` the median of opening the file without reading it, which is AiiDA's own part; ``full_mb_s`` and
``raw_mb_s`` are the best of five reads of all intensities and of the bare file, both from the page cache; ``rss_mb`` is
the memory that reading 1000 random rows adds to a process that has loaded AiiDA and the node.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
WRITE = """
import json, sys, time
import numpy as np
from aiida import load_profile
from aiida_gbml.data.spectra_dataset import SpectraDatasetData
from aiida_gbml.science.spectra.dataset import SpectraTable

load_profile()
n, m = int(sys.argv[1]), int(sys.argv[2])
generator = np.random.default_rng(1)
columns = {
    "structure_uuid": np.array([f"{number // 5:036d}" for number in range(n)]),
    "calculation_uuid": np.array([f"{number:036d}" for number in range(n)]),
    "formula": np.array([f"C{number // 5 % 97}H{number // 5 % 89}" for number in range(n)]),
    "treatment": np.full(n, "full"), "status": np.full(n, "ok"),
    "site": np.arange(n) % 5, "multiplicity": generator.integers(1, 7, n),
    "transition_energy": generator.normal(290, 2, n),
}
table = SpectraTable("C", "K", 0.1 * np.arange(2850, 2850 + m), generator.random((n, m)), columns)
start = time.perf_counter()
node = SpectraDatasetData([table]).store()
print(json.dumps({"pk": node.pk, "write_s": time.perf_counter() - start}))
"""
READ = """
import json, sys, time
import numpy as np
from aiida import load_profile, orm

load_profile()
node = orm.load_node(int(sys.argv[1]))
generator = np.random.default_rng(2)

def best(action, repeats=5):
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        size = action()
        seconds.append(time.perf_counter() - start)
    return size / min(seconds) / 1e6

def one():
    start = time.perf_counter()
    with node.open() as spectra:
        spectra.rows("C_K", [int(generator.integers(len(node)))])
    return time.perf_counter() - start

def full():
    with node.open() as spectra:
        return spectra.rows("C_K").nbytes

def raw():
    with node.base.repository.open(node.FILENAME, mode="rb") as stream:
        return len(stream.read())

def bare():
    start = time.perf_counter()
    with node.base.repository.open(node.FILENAME, mode="rb"):
        return time.perf_counter() - start

cpu = time.process_time()
times = [one() for _ in range(200)]
cpu = time.process_time() - cpu
start = time.perf_counter()
with node.open() as spectra:
    chosen = np.flatnonzero(spectra.columns("C_K", ["formula"])["formula"] == "C3H3")
    spectra.table("C_K", chosen)
filtered = time.perf_counter() - start
result = {"one_row_ms": 1e3 * float(np.median(times)), "one_row_cpu_ms": 1e3 * cpu / len(times)}
result |= {"repository_ms": 1e3 * float(np.median([bare() for _ in range(200)]))}
result |= {"filtered_rows": len(chosen), "filtered_ms": 1e3 * filtered}
print(json.dumps({**result, "full_mb_s": best(full), "raw_mb_s": best(raw)}))
"""
MEMORY = """
import json, resource, sys
import numpy as np
from aiida import load_profile, orm

load_profile()
node = orm.load_node(int(sys.argv[1]))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak()
with node.open() as spectra:
    spectra.rows("C_K", np.random.default_rng(3).integers(0, len(node), 1000))
print(json.dumps({"rss_mb": peak() - before, "rss_mb_before": before}))
"""


def run(folder: Path, *command: str) -> str:
    """Run a command in the profile of a folder and return what it prints.

    :raises RuntimeError: with the end of the output, when it fails.
    """
    own = {"AIIDA_PATH": str(folder), "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)[:200]}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def python(folder: Path, script: str, *arguments: str) -> dict[str, Any]:
    """Run a script and return the JSON of its last line."""
    return dict(json.loads(run(folder, sys.executable, "-c", script, *arguments).strip().splitlines()[-1]))


def main() -> None:
    """Run all parts and print one line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spectra", type=int, default=100_000)
    parser.add_argument("--points", type=int, default=240)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(folder, str(BIN / "verdi"), "presto")
        written = python(folder, WRITE, str(given.spectra), str(given.points))
        pk = str(written.pop("pk"))
        figures = {**written, **python(folder, READ, pk), **python(folder, MEMORY, pk)}
    rounded = {name: round(value, 3) for name, value in figures.items()}
    print(json.dumps({"benchmark": "spectra_dataset", "spectra": given.spectra, "points": given.points, **rounded}))


if __name__ == "__main__":
    main()
