"""The steps towards a converged spectrum, as a table, a picture and a file."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ProcessState
from datasets import make_spectrum

from aiida_gbml.cli.reports.convergence import ConvergenceReport

pytestmark = pytest.mark.usefixtures("aiida_profile")

STEPS: list[dict[str, Any]] = [
    {"n_atoms": 16, "image_distance": 5.9, "scf_kpoints": [2, 2, 2], "transition_energy": 538.5},
    {"n_atoms": 54, "image_distance": 8.9, "transition_energy": 538.1, "spectral_change": 0.2, "energy_change": 0.4},
]


@pytest.fixture
def chain() -> orm.WorkChainNode:
    """Return a process of two steps that has not converged."""
    node, tolerance = orm.WorkChainNode(), orm.Float(0.05).store()
    node.base.links.add_incoming(tolerance, LinkType.INPUT_WORK, "tolerance")
    node.set_process_state(ProcessState.FINISHED)
    node.set_exit_status(501)
    node.set_exit_message("it still changes")
    node.store()
    history = orm.Dict({"steps": STEPS, "converged": False}).store()
    history.base.links.add_incoming(node, LinkType.RETURN, "history")
    structure = orm.StructureData(cell=np.eye(3) * 4)
    structure.append_atom(symbols="O", position=(0, 0, 0))
    plan = orm.Dict({"element": "O", "edge": "K", "multiplicity": 1})
    for step in range(2):
        made = make_spectrum(structure=structure, site=orm.Int(step), treatment=orm.Str("full"), plan=plan)
        made["spectrum"].base.links.add_incoming(node, LinkType.RETURN, f"steps__step_{step}__full")
    return node


def test_the_steps_are_a_table(chain: orm.WorkChainNode) -> None:
    report = ConvergenceReport(chain)
    text = report.text(10)
    assert text.startswith(f"Convergence of a spectrum {chain.pk}: [501] it still changes")
    assert text.splitlines()[-1].split()[:2] == ["54", "8.9000"]
    assert report.content(1)["steps"] == STEPS[:1]
    assert report.problems() == []


def test_the_steps_are_drawn_and_written(chain: orm.WorkChainNode, tmp_path: Path) -> None:
    report = ConvergenceReport(chain)
    (path,) = report.draw([], tmp_path / "folder", ["png"], None)
    assert path.name == f"convergence_{chain.pk}_full.png"
    assert path.exists()
    (table,) = report.write("csv", tmp_path / "steps.csv")
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["spectral_change"] for row in rows] == ["", "0.2"]


def test_without_a_step_there_is_nothing(tmp_path: Path) -> None:
    node = orm.WorkChainNode().store()
    with pytest.raises(ValueError, match="has no step to show"):
        ConvergenceReport(node).write("json", tmp_path / "a.json")
