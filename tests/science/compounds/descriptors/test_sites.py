"""Every feature of atoms: finite, named, stored."""

import re

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from aiida_gbml.science.compounds.descriptors.compounds import DescriptorError
from aiida_gbml.science.compounds.descriptors.neighbours import find_neighbours
from aiida_gbml.science.compounds.descriptors.sites import SITES, Elements, Radial, site_from_dict, site_to_dict
from aiida_gbml.science.compounds.elements import NAMES, ElementError, element_table
from aiida_gbml.science.strict_json import read_json, write_json
from aiida_gbml.science.structure_set import StructureSet

CRYSTALS = StructureSet.from_ase([bulk("NaCl", "rocksalt", 5.64), Atoms("Ar", cell=[40] * 3, pbc=True)])


@pytest.mark.parametrize("kind", SITES)
def test_every_feature_has_a_name_is_finite_and_survives_json(kind) -> None:
    site = SITES[kind]()
    values = site.values(CRYSTALS.numbers, find_neighbours(CRYSTALS, site.cutoff or 1.0))
    assert values.shape == (3, len(site.names))
    assert len(set(site.names)) == len(site.names)
    assert np.all(np.isfinite(values))
    assert site_from_dict(read_json(write_json(site_to_dict(site)))) == site


def test_properties_that_span_decades_enter_as_logarithms() -> None:
    site = Elements(["density", "mass"])
    values = site.values(np.array([8]), find_neighbours(CRYSTALS, 1.0))
    expected = element_table().of(np.array([8]), ["density", "mass"])
    assert values[0, 0] == pytest.approx(np.log10(expected[0, 0]))
    assert values[0, 1] == expected[0, 1]
    assert site.names == ["log10(density)", "mass"]
    assert len(Elements().names) == len(NAMES)


def test_options_are_kept() -> None:
    assert len(Radial(first=1, last=3, count=5).names) == 5
    assert site_from_dict({"kind": "radial", "count": 7}) == Radial(count=7)


def test_unknown_features_and_options_are_refused() -> None:
    with pytest.raises(DescriptorError, match="'soap' is no feature of atoms, choose from elements"):
        site_from_dict({"kind": "soap"})
    with pytest.raises(DescriptorError, match="an object with a 'kind', got 'radial'"):
        site_from_dict("radial")
    with pytest.raises(DescriptorError, match="'radial' does not take the options"):
        site_from_dict({"kind": "radial", "colour": 1})
    with pytest.raises(ElementError, match="'hardness' is no elemental property"):
        site_from_dict({"kind": "elements", "properties": ["hardness"]})


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ({"kind": "radial", "cutoff": -1}, "'cutoff' of the feature 'radial' must be a number above 0, at most 15.0"),
        ({"kind": "radial", "cutoff": float("nan")}, "got nan"),
        ({"kind": "bonds", "cutoff": 1e3}, "got 1000.0"),
        ({"kind": "radial", "eta": "6"}, "'eta' of the feature 'radial' must be a number above 0, got '6'"),
        ({"kind": "radial", "count": 2.5}, "'count' of the feature 'radial' must be a whole number above 0"),
        ({"kind": "histogram", "count": 0}, "'count' of the feature 'histogram' must be a whole number"),
        ({"kind": "histogram", "first": 7}, "'first' of a feature must be less than 'last', got 7 and 6.0"),
        ({"kind": "bond_order", "largest": 200}, "whole number above 0, at most 20, got 200"),
        ({"kind": "bond_order", "width": True}, "'width' of the feature 'bond_order' must be a number above 0"),
        ({"kind": "power_spectrum", "last": None}, "'last' of the feature 'power_spectrum'"),
    ],
)
def test_options_that_make_no_sense_are_refused(option, reason) -> None:
    """A negative cutoff gave columns of zeros, one of a hundred nanometres filled the memory."""
    with pytest.raises(DescriptorError, match=re.escape(reason)):
        site_from_dict(option)
