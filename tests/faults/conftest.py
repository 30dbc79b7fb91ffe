"""What the fault tests share: a small search for a copper boundary."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from aiida.engine import ProcessBuilder
from ase.build import bulk

from aiida_gbml.workflows.evaluation.lammps import LammpsEvaluationWorkChain
from aiida_gbml.workflows.interfaces.search import GrainBoundarySearchWorkChain

BOUNDARY = {"sigma": 5, "axis": [0, 0, 1], "plane": [2, 1, 0]}
SETTINGS = {"space": {"thickness": 6.0, "translation_spacing": 0.6}, "budget": 9, "batch_size": 3, "seed": 7}


@pytest.fixture(scope="session")
def copper_search(lammps_potentials: Path) -> Callable[..., ProcessBuilder]:
    """Return a function that makes the builder of a search: nine evaluations in three rounds, the last one by Kriging.

    The function takes the code of LAMMPS and changes of the settings.
    """

    def make(code: orm.InstalledCode, **changes: Any) -> ProcessBuilder:
        potential = orm.SinglefileData(lammps_potentials / "Cu_mishin1.eam.alloy")
        engine = LammpsEvaluationWorkChain.get_builder_from_protocol(code, None, "fast", potential_files=[potential])
        return GrainBoundarySearchWorkChain.get_builder_from_protocol(
            orm.StructureData(ase=bulk("Cu", a=3.615)), BOUNDARY, engine, protocol="fast", overrides=SETTINGS | changes
        )

    return make
