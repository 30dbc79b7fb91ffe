"""Configuration files of property models and searches, made into the inputs of their processes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiida import orm
from alloys import database, elements
from searches import emt

from aiida_gbml.cli import property_configuration as configuration
from aiida_gbml.cli.configuration import ConfigurationError
from aiida_gbml.cli.property_subjects import Stored
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.property_column import property_values
from aiida_gbml.science.structure_files import to_extxyz

pytestmark = pytest.mark.usefixtures("aiida_profile")

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def codes(aiida_code_installed) -> None:  # type: ignore[no-untyped-def]
    """Make the codes that the configurations name by default."""
    # The tests of the commands take the same worker, and run it.
    aiida_code_installed(label="worker", default_calc_job_plugin="gbml.worker", filepath_executable=sys.executable)
    aiida_code_installed(label="lmp", default_calc_job_plugin="gbml.lammps", filepath_executable="/bin/true")


def test_the_example_of_a_model_is_one(codes: None) -> None:
    settings = configuration.read(EXAMPLES / "formation_energy.yaml", configuration.MODEL_KEYS)
    subject = configuration.compounds_of(settings)
    assert (len(subject.compounds), len(subject.targets or ())) == (180, 180)
    builder = configuration.model_builder(settings, Stored(subject.compounds, subject.targets), None)
    assert builder.property.value == "formation_energy_per_atom"
    assert builder.unit.value == "eV/atom"
    assert builder.model["kind"] == settings["overrides"]["model"]["kind"]
    assert builder.metadata["label"] == "formation energies of alloys"


def test_formation_energies_follow_from_those_of_the_elements_in_a_process(codes: None, tmp_path: Path) -> None:
    for name, structures in (("alloys", emt(database())), ("metals", emt(elements()))):
        (tmp_path / f"{name}.extxyz").write_text(to_extxyz(structures))
    settings: dict[str, Any] = {
        "compounds": tmp_path / "alloys.extxyz",
        "references": tmp_path / "metals.extxyz",
        "columns": {"target": "formation_energy_per_atom"},
        "overrides": {"model": {"settings": {"seed": 4}}},
    }
    subject, references = configuration.compounds_of(settings), configuration.others_of(settings, "references")
    assert references is not None
    assert subject.targets is None
    stored = references.store()
    builder = configuration.model_builder(settings, Stored(subject.compounds, None), references=stored)
    assert builder.references.creator.inputs.file.filename == "metals.extxyz"
    assert builder.model.get_dict() == {"kind": "ensemble", "settings": {"seed": 4}}
    values = property_values(subject.compounds.structures, builder.property.value, stored.compounds.structures)  # type: ignore[attr-defined]
    assert np.isfinite(values).all()
    del settings["references"]
    with pytest.raises(ValueError, match="needs reference structures of the elements"):
        configuration.compounds_of(settings)


def test_the_example_of_a_search_is_one(codes: None, lammps_potentials: Path) -> None:
    settings = configuration.read(EXAMPLES / "alloy_search.yaml", configuration.SEARCH_KEYS)
    candidates, references = (configuration.others_of(settings, name) for name in ("candidates", "references"))
    assert candidates is not None
    assert references is not None
    stored = [Stored(one.compounds, None) for one in (candidates, references)]
    builder = configuration.search_builder(settings, *stored)
    assert builder.budget.value == 20
    assert builder.engine.level_of_theory.value.startswith("eam Cu_u3.eam")
    assert len(builder.references) == 6
    settings["overrides"]["budget"] = 0
    assert "budget" not in configuration.search_builder(settings, *stored)._inputs(prune=True)


def test_what_is_missing_or_unknown_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("compound: a.csv\n")
    with pytest.raises(ConfigurationError, match="unknown key 'compound', known are compounds"):
        configuration.read(path, configuration.MODEL_KEYS)
    with pytest.raises(ConfigurationError, match="which property"):
        configuration.compounds_of({"compounds": "a.csv"})
    assert configuration.others_of({}, "predict") is None


def test_an_engine_needs_structures_and_a_prediction_a_model(stored_model: orm.WorkChainNode) -> None:
    stored = Stored(StructureSetData(database()), None)
    assert len(configuration.structures_of(stored, "candidates")) == 45
    model = configuration.model_of(stored_model.pk)
    assert model.uuid == stored_model.outputs.model.uuid
    assert configuration.model_of(model.uuid).pk == model.pk
    with pytest.raises(ConfigurationError, match="not a model of a property"):
        configuration.model_of(StructureSetData(elements()).store().pk)
    work = orm.WorkChainNode().store()
    with pytest.raises(ConfigurationError, match="has no model"):
        configuration.model_of(work.pk)
