"""Descriptors by what a user says of them."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk

from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.description import describe, plain_descriptors, specification
from aiida_gbml.science.compounds.descriptors.compounds import DescriptorError
from aiida_gbml.science.compounds.descriptors.spec import DescriptorSpec
from aiida_gbml.science.structure_set import StructureSet

SALT = bulk("NaCl", "rocksalt", a=5.64)
STRUCTURES = StructureSet.from_ase([SALT, SALT * (2, 1, 1)])
COMPOSITIONS = CompositionSet.of([parse_formula("NaCl"), parse_formula("MgO")])


def test_the_default_is_what_the_compounds_have() -> None:
    assert specification(None, True) == DescriptorSpec.preset("structure")
    assert specification(None, False) == DescriptorSpec.preset("composition")


def test_names_mappings_and_fields_say_the_same() -> None:
    spec = DescriptorSpec.preset("composition")
    for value in ("composition", {"preset": "composition"}, spec.to_dict()):
        assert specification(value, True) == spec
    assert plain_descriptors({"preset": "moments"}) == "moments"
    assert plain_descriptors(spec.to_dict()) == spec.to_dict()


def test_structures_and_compositions_of_the_same_compound_have_the_same_composition_descriptors() -> None:
    of_structures = describe(STRUCTURES, "composition")
    of_compositions = describe(COMPOSITIONS, None)
    assert of_structures.names == of_compositions.names
    np.testing.assert_allclose(of_structures.values[0], of_compositions.values[0], atol=1e-12)
    np.testing.assert_allclose(of_structures.values[0], of_structures.values[1], atol=1e-12)


def test_what_cannot_be_described_is_named() -> None:
    with pytest.raises(DescriptorError, match="'magpie' is no set of descriptors"):
        describe(STRUCTURES, {"preset": "magpie"})
    with pytest.raises(DescriptorError, match="no compounds to describe"):
        describe(STRUCTURES.take([]), None)
    with pytest.raises(DescriptorError, match=r"\w"):
        describe(COMPOSITIONS, "structure")
