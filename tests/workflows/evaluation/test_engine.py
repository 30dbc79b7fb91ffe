"""Tests of aiida_gbml.workflows.evaluation.engine."""

from __future__ import annotations

from typing import Any

import pytest
from aiida import orm
from aiida.engine import ProcessSpec
from ase.build import bulk
from searches import EmtEvaluationWorkChain

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.workflows.evaluation.engine import (
    check_engine_settings,
    define_engine,
    engine_complaint,
    engine_inputs,
    evaluation,
    validate_engine,
)

SETTINGS = {"mode": "static", "constraints": {"atoms": "free", "cell": "free"}}


@pytest.fixture
def engine(emt_engine: str, aiida_profile: Any) -> dict[str, Any]:
    """Return the inputs of an engine namespace."""
    return engine_inputs(EmtEvaluationWorkChain.get_builder_from_protocol(None), SETTINGS)


@pytest.fixture
def copper() -> StructureSetData:
    """Return one crystal."""
    return StructureSetData(StructureSet.from_ase([bulk("Cu")]))


def test_a_namespace_holds_what_an_evaluation_needs(engine: dict[str, Any], copper: StructureSetData) -> None:
    assert engine["workflow"].value == "gbml.evaluation.emt"
    assert engine["level_of_theory"].value == "effective-medium theory"
    process, inputs = evaluation(engine, copper, mode=orm.Str("relax"))
    assert process is EmtEvaluationWorkChain
    assert inputs["structures"] is copper
    assert (inputs["mode"].value, inputs["constraints"]["cell"]) == ("relax", "free")
    assert "least_distance" in inputs


def test_an_engine_says_what_it_would_refuse(engine: dict[str, Any], copper: StructureSetData) -> None:
    assert engine_complaint(engine, engine, copper) is None
    cubic = {**engine, "constraints": orm.Dict({"cell": "cubic"})}
    assert "'cell' is 'cubic'" in str(engine_complaint(engine, cubic, copper))
    assert engine_complaint({}, engine, copper) is None


@pytest.mark.parametrize(
    ("workflow", "sentence"),
    [
        ("gbml.evaluation.oracle", "is no entry point of a work chain"),
        ("gbml.gb_search", "must have the interface of an evaluation"),
        ("gbml.evaluation.lammps", None),
    ],
)
def test_only_evaluations_are_engines(aiida_profile: Any, workflow: str, sentence: str | None) -> None:
    spec = ProcessSpec()
    define_engine(spec, "engine", "Engine", cell="free")
    port = spec.inputs["engine"]
    assert port["constraints"].default().get_dict() == {"atoms": "free", "cell": "free"}
    complaint = validate_engine({"workflow": orm.Str(workflow)}, port)
    assert complaint is None if sentence is None else sentence in str(complaint)
    assert validate_engine({}, port) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"modes": "static"}, r"no setting 'engine\.modes' to override, known are engine\.constraints, engine\.mode"),
        ({"mode": "guess"}, "the mode is 'guess', expected one of"),
        ({"mode": None}, r"'engine\.mode' must be a text, got None"),
        ({"constraints": 3}, r"'engine\.constraints' must be a mapping, got 3"),
        ({"constraints": {"cell": "cubic"}}, "the constraint 'cell' is 'cubic'"),
    ],
)
def test_settings_of_an_engine_in_a_protocol_are_checked(changes: dict[str, Any], words: str) -> None:
    check_engine_settings({"engine": SETTINGS})
    check_engine_settings({"verification": {**SETTINGS, "n_basins": 3}}, "verification", ("n_basins",))
    with pytest.raises(ValueError, match=words):
        check_engine_settings({"engine": {**SETTINGS, **changes}})


def test_an_engine_in_a_protocol_is_a_mapping() -> None:
    with pytest.raises(ValueError, match="'engine' must be a mapping, got 'lammps'"):
        check_engine_settings({"engine": "lammps"})
