"""What a property model refuses before anything is stored, and when its intervals are warned of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from aiida import orm
from alloys import elements

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.property_targets import PropertyTargetsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.property_models.property_model import ESTIMATORS
from aiida_gbml.science.compounds.property_targets import PropertyTargets
from aiida_gbml.workflows.compounds.property_model import PropertyModelWorkChain
from aiida_gbml.workflows.compounds.property_model_ports import KINDS, coverage_room, kind_of, validate_model

pytestmark = pytest.mark.usefixtures("aiida_profile")


@pytest.fixture
def nodes() -> dict[str, Any]:
    """Return compounds in both forms, with six values."""
    formulas = [parse_formula(text) for text in ("LiF", "LiCl", "NaF", "NaCl", "KF", "KCl")]
    return {
        "structures": StructureSetData(elements()),
        "compositions": CompositionSetData(CompositionSet.of(formulas)),
        "targets": PropertyTargetsData(PropertyTargets(np.arange(6.0))),
    }


def test_compounds_come_in_one_form_with_a_value_each(nodes: dict[str, Any]) -> None:
    structures, compositions, targets = nodes.values()
    assert validate_model({"structures": structures}, None) is None
    assert validate_model({"compositions": compositions, "targets": targets}, None) is None
    assert "either as `structures` or as `compositions`" in str(validate_model(nodes, None))
    assert "either as" in str(validate_model({}, None))
    assert "give the `targets`" in str(validate_model({"compositions": compositions}, None))
    few = PropertyTargetsData(PropertyTargets(np.arange(3.0)))
    assert "3 values in `targets` for 6 structures" in str(
        validate_model({"structures": structures, "targets": few}, None)
    )


def test_a_model_of_structures_predicts_structures(nodes: dict[str, Any]) -> None:
    given = {"structures": nodes["structures"], "predict": {"compositions": nodes["compositions"]}}
    assert "cannot predict compositions" in str(validate_model(given, None))
    assert validate_model({**given, "descriptors": orm.Dict({"preset": "composition"})}, None) is None
    both = {"structures": nodes["structures"], "compositions": nodes["compositions"]}
    assert "either as" in str(validate_model({**given, "predict": both}, None))


def test_references_are_for_formation_energies_of_structures(nodes: dict[str, Any]) -> None:
    references = {"references": nodes["structures"]}
    assert validate_model({"structures": nodes["structures"], **references}, None) is None
    for given in (("structures", "targets"), ("compositions", "targets")):
        complaint = validate_model({**{name: nodes[name] for name in given}, **references}, None)
        assert "`references` give formation energies of structures with energies" in str(complaint)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("descriptors", {"preset": "all"}, "'all' is no set of descriptors"),
        ("descriptors", {"colour": "red"}, "colour"),
        ("model", {"kind": "oracle"}, "the kind of the model is 'oracle', expected one of kernel_ridge"),
        ("model", {"kind": "ensemble", "alpha": 1}, "the model has no 'alpha', known are kind, settings"),
        ("validation", {"kind": "yearly"}, "the kind of the validation is 'yearly'"),
        ("validation", {"kind": "grouped", "parts": 5}, "the validation has no 'parts'"),
        ("validation", {"folds": 1}, "'folds' of the validation must be a whole number from 2, got 1"),
        ("validation", {"seed": -1}, "'seed' of the validation must be a whole number from 0, got -1"),
        ("validation", {"seed": "x"}, "'seed' of the validation must be a whole number from 0, got 'x'"),
    ],
)
def test_settings_that_make_no_sense_are_refused_before_anything_is_stored(
    name: str, value: dict[str, Any], sentence: str
) -> None:
    error = PropertyModelWorkChain.spec().inputs[name].validate(orm.Dict(value))
    assert error is not None
    assert sentence in error.message


def test_nodes_say_what_they_are(nodes: dict[str, Any]) -> None:
    assert kind_of(nodes["structures"]) == "structures"
    assert kind_of(nodes["compositions"]) == "compositions"
    with pytest.raises(ValueError, match="is a PropertyTargetsData, neither structures nor compositions"):
        kind_of(nodes["targets"])


def test_kinds_of_models_are_those_of_the_task() -> None:
    assert set(KINDS) == set(ESTIMATORS)


def test_coverage_may_differ_as_draws_do() -> None:
    assert coverage_room({"nominal_coverage": 0.9, "n": 5000, "n_groups": 100}) == pytest.approx(0.09)
    assert coverage_room({"nominal_coverage": 0.9, "n": 10**7, "n_groups": 10**6}) == 0.02
