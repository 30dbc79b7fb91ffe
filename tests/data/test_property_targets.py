"""Nodes of the values of a property."""

import numpy as np
import pytest
from aiida import orm
from aiida.common.exceptions import ValidationError

from aiida_gbml.data.property_targets import PropertyTargetsData
from aiida_gbml.science.compounds.property_targets import PropertyTargets, PropertyTargetsError

pytestmark = pytest.mark.usefixtures("aiida_profile")

VALUES = PropertyTargets(np.array([1.0, np.nan, -2.0]), np.array([3, 1, 2]))


def test_stored_values_are_the_same():
    node = orm.load_node(PropertyTargetsData(VALUES).store().pk)
    assert node.content == VALUES.to_bytes()
    np.testing.assert_array_equal(node.targets.target, VALUES.target)
    assert len(node) == 3


def test_counts_and_range_are_attributes():
    found = PropertyTargetsData.from_content(VALUES.to_bytes()).base.attributes.all
    assert found == {"n_compounds": 3, "n_known": 2, "lowest": -2.0, "highest": 1.0, "mean": -0.5}


def test_damaged_and_missing_values_are_refused():
    with pytest.raises(PropertyTargetsError):
        PropertyTargetsData.from_content(VALUES.to_bytes()[:50])
    with pytest.raises((ValidationError, PropertyTargetsError, OSError)):
        PropertyTargetsData().store()
