"""A search whose daemon is killed, broken or restarted ends as if nothing had happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from aiida import orm
from aiida.brokers.zeromq import ZeromqBroker
from aiida.engine import ProcessBuilder, submit
from aiida.engine.daemon.client import DaemonClient, get_daemon_client
from aiida.manage import get_manager
from aiida.manage.configuration import Profile
from aiida.manage.configuration.config import Config

from aiida_gbml.cli.checks import check_daemon
from aiida_gbml.cli.foreground import require_daemon

pytestmark = [pytest.mark.daemon, pytest.mark.lammps, pytest.mark.timeout(2400)]

PATIENCE = 1800.0  # s for what takes a minute on an idle machine
LOOK_EVERY = 1.0  # s between two looks at all descendants, which take time from the workers
STALLED = 60.0  # s without any change, after which it is the doctor's turn
VERDI = Path(sys.executable).with_name("verdi")
OPTIONS = {"daemon.timeout": 120, "daemon.default_workers": 2, "broker.task_timeout": 60, "runner.poll.interval": 1}


@pytest.fixture(scope="module")
def profile(aiida_config: Config, aiida_profile: Profile, aiida_profile_factory: Any) -> Iterator[Profile]:
    """Return a profile with the embedded broker, which is the loaded one in this module."""
    with aiida_profile_factory(aiida_config, broker_backend="core.zeromq") as profile:
        for option, value in OPTIONS.items():
            aiida_config.set_option(option, value, scope=profile.name)
        profile.is_test_profile = False  # or every runner looks at its processes without a pause
        aiida_config.update_profile(profile)
        aiida_config.store()
        yield profile


@pytest.fixture(scope="module")
def deaths(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which the file `armed` makes workers die, and in which they count their deaths."""
    return tmp_path_factory.mktemp("deaths")


@pytest.fixture(scope="module")
def daemon(profile: Profile, deaths: Path) -> Iterator[DaemonClient]:
    """Return the client of a running daemon with two workers, which die when they are told to."""
    client = get_daemon_client()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent / "mortal")
        patch.setenv("GBML_DEATHS", str(deaths))
        patch.setattr("aiida.engine.daemon.client.VERDI_BIN", str(VERDI))
        try:
            client.start_daemon(number_workers=OPTIONS["daemon.default_workers"], wait=True)
            require_daemon()  # waits for its broker
            yield client
        finally:
            if client.get_daemon_pid() is not None:
                client.stop_daemon(wait=True)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file to which every run of LAMMPS adds a byte."""
    return tmp_path_factory.mktemp("lmp") / "runs"


@pytest.fixture(scope="module")
def builder(
    profile: Profile, runs: Path, lmp: Path, copper_search: Callable[..., ProcessBuilder]
) -> Callable[[], ProcessBuilder]:
    """Return a function that makes the builder of a search whose runs of LAMMPS are counted."""
    script = runs.with_name("counted_lmp")
    script.write_text(f'#!/bin/sh\nprintf . >> {runs}\nexec {lmp} "$@"\n')
    script.chmod(0o755)
    computer = orm.Computer("local", "localhost", "", "core.local", "core.direct", str(runs.parent / "work")).store()
    computer.configure(safe_interval=0, use_login_shell=False)
    computer.set_minimum_job_poll_interval(0.1)
    computer.set_default_mpiprocs_per_machine(1)
    code = orm.InstalledCode(computer, str(script), label="lmp", prepend_text="export OMP_NUM_THREADS=1").store()
    return lambda: copper_search(code)


@pytest.fixture(scope="module")
def undisturbed(daemon: DaemonClient, builder: Callable[[], ProcessBuilder]) -> orm.WorkChainNode:
    """Return the same search without any fault."""
    node = submit_anew(builder())
    follow(node, daemon)
    assert node.is_finished_ok, node.exit_message
    return node


@pytest.fixture
def launch(builder: Callable[[], ProcessBuilder], runs: Path) -> Callable[[], orm.WorkChainNode]:
    """Return a function that submits the search."""

    def submit_one() -> orm.WorkChainNode:
        runs.write_text("")
        return submit_anew(builder())

    return submit_one


def submit_anew(builder: ProcessBuilder) -> orm.WorkChainNode:
    """Submit by a new connection: the broker that this interpreter knows is no more where the daemon was restarted."""
    get_manager().reset_runner()
    get_manager().reset_broker()
    return submit(builder)


def wait_until(condition: Callable[[], bool], node: orm.ProcessNode) -> None:
    """Wait for a condition; name the states of a process and its children if it never holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            states = {child.pk: f"{child.process_label} {child.process_state}" for child in node.called_descendants}
            pytest.fail(f"the search is {node.process_state} after {PATIENCE:.0f} s; its children: {states}")
        time.sleep(0.1)


def follow(node: orm.WorkChainNode, daemon: DaemonClient) -> None:
    """Wait for the end of a process; when nothing happens any more, the doctor must know why, and its remedy help.

    In about one of a hundred kills the broker does not notice the death, and goes on waiting for the dead worker. Where
    the doctor finds nothing the machine is slow.
    """
    seen: list[tuple[int, str]] = []
    since = looked = time.monotonic()

    def is_over() -> bool:
        nonlocal seen, since, looked
        if time.monotonic() - looked < LOOK_EVERY:
            return node.is_terminated
        looked = time.monotonic()
        now = [(child.pk, str(child.process_state)) for child in node.called_descendants]
        if now != seen:
            seen, since = now, time.monotonic()
        elif time.monotonic() - since > STALLED:
            if check_daemon(daemon.profile).remedy == "verdi daemon stop; verdi daemon start":
                restart(daemon)
            since = time.monotonic()
        return node.is_terminated

    wait_until(is_over, node)


def restart(daemon: DaemonClient) -> None:
    command = [VERDI, "-p", daemon.profile.name, "daemon", "restart"]
    subprocess.run(command, env=daemon.get_env(), check=True, timeout=PATIENCE, capture_output=True)


def nothing_waits() -> bool:
    """Return whether the broker has no task left and every work chain and job of the profile has ended."""
    classes = [orm.WorkChainNode, orm.CalcJobNode]
    ends = ["finished", "excepted", "killed"]
    active = orm.QueryBuilder().append(classes, filters={"attributes.process_state": {"!in": ends}}).count()
    status = ZeromqBroker(get_manager().get_profile()).probe_service_status()
    return active == 0 and status.get("pending_tasks") == 0 and status.get("processing_tasks") == 0


def jobs(node: orm.WorkChainNode) -> list[orm.CalcJobNode]:
    return [child for child in node.called_descendants if isinstance(child, orm.CalcJobNode)]


def calls(node: orm.ProcessNode) -> list[str]:
    """Return the call-link labels of all finished descendants, with the path of labels that leads to them, sorted."""
    found = []
    for link in node.base.links.get_outgoing(node_class=orm.ProcessNode).all():
        if link.node.is_finished_ok:
            found += [link.link_label, *(f"{link.link_label}/{label}" for label in calls(link.node))]
    return sorted(found)


def assert_ends_like(undisturbed: orm.WorkChainNode, node: orm.WorkChainNode, daemon: DaemonClient, runs: Path) -> None:
    """Wait for the end of a search, then for the end of everything, and compare it with the undisturbed search."""
    follow(node, daemon)
    assert node.is_finished_ok, node.exit_message
    wait_until(nothing_waits, node)
    assert_same_result(node, undisturbed)
    assert_same_calls(node, undisturbed)
    assert len(runs.read_text()) == len(jobs(node)), "every job ran LAMMPS once"


def assert_same_result(node: orm.WorkChainNode, undisturbed: orm.WorkChainNode) -> None:
    """Compare the sequence of candidates, their energies, all structures, the model and the summary: bit by bit."""
    ours, theirs = node.outputs, undisturbed.outputs
    assert sorted(ours) == sorted(theirs)
    observed = ours.observations.observations.candidates.tolist()
    assert observed == theirs.observations.observations.candidates.tolist()
    for name in ("observations", "candidates"):
        assert ours[name].content == theirs[name].content
    assert np.array_equal(ours.best_structure.get_ase().positions, theirs.best_structure.get_ase().positions)
    assert np.array_equal(ours.gamma_surface.get_array("mean"), theirs.gamma_surface.get_array("mean"))
    evaluated, expected = ours.evaluated.structures, theirs.evaluated.structures
    assert np.array_equal(evaluated.positions, expected.positions)
    for name in set(expected.columns) - {"calculation_uuid"}:
        assert evaluated.columns[name].tolist() == expected.columns[name].tolist(), name
    own = {"structure_uuid"}
    assert {k: v for k, v in ours.interface.items() if k not in own} == {
        k: v for k, v in theirs.interface.items() if k not in own
    }


def assert_same_calls(node: orm.WorkChainNode, undisturbed: orm.WorkChainNode) -> None:
    """Compare the finished processes: none extra, none missing; and every output has a creator that finished."""
    assert calls(node) == calls(undisturbed)
    assert len(jobs(node)) == len(jobs(undisturbed))
    creators = [output.creator for output in node.base.links.get_outgoing().all_nodes() if isinstance(output, orm.Data)]
    assert all(creator.is_finished_ok for creator in creators)


def orphans(node: orm.WorkChainNode) -> list[orm.ProcessNode]:
    """Return the descendants that never ended: calculation functions that died with their worker."""
    return [child for child in node.called_descendants if not child.is_terminated]


def pids(client: DaemonClient, word: str) -> list[int]:
    """Return the living processes of a daemon that have a word in their command line."""
    children = psutil.process_iter(["ppid", "cmdline"])  # a zombie has no command line
    return [
        one.pid
        for one in children
        if one.info["ppid"] == client.get_daemon_pid() and word in (one.info["cmdline"] or [])
    ]


def test_a_worker_killed_at_every_step_and_in_every_function(
    undisturbed: orm.WorkChainNode,
    launch: Callable[[], orm.WorkChainNode],
    daemon: DaemonClient,
    deaths: Path,
    runs: Path,
) -> None:
    (deaths / "armed").touch()
    try:
        node = launch()
        follow(node, daemon)
    finally:
        (deaths / "armed").unlink()
    assert_ends_like(undisturbed, node, daemon, runs)
    visits = {path.name: len(path.read_text()) for path in deaths.iterdir()}
    assert all(count % 2 == 0 for count in visits.values()), "every place killed once and then lived"
    functions = [child for child in undisturbed.called_descendants if isinstance(child, orm.CalcFunctionNode)]
    chains = [child for child in undisturbed.called_descendants if isinstance(child, orm.WorkChainNode)]
    assert sum(name.startswith("function.") for name in visits) == len(functions)
    assert sum(name.startswith("chain.") for name in visits) == len(chains) + 1
    # bulk, enumeration, and for three rounds proposal, evaluation and record; each ends more than one step
    assert visits[f"chain.{node.pk}"] > 2 * (2 + 3 * 3)
    assert len(orphans(node)) <= len(functions), "at most one for a kill inside a function, none for the others"
    assert {type(orphan) for orphan in orphans(node)} <= {orm.CalcFunctionNode}


def test_a_broker_killed_again_and_again(
    undisturbed: orm.WorkChainNode, launch: Callable[[], orm.WorkChainNode], daemon: DaemonClient, runs: Path
) -> None:
    node = launch()
    for n_children in (2, 7):
        wait_until(lambda n=n_children: len(node.called) >= n or node.is_terminated, node)
        assert not node.is_terminated, "the search was too quick to be disturbed"
        (broker,) = pids(daemon, "broker")
        os.kill(broker, signal.SIGKILL)
        wait_until(lambda old=broker: pids(daemon, "broker") not in ([], [old]), node)
    assert_ends_like(undisturbed, node, daemon, runs)


def test_a_daemon_restarted_on_the_way(
    undisturbed: orm.WorkChainNode, launch: Callable[[], orm.WorkChainNode], daemon: DaemonClient, runs: Path
) -> None:
    node = launch()
    wait_until(lambda: len(node.called) >= 5 or node.is_terminated, node)
    assert not node.is_terminated, "the search was too quick to be disturbed"
    before = daemon.get_daemon_pid()
    restart(daemon)
    assert daemon.get_daemon_pid() != before
    assert_ends_like(undisturbed, node, daemon, runs)
