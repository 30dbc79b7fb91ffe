"""A self-consistency that pw.x does not reach: a row that failed by name, and a search that keeps what it has."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from aiida import orm
from aiida.engine import ProcessBuilder, run_get_node
from aiida_pseudo.data.pseudo import UpfData
from aiida_pseudo.groups.family import CutoffsPseudoPotentialFamily
from ase.build import bulk

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.workflows.evaluation.lammps import LammpsEvaluationWorkChain
from aiida_gbml.workflows.evaluation.pw import PwEvaluationWorkChain
from aiida_gbml.workflows.interfaces.search import GrainBoundarySearchWorkChain

pytestmark = [pytest.mark.quantum_espresso, pytest.mark.usefixtures("aiida_profile_clean")]

PSEUDO = Path(os.environ.get("ESPRESSO_PSEUDO", "/usr/share/espresso/pseudo")) / "Al.pz-vbc.UPF"
TWO_ITERATIONS = {"SYSTEM": {"ecutwfc": 12.0, "ecutrho": 48.0}, "ELECTRONS": {"electron_maxstep": 2}}
REASON = "The electronic minimization cycle did not reach self-consistency"


@pytest.fixture
def hasty_pw(pw_code: orm.InstalledCode) -> Callable[[StructureSetData], ProcessBuilder]:
    """Return a function that makes the builder of an evaluation with two iterations of the self-consistency."""
    family = CutoffsPseudoPotentialFamily(label="al").store()
    family.add_nodes([UpfData(PSEUDO.open("rb")).store()])
    family.set_cutoffs({"Al": {"cutoff_wfc": 12.0, "cutoff_rho": 48.0}}, "normal", unit="Ry")
    base = {"kpoints_distance": 0.8, "max_iterations": 1, "pw": {"parameters": TWO_ITERATIONS}}
    return lambda structures: PwEvaluationWorkChain.get_builder_from_protocol(
        pw_code,
        structures,
        "fast",
        overrides={"base": base},
        pseudo_family="al",
        options={"withmpi": False, "max_wallclock_seconds": 300},
        mode="static",
    )


def test_the_row_says_why_it_failed(hasty_pw: Callable[[StructureSetData], ProcessBuilder]) -> None:
    outputs, node = run_get_node(hasty_pw(StructureSetData(StructureSet.from_ase([bulk("Al", a=4.0)]))))
    assert node.is_finished_ok
    columns = outputs["evaluated"].structures.columns
    assert columns["status"].tolist() == ["failed"]
    assert REASON in columns["reason"][0]
    assert orm.load_node(columns["calculation_uuid"][0]).exit_status == 410
    assert np.isnan(columns["energy"][0])


@pytest.mark.lammps
def test_a_search_that_cannot_be_verified_keeps_what_it_has(
    hasty_pw: Callable[[StructureSetData], ProcessBuilder], lammps_code: orm.InstalledCode, lammps_potentials: Path
) -> None:
    crystal = orm.StructureData(ase=bulk("Al", a=4.05))
    potential = orm.SinglefileData(lammps_potentials / "Al_zhou.eam.alloy")
    engine = LammpsEvaluationWorkChain.get_builder_from_protocol(lammps_code, None, "fast", potential_files=[potential])
    settings = {"space": {"thickness": 6.0, "translation_spacing": 0.8}, "budget": 3, "batch_size": 3}
    outputs, node = run_get_node(
        GrainBoundarySearchWorkChain.get_builder_from_protocol(
            crystal,
            {"sigma": 5, "axis": [0, 0, 1], "plane": [2, 1, 0]},
            engine,
            verification=hasty_pw(StructureSetData(StructureSet.from_ase([bulk("Al", a=4.05)]))),
            protocol="fast",
            overrides=settings,
        )
    )
    assert node.exit_status == 501
    assert "The electronic minimization cycle failed" in node.exit_message
    assert "verified" not in outputs
    assert outputs["interface"]["engine"] == "gbml.evaluation.lammps"
    assert outputs["evaluated"].structures.columns["status"].tolist() == ["ok"] * 3
