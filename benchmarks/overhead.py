"""What the platform costs beyond the engine: CPU seconds and nodes of a search, next to bare aiida-core.

    python benchmarks/overhead.py [--evaluations 60] [--batch-size 6] [--exhaustive 1000]

Everything runs in a profile of its own in a temporary folder. CPU seconds are those of the launching interpreter and of
the daemon with its broker; ``lmp`` itself is a child of neither. ``ratio`` is the search over bare aiida-core running
as many calculation jobs and calculation functions, one after the other, in the same run.
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

import psutil
import yaml
from ase.build import bulk
from ase.io import write

BIN = Path(sys.executable).parent
BARE = """
import sys
from aiida import engine, load_profile, orm
from aiida.calculations.arithmetic.add import ArithmeticAddCalculation
from aiida.manage import get_manager

load_profile()
n_jobs, n_functions, mode = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
code = orm.load_code("bash")
if mode == "foreground":
    get_manager().set_runner(get_manager().create_runner(communicator=None, poll_interval=0.2))

@engine.calcfunction
def add_numbers(x, y):
    return x + y

for number in range(max(n_jobs, n_functions)):
    x, y = orm.Int(number).store(), orm.Int(1).store()
    if number < n_jobs and mode == "daemon":
        engine.submit(ArithmeticAddCalculation, wait=True, wait_interval=1, code=code, x=x, y=y)
    elif number < n_jobs:
        engine.run(ArithmeticAddCalculation, code=code, x=x, y=y)
    if number < n_functions:
        add_numbers(x, y)
"""
COUNT = """
import json, sys
from aiida import load_profile, orm
from aiida.common.links import LinkType

load_profile()
search = orm.load_node(int(sys.argv[1]))
calls = (LinkType.CALL_CALC, LinkType.CALL_WORK)

def made_by(process):
    nodes = {process.pk}
    for link in process.base.links.get_outgoing().all():
        nodes |= made_by(link.node) if link.link_type in calls else {link.node.pk}
    return nodes

children = {link.link_label: link.node for link in search.base.links.get_outgoing(link_type=calls).all()}
rounds = [label[-4:] for label in children if label.startswith("evaluation_")]
in_a_round = [set().union(*(made_by(children[f"{kind}_{number}"]) for kind in ("propose", "evaluation", "record")))
              for number in rounds]
processes = search.called_descendants
count = lambda kind: sum(isinstance(one, kind) for one in processes)
print(json.dumps({"exit_status": search.exit_status, "n_nodes": len(made_by(search)), "n_rounds": len(rounds),
                  "nodes_per_round": max(map(len, in_a_round)), "n_jobs": count(orm.CalcJobNode),
                  "n_functions": count(orm.CalcFunctionNode),
                  "n_evaluated": search.outputs.observations.base.attributes.get("n_observations")}))
"""
LMP_ALONE = """
import json, sys, tempfile, time
from pathlib import Path
from aiida import load_profile, orm
from aiida_gbml.science.engines.lammps import LammpsPotential, LammpsSettings, run_batch

load_profile()
search = orm.load_node(int(sys.argv[1]))
job = next(one for one in search.called_descendants if one.process_label == "LammpsCalculation" and
           len(one.inputs.structures) > 1)
files = {node.filename: node.get_content("rb") for node in job.inputs.potential_files.values()}
settings = LammpsSettings(mode="relax", **job.inputs.constraints.get_dict(), **job.inputs.parameters.get_dict())
start = time.perf_counter()
with tempfile.TemporaryDirectory() as folder:
    run_batch(Path(job.inputs.code.get_executable()), job.inputs.structures.structures,
              LammpsPotential.from_dict(job.inputs.potential.get_dict()), settings, potential_files=files,
              folder=Path(folder))
print(json.dumps(time.perf_counter() - start))
"""


@dataclass
class Bench:
    """A temporary profile and what runs in it.

    :param folder: home of everything.
    """

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Variables of every process."""
        path = os.pathsep.join((str(BIN), os.environ["PATH"]))
        own = {"PATH": path, "AIIDA_PATH": str(self.folder), "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        return {**os.environ, **own}

    def run(self, *command: str) -> str:
        """Run a command and return what it prints.

        :raises RuntimeError: with the end of the output, when it fails.
        """
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)[:200]}: {(done.stdout + done.stderr)[-2000:]}")
        return done.stdout

    def python(self, script: str, *arguments: str) -> Any:
        """Run a script and return the JSON of its last line, if it prints any."""
        lines = self.run(sys.executable, "-c", script, *arguments).strip().splitlines()
        return json.loads(lines[-1]) if lines else None

    def prepare(self) -> None:
        """Make the profile, the codes and the crystal."""
        write(self.folder / "copper.cif", bulk("Cu", cubic=True, a=3.615))
        self.run(str(BIN / "aiida-gbml"), "setup")
        self.run(str(BIN / "verdi"), "config", "unset", "caching.enabled_for")
        names = ("-n", "-Y", "localhost", "-L", "bash", "-X", "/bin/bash", "-P", "core.arithmetic.add")
        self.run(str(BIN / "verdi"), "code", "create", "core.code.installed", *names)

    def search(self, mode: str, overrides: dict[str, Any]) -> tuple[int, float]:
        """Run a search and return its pk and its wall time in s."""
        config = {
            "crystal": "copper.cif",
            "boundary": {"sigma": 5, "axis": [0, 0, 1], "plane": [2, 1, 0]},
            "engine": {"name": "lammps", "potential": "Cu_mishin1.eam.alloy"},
            "overrides": {"seed": 1, **overrides},
        }
        path = self.folder / "search.yaml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        start = time.perf_counter()
        printed = self.run(str(BIN / "aiida-gbml"), "launch", "gb-search", "--config", str(path), f"--{mode}")
        pk = next(line.split()[1] for line in printed.splitlines() if line.startswith("pk "))
        while mode == "daemon" and "Finished" not in self._state(pk):
            time.sleep(5)
        return int(pk), time.perf_counter() - start

    def cpu_seconds(self) -> float:
        """Return the CPU time of the children that have ended and of the daemon with all that it has started."""
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        total = used.ru_utime + used.ru_stime
        for process in self._daemon():
            total += sum(process.cpu_times()[:4])
        return total

    def _daemon(self) -> list[psutil.Process]:
        """Return the processes of the daemon: supervisor, broker and workers."""
        found = list(self.folder.glob(".aiida/daemon/*.pid"))
        if not found:
            return []
        supervisor = psutil.Process(int(found[0].read_text()))
        return [supervisor, *(one for one in supervisor.children(recursive=True) if "stats" not in str(one.cmdline()))]

    def _state(self, pk: str) -> str:
        """Return the state of a process, asked in a process whose own CPU time is not counted."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        printed = self.run(str(BIN / "verdi"), "process", "show", pk)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.uncounted += after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return next(line for line in printed.splitlines() if line.startswith("state"))

    uncounted: float = 0.0


def compare(bench: Bench, mode: str, evaluations: int, batch_size: int) -> dict[str, Any]:
    """Return the CPU seconds of a search and of bare aiida-core, and the nodes of the search."""
    strategy = {"method": "kriging", "regret_tolerance": 1e-12, "patience": 1000}
    overrides = {"budget": evaluations, "batch_size": batch_size, "strategy": strategy}
    start = bench.cpu_seconds() - bench.uncounted
    pk, seconds = bench.search("run" if mode == "foreground" else "daemon", overrides)
    search = bench.cpu_seconds() - bench.uncounted - start
    counts = bench.python(COUNT, str(pk))
    start = bench.cpu_seconds()
    bench.python(BARE, str(counts["n_jobs"]), str(counts["n_functions"]), mode)
    bare = bench.cpu_seconds() - start
    figures = {"cpu_s": search, "bare_cpu_s": bare, "ratio": search / bare, "wall_s": seconds}
    return {**{name: round(value, 3) for name, value in figures.items()}, **counts}


def exhaustive(bench: Bench, n_candidates: int) -> dict[str, Any]:
    """Return the wall time of an exhaustive search next to that of ``lmp`` alone on the same structures."""
    overrides = {"budget": n_candidates, "strategy": {"method": "exhaustive"}, "space": {"translation_spacing": 0.1}}
    pk, seconds = bench.search("run", overrides)
    alone = bench.python(LMP_ALONE, str(pk))
    return {"wall_s": round(seconds, 1), "lmp_wall_s": round(alone, 1), **bench.python(COUNT, str(pk))}


def main() -> None:
    """Run all parts and print one line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--evaluations", type=int, default=60)
    parser.add_argument("--batch-size", type=int, default=6)
    parser.add_argument("--exhaustive", type=int, default=1000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        bench.prepare()
        result = {"benchmark": "overhead"}
        result["foreground"] = compare(bench, "foreground", given.evaluations, given.batch_size)
        result["exhaustive"] = exhaustive(bench, given.exhaustive)
        bench.run(str(BIN / "verdi"), "daemon", "start", "1")
        try:
            result["daemon"] = compare(bench, "daemon", given.evaluations, given.batch_size)
        finally:
            bench.run(str(BIN / "verdi"), "daemon", "stop")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
