"""Searches of surfaces and of properties whose workers are killed at every step and in every function."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.engine import ProcessBuilder
from aiida.engine.daemon.client import DaemonClient
from aiida.manage.configuration import Profile
from alloys import METALS, database
from ase.build import bulk
from faults.test_kills import (  # noqa: F401  (fixtures)
    calls,
    daemon,
    deaths,
    follow,
    jobs,
    nothing_waits,
    orphans,
    profile,
    submit_anew,
    wait_until,
)

from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.workflows.compounds.potential_surface import PotentialSurfaceWorkChain
from aiida_gbml.workflows.compounds.property_search import PropertySearchWorkChain
from aiida_gbml.workflows.evaluation.lammps import LammpsEvaluationWorkChain
from aiida_gbml.workflows.worker import worker_inputs

pytestmark = [pytest.mark.daemon, pytest.mark.lammps, pytest.mark.timeout(2400)]

Code = Callable[[str, str, Path], orm.InstalledCode]

ONE_ROUND = {"budget": 2, "batch_size": 2, "seed": 3}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file to which every run of a program adds a byte."""
    return tmp_path_factory.mktemp("programs") / "runs"


@pytest.fixture(scope="module")
def counted(profile: Profile, runs: Path) -> Code:  # noqa: F811
    """Return a function that makes the code of a program whose runs are counted."""
    computer = orm.Computer("counted", "localhost", "", "core.local", "core.direct", str(runs.parent / "work")).store()
    computer.configure(safe_interval=0, use_login_shell=False)
    computer.set_minimum_job_poll_interval(0.1)
    computer.set_default_mpiprocs_per_machine(1)

    def make(label: str, plugin: str, program: Path) -> orm.InstalledCode:
        script = runs.with_name(label)
        script.write_text(f'#!/bin/sh\nprintf . >> {runs}\nexec {program} "$@"\n')
        script.chmod(0o755)
        quiet = "export OMP_NUM_THREADS=1"
        return orm.InstalledCode(
            computer, str(script), label=label, default_calc_job_plugin=plugin, prepend_text=quiet
        ).store()

    return make


@pytest.fixture(scope="module")
def builders(counted: Code, lmp: Path, lammps_potentials: Path) -> dict[str, Callable[[], ProcessBuilder]]:
    """Return functions that make the builders of a search of each kind: one round, all that is heavy as jobs."""
    code, worker = counted("lmp", "gbml.lammps", lmp), counted("worker", "gbml.worker", Path(sys.executable))

    def engine(files: list[str], **potential: Any) -> ProcessBuilder:
        nodes = [orm.SinglefileData(lammps_potentials / name) for name in files]
        return LammpsEvaluationWorkChain.get_builder_from_protocol(
            code, None, "fast", potential_files=nodes, **potential
        )

    def surface() -> ProcessBuilder:
        return PotentialSurfaceWorkChain.get_builder_from_protocol(
            orm.StructureData(ase=bulk("Ni", a=3.52)),
            "H",
            engine(["NiAlH_jea.eam.alloy"]),
            overrides={
                **ONE_ROUND,
                "grid": {"spacing": 0.4},
                "supercell": [2, 2, 2],
                "strategy": {"n_initial": 2, "n_draws": 4},
            },
        )

    def properties() -> ProcessBuilder:
        potential = {"pair_style": "eam", "pair_coeff": [f"{metal} {metal} {metal}_u3.eam" for metal in METALS]}
        return PropertySearchWorkChain.get_builder_from_protocol(
            StructureSetData(database()),
            {"property": "energy_per_atom"},
            engine([f"{metal}_u3.eam" for metal in METALS], potential=potential),
            overrides={
                **ONE_ROUND,
                "descriptors": {"preset": "composition"},
                "strategy": {"n_initial": 2},
                "engine": {"mode": "static"},
            },
        )

    def with_worker(make: Callable[[], ProcessBuilder]) -> ProcessBuilder:
        builder = make()
        builder.worker = worker_inputs(worker)
        return builder

    return {"surface": lambda: with_worker(surface), "property": lambda: with_worker(properties)}


@pytest.mark.parametrize("kind", ["surface", "property"])
def test_workers_killed_at_every_step_and_in_every_function(
    kind: str,
    daemon: DaemonClient,  # noqa: F811
    deaths: Path,  # noqa: F811
    builders: dict[str, Callable[[], ProcessBuilder]],
    runs: Path,
) -> None:
    undisturbed = submit_anew(builders[kind]())
    follow(undisturbed, daemon)
    runs.write_text("")
    (deaths / "armed").touch()
    try:
        node = submit_anew(builders[kind]())
        follow(node, daemon)
    finally:
        (deaths / "armed").unlink()
    assert (node.exit_status, node.exit_message) == (undisturbed.exit_status, undisturbed.exit_message)
    wait_until(nothing_waits, node)
    assert_same_outputs(node, undisturbed)
    assert calls(node) == calls(undisturbed), "each ended once"
    assert len(runs.read_text()) == len(jobs(node)) == len(jobs(undisturbed)), "every job ran its program once"
    assert {type(orphan) for orphan in orphans(node)} <= {orm.CalcFunctionNode}
    of_node = [node.pk, *(one.pk for one in node.called_descendants)]
    visits = {path.name: len(path.read_text()) for path in deaths.iterdir() if int(path.name.split(".")[1]) in of_node}
    assert all(count % 2 == 0 for count in visits.values()), "every place killed once and then lived"
    functions = [one for one in undisturbed.called_descendants if isinstance(one, orm.CalcFunctionNode)]
    assert sum(name.startswith("function.") for name in visits) == len(functions)
    # beside the jobs of the proposal or the descriptors, and of the engine, the steps before and after them
    assert visits[f"chain.{node.pk}"] > 2 * 8


def assert_same_outputs(node: orm.WorkChainNode, undisturbed: orm.WorkChainNode) -> None:
    """Compare all outputs, but for the names that nodes are given at random, and see that each has been made."""
    ours, theirs = node.outputs, undisturbed.outputs
    assert sorted(ours) == sorted(theirs)
    for name in ours:
        assert ours[name].creator.is_finished_ok
        assert contents(ours[name]) == contents(theirs[name]), name


def contents(data: orm.Data) -> Any:
    """Return what a node holds as something that can be compared."""
    if isinstance(data, StructureSetData):
        columns = {name: column.tolist() for name, column in data.structures.columns.items()}
        columns.pop("calculation_uuid", None)
        return repr(columns), data.structures.positions.tolist(), data.structures.cells.tolist()
    if isinstance(data, ArchiveData):
        return data.content
    if isinstance(data, orm.ArrayData):
        return {name: repr(np.asarray(data.get_array(name)).tolist()) for name in data.get_arraynames()}
    if isinstance(data, orm.Dict):
        return {name: value for name, value in data.get_dict().items() if name != "structure_uuid"}
    return data.get_ase().positions.tolist()
