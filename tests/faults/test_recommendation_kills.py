"""A recommendation whose workers are killed at every step and in every function ends as if nothing had happened."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from aiida import orm
from aiida.engine import ProcessBuilder
from aiida.engine.daemon.client import DaemonClient
from aiida.manage.configuration import Profile
from faults.test_kills import (  # noqa: F401  (fixtures)
    calls,
    daemon,
    deaths,
    follow,
    nothing_waits,
    profile,
    submit_anew,
    wait_until,
)
from known_compositions import IONS, known_set
from recommendations import QUICK, SPACE

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.ion_table import IonTableData
from aiida_gbml.science.compounds import fit_recommender, score_shard
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.ranking import Ranking, merge_rankings
from aiida_gbml.science.compounds.ranking_summary import summarise_ranking
from aiida_gbml.workflows.compounds.recommendation import RecommendationWorkChain

N_SHARDS = 2

pytestmark = [pytest.mark.daemon, pytest.mark.timeout(2400)]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file to which every run of a task adds a byte."""
    return tmp_path_factory.mktemp("python") / "runs"


@pytest.fixture(scope="module")
def builder(profile: Profile, runs: Path) -> Callable[[], ProcessBuilder]:  # noqa: F811
    """Return a function that makes the builder of a recommendation whose tasks are counted."""
    script = runs.with_name("counted_python")
    script.write_text(f'#!/bin/sh\nprintf . >> {runs}\nexec {sys.executable} "$@"\n')
    script.chmod(0o755)
    computer = orm.Computer("of-tasks", "localhost", "", "core.local", "core.direct", str(runs.parent / "work")).store()
    computer.configure(safe_interval=0, use_login_shell=False)
    computer.set_minimum_job_poll_interval(0.1)
    computer.set_default_mpiprocs_per_machine(1)
    code = orm.InstalledCode(computer, str(script), label="worker", default_calc_job_plugin="gbml.worker").store()
    return lambda: RecommendationWorkChain.get_builder_from_protocol(
        code, CompositionSetData(known_set()), ions=IonTableData(IONS), overrides={**QUICK, "n_shards": N_SHARDS}
    )


@pytest.fixture
def expected() -> dict[str, bytes]:
    """Return the model and the ranking that the tasks make, one after the other within this interpreter."""
    known = known_set().to_bytes()
    space = CandidateSpace.from_dict({**SPACE, "ions": IONS.to_dict()}).to_dict()
    model = fit_recommender.run({"known": known}, {"space": space, "model": QUICK["model"]})["model"]
    shared = {"space": space, "top_k": QUICK["top_k"], "n_shards": N_SHARDS}
    contents = [
        score_shard.run({"model": model, "known": known}, {**shared, "shard": shard})["ranking"]
        for shard in range(N_SHARDS)
    ]
    ranking = merge_rankings([Ranking.from_bytes(content) for content in contents])
    return {"model": model, "ranking": ranking.to_bytes()}


def test_workers_killed_at_every_step_and_in_every_function(
    daemon: DaemonClient,  # noqa: F811
    deaths: Path,  # noqa: F811
    builder: Callable[[], ProcessBuilder],
    runs: Path,
    expected: dict[str, bytes],
) -> None:
    (deaths / "armed").touch()
    try:
        node = submit_anew(builder())
        follow(node, daemon)
    finally:
        (deaths / "armed").unlink()
    assert node.is_finished_ok, node.exit_message
    wait_until(nothing_waits, node)
    assert {name: node.outputs[name].content for name in expected} == expected
    ranking = node.outputs.ranking.ranking
    # AiiDA rounds what it stores to fourteen digits.
    assert node.outputs.report.get_dict() == orm.Dict(summarise_ranking(ranking, known_set())).store().get_dict()
    functions = {"plan", "plan_shards_00", "merge_0_0", "summarise"}
    shards = {f"shard_{number:04d}" for number in range(N_SHARDS)}
    assert calls(node) == sorted({*functions, *shards, "fit"}), "each ended once"
    assert len(runs.read_text()) == 1 + N_SHARDS, "one fit and the shards, each of them once"
    visits = {path.name: len(path.read_text()) for path in deaths.iterdir()}
    assert set(visits) == {f"chain.{node.pk}", *(f"function.{node.pk}.{name}" for name in functions)}
    assert all(count % 2 == 0 for count in visits.values()), "every place killed once and then lived"
    # of the steps of the outline, those that fit and score come round again until all jobs have ended
    assert visits[f"chain.{node.pk}"] >= 2 * 7
