"""What a spectrum costs beyond ``pw.x`` and ``xspectra.x``: CPU seconds of the platform for one site and for ten.

    python benchmarks/spectra_cost.py [--sites 10]

Everything runs in a profile of its own in a temporary folder, by `aiida-gbml launch spectra --run` as a user types it.
Counted are the CPU seconds of the launching interpreter and of all its children; the programs themselves run as jobs
of the scheduler, which are children of neither. ``start_cpu_s`` is what the command costs that computes nothing. Each
site is that of a crystal of its own, which is the dearest case: no two of them share a ground state.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ase.build import bulk
from ase.io import write

BIN = Path(sys.executable).parent
COUNT = """
import json, sys
from aiida import load_profile, orm

load_profile()
node = orm.load_node(int(sys.argv[1]))
jobs = [one for one in node.called_descendants if isinstance(one, orm.CalcJobNode)]
seconds = 0.0
for job in jobs:
    found = job.outputs.output_parameters.get_dict() if "output_parameters" in job.outputs else {}
    seconds += found.get("cpu_seconds") or found.get("wall_time_seconds") or 0.0
count = lambda label: sum(one.process_label == label for one in jobs)
print(json.dumps({"exit_status": node.exit_status, "n_rows": len(node.outputs.dataset),
                  "n_failed": node.outputs.dataset.base.attributes.get("n_failed"), "n_pw": count("PwCalculation"),
                  "n_xspectra": count("XspectraCalculation"), "n_processes": len(node.called_descendants),
                  "programs_s": round(seconds, 1)}))
"""
LIGHT = {
    "cell": {"min_distance": 2.0},
    "kpoints_distance": 2.0,
    "spectrum_kpoints_distance": 2.0,
    "pw": {"pw": {"parameters": {"SYSTEM": {"ecutwfc": 20, "ecutrho": 160}}}},
    "xspectra": {"xspectra": {"parameters": {"PLOT": {"xnepoint": 401, "xgamma": 0.8}}}},
}
"""Small cells and one k-point: the programs take little, the platform as much as ever."""


@dataclass
class Bench:
    """A temporary profile and what runs in it.

    :param folder: home of everything.
    """

    folder: Path

    def run(self, *command: str) -> tuple[str, float, float]:
        """Run a command and return what it prints, its CPU seconds with those of its children, and its wall time in s.

        :raises RuntimeError: with the end of the output, when it fails.
        """
        path = os.pathsep.join((str(BIN), os.environ["PATH"]))
        own = {"PATH": path, "AIIDA_PATH": str(self.folder), "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        before, start = _cpu_seconds(), time.perf_counter()
        done = subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)[:200]}: {(done.stdout + done.stderr)[-2000:]}")
        return done.stdout, _cpu_seconds() - before, time.perf_counter() - start

    def prepare(self) -> None:
        """Make the profile, the codes and the dataset of carbon."""
        self.run(str(BIN / "aiida-gbml"), "setup")
        self.run(str(BIN / "verdi"), "config", "unset", "caching.enabled_for")
        self.run(str(BIN / "aiida-gbml"), "launch", "core-hole-pseudos", "C", "--run", "--protocol", "fast")

    def spectra(self, n_sites: int) -> dict[str, Any]:
        """Compute the spectra of so many crystals of one site each, and return the figures."""
        names = [f"carbon_{number}.xyz" for number in range(n_sites)]
        for number, name in enumerate(names):
            write(self.folder / name, bulk("C", "diamond", a=3.5 + 0.02 * number), format="extxyz")
        config = {"edges": [{"element": "C", "edge": "K"}], "protocol": "fast", "overrides": LIGHT}
        settings = self.folder / "spectra.yaml"
        settings.write_text(yaml.safe_dump({**config, "structures": names}), encoding="utf-8")
        command = (str(BIN / "aiida-gbml"), "launch", "spectra", "--config", str(settings))
        start = self.run(*command, "--dry-run")[1]
        printed, cpu, wall = self.run(*command, "--run")
        pk = next(line.split()[1] for line in printed.splitlines() if line.startswith("pk "))
        counts = json.loads(self.run(sys.executable, "-c", COUNT, pk)[0].strip().splitlines()[-1])
        figures = {"start_cpu_s": start, "cpu_s": cpu, "cpu_s_per_site": (cpu - start) / n_sites, "wall_s": wall}
        return {"n_sites": n_sites, **{name: round(value, 2) for name, value in figures.items()}, **counts}


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Run both parts and print one line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, default=10, help="sites of the larger dataset")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        bench.prepare()
        result = {"one_site": bench.spectra(1), "many_sites": bench.spectra(given.sites)}
    print(json.dumps({"benchmark": "spectra_cost", **result}))


if __name__ == "__main__":
    main()
