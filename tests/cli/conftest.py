"""Inputs of a search as a user has them: files, and a code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from aiida.engine import ProcessState, run_get_node
from ase.build import bulk
from ase.io import write

BOUNDARY = ["--sigma", "5", "--axis", "0", "0", "1", "--plane", "2", "1", "0"]


@pytest.fixture
def copper_cif(tmp_path: Path) -> Path:
    """Return the file of a crystal."""
    path = tmp_path / "copper.cif"
    write(path, bulk("Cu", a=3.615, cubic=True))
    return path


@pytest.fixture
def engine_code(emt_engine: str, aiida_code_installed: Callable[..., orm.InstalledCode]) -> str:
    """Return the label of a code for the engine within the interpreter, which runs no program."""
    code: Any = aiida_code_installed(label="emt", filepath_executable="/bin/true")
    return str(code.full_label)


@pytest.fixture(scope="module")
def search(emt_search: Callable[..., Any]) -> orm.WorkChainNode:
    """Return a finished search of six evaluations."""
    return run_get_node(emt_search(budget=6, batch_size=6))[1]  # type: ignore[return-value]


@pytest.fixture
def unfinished(aiida_profile: Any) -> orm.WorkChainNode:
    """Return a search that has not begun."""
    node = orm.WorkChainNode()
    node.set_process_label("GrainBoundarySearchWorkChain")
    node.set_process_state(ProcessState.CREATED)
    return node.store()
