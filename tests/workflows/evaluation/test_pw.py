"""The work chain of pw.x without pw.x: what it is built from, what it refuses, what becomes of the worst children."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from aiida.engine import run_get_node
from aiida.plugins import WorkflowFactory
from ase import Atoms

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.workflows.evaluation.pw import PwEvaluationWorkChain
from aiida_gbml.workflows.evaluation.pw_base import PwRestartWorkChain

CUBE = Atoms("H", cell=[3, 3, 3], pbc=True)
PAIR = Atoms("HHe", positions=[[0, 0, 0], [1, 1, 1]], cell=[3, 3, 3], pbc=True)


@pytest.fixture
def build(pseudo_family: str, aiida_code_installed: Any) -> Any:
    """Return a function that fills a builder for some structures."""

    def fill(
        structures: list[Atoms], *, protocol: str | None = None, executable: str = "/bin/true", **given: Any
    ) -> Any:
        code = aiida_code_installed("quantumespresso.pw", filepath_executable=executable)
        nodes = StructureSetData(StructureSet.from_ase(structures))
        options = {"withmpi": False, "max_wallclock_seconds": 60}
        return PwEvaluationWorkChain.get_builder_from_protocol(
            code, nodes, protocol, pseudo_family=pseudo_family, options=options, **given
        )

    return fill


def test_entry_points() -> None:
    assert WorkflowFactory("gbml.evaluation.pw") is PwEvaluationWorkChain
    assert WorkflowFactory("gbml.pw_base") is PwRestartWorkChain


def test_protocols_are_those_of_the_plugin(build: Any) -> None:
    distances, thresholds = [], []
    for protocol in ("fast", "balanced", "stringent"):
        builder = build([PAIR], protocol=protocol)
        distances.append(builder.base.kpoints_distance.value)
        thresholds.append(builder.extensive_parameters["ELECTRONS"]["conv_thr"])
    assert distances == sorted(distances, reverse=True)
    assert thresholds == sorted(thresholds, reverse=True)


def test_cutoffs_and_pseudos_are_those_of_all_elements(build: Any) -> None:
    builder = build([CUBE, PAIR])
    assert sorted(builder.base.pw.pseudos) == ["H", "He"]
    assert builder.base.pw.parameters["SYSTEM"]["ecutwfc"] == 30.0
    assert "structure" not in builder.base.pw


def test_overrides_are_absolute(build: Any) -> None:
    parameters = {"ELECTRONS": {"conv_thr": 1e-5}, "SYSTEM": {"ecutwfc": 12.0}}
    builder = build([CUBE], overrides={"base": {"pw": {"parameters": parameters}}, "max_failed_fraction": 0.25})
    assert builder.base.pw.parameters["ELECTRONS"]["conv_thr"] == 1e-5
    assert builder.base.pw.parameters["SYSTEM"]["ecutwfc"] == 12.0
    assert "ELECTRONS" not in builder.extensive_parameters.get_dict()
    assert builder.max_failed_fraction == 0.25


def test_the_level_of_theory_in_words(build: Any) -> None:
    inputs = build([PAIR], protocol="balanced")._inputs(prune=True)
    assert PwEvaluationWorkChain.level_of_theory(inputs) == "DFT with H.upf, He.upf, ecutwfc 30 Ry, k-points 0.15 1/Å"


@pytest.mark.parametrize(
    ("structures", "changes", "message"),
    [
        ([CUBE], {"max_concurrent": 0}, "max_concurrent is 0, expected at least 1"),
        ([CUBE], {"constraints": {"cell": "round"}}, "the constraint 'cell' is 'round'"),
        (
            [Atoms("H", cell=[3, 3, 3], pbc=[True, True, False])],
            {"constraints": {"cell": "normal"}},
            "structure 0 has the periodicity",
        ),
    ],
)
def test_wrong_input_is_refused_in_one_sentence(
    build: Any, structures: list[Atoms], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        run_get_node(build(structures, **changes))


def test_an_empty_set_is_refused(build: Any) -> None:
    builder = build([CUBE])
    builder.structures = StructureSetData(StructureSet.from_ase([]))
    with pytest.raises(ValueError, match="there is no structure to evaluate"):
        run_get_node(builder)


def test_a_missing_pseudopotential_is_named(build: Any) -> None:
    builder = build([CUBE])
    builder.structures = StructureSetData(StructureSet.from_ase([PAIR]))
    with pytest.raises(ValueError, match="there is no pseudopotential for He"):
        run_get_node(builder)


def test_an_excepted_child_is_a_failed_row(build: Any, tmp_path: Path) -> None:
    """A program whose output is no text makes the plugin's parser raise."""
    program = tmp_path / "pw.sh"
    program.write_text("#!/bin/sh\nprintf '\\377\\376 Program PWSCF'\n")
    program.chmod(0o755)
    builder = build([CUBE, PAIR], executable=str(program), mode="static", max_concurrent=1)
    builder.max_failed_fraction = orm.Float(0.5)
    outputs, node = run_get_node(builder)
    evaluated = outputs["evaluated"].structures
    assert node.exit_status == 410
    assert evaluated.columns["status"].tolist() == ["failed", "failed"]
    assert evaluated.columns["reason"][0].startswith("PwCalculation excepted: UnicodeDecodeError")
    assert evaluated.columns["machine_fault"].tolist() == [True, True]
    jobs = [orm.load_node(uuid) for uuid in evaluated.columns["calculation_uuid"]]
    assert all(job.is_excepted for job in jobs)
    assert [len(job.inputs.pseudos) for job in jobs] == [1, 2]
