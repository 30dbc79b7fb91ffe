"""Inputs of a search as a user has them: files, and a code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ProcessState, run_get_node
from ase.build import bulk
from ase.io import write
from core_hole_data import oxygen_pair, upf_node

from aiida_gbml.science.spectra.recipes import recipes

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


@pytest.fixture
def stored_set(aiida_profile: Any) -> Callable[..., orm.WorkChainNode]:
    """Return a function that stores the process of a recipe's datasets with a full hole, as it would have ended."""

    def store(name: str, exit_status: int = 0, problems: Any = (), has_results: bool = True, **changes: Any) -> Any:
        node = orm.WorkChainNode(process_type="aiida.workflows:gbml.core_hole_pseudos")
        node.set_process_label("CoreHolePseudosWorkChain")
        mapping = {**recipes()[name].to_mapping(), **changes}
        for label, data in {"recipe": orm.Dict(mapping), "shell": orm.Str("1s")}.items():
            node.base.links.add_incoming(data.store(), LinkType.INPUT_WORK, label)
        node.set_process_state(ProcessState.FINISHED)
        node.set_exit_status(exit_status)
        node.set_exit_message("it went wrong" if exit_status else None)
        node.store()
        check = {"verdict": "failed" if problems else "passed", "problems": list(problems), "level_error": 1e-4}
        check |= {
            "derivative_error": 0.01,
            "overlap": 0.5,
            "lattice_constant": 4.25,
            "lattice_error": 0.009,
            "relaxation": None,
        }
        outputs = {"ground": upf_node("O", 6.0), "pairs__full": oxygen_pair("full", recipe=name)}
        outputs |= {f"checks__{state}": orm.Dict(check).store() for state in ("ground", "full")}
        for label, data in (outputs if has_results else {}).items():
            data.base.links.add_incoming(node, LinkType.RETURN, label)
        return node

    return store
