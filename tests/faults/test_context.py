"""What a search keeps between two steps survives its checkpoint, and holds plain values and stored nodes only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiida import orm
from aiida.engine import Process, ProcessBuilder, run_get_node
from aiida.orm.utils.serialize import deserialize_unsafe, serialize
from laws import strangers

from aiida_gbml.workflows.interfaces.search import GrainBoundarySearchWorkChain

pytestmark = [pytest.mark.lammps, pytest.mark.usefixtures("aiida_profile")]


@pytest.fixture
def checkpoints(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Return the list that gets the state and the context of the search whenever its checkpoint is written."""
    written: list[tuple[str, dict[str, Any]]] = []
    save = Process.save_instance_state

    def save_and_look(self: Process, out_state: Any, save_context: Any) -> None:
        save(self, out_state, save_context)
        if isinstance(self, GrainBoundarySearchWorkChain):
            written.append((str(self.node.stepper_state_info), dict(self.ctx)))

    monkeypatch.setattr(Process, "save_instance_state", save_and_look)
    return written


def test_every_step_of_a_search_leaves_a_plain_context(
    checkpoints: list[tuple[str, dict[str, Any]]],
    lammps_code: orm.InstalledCode,
    copper_search: Callable[..., ProcessBuilder],
) -> None:
    _, node = run_get_node(copper_search(lammps_code, budget=6))
    assert node.is_finished_ok, node.exit_message
    # one checkpoint a step at least: four before the rounds, five in each of two, three after them
    assert len(checkpoints) > 4 + 2 * 5 + 3
    assert len({step for step, _ in checkpoints}) > 4
    for step, context in checkpoints:
        assert not strangers(context), step
        assert deserialize_unsafe(serialize(context)) == context, step
    assert {"candidates", "observations", "recorded", "n_proposed"} <= set(checkpoints[-1][1])
