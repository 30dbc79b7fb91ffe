"""Nodes of what a search over compounds has observed."""

import numpy as np
import pytest
from aiida import orm
from aiida.common.exceptions import ValidationError

from aiida_gbml.data.property_observations import PropertyObservationsData
from aiida_gbml.science.compounds.property_observations import PropertyObservations, PropertyObservationsError

pytestmark = pytest.mark.usefixtures("aiida_profile")

SEEN = PropertyObservations(
    np.array([4, 1]), np.array([1.5, np.nan]), np.array(["", "atoms overlap"]), np.array([True, False])
)


def test_stored_observations_are_the_same():
    node = orm.load_node(PropertyObservationsData(SEEN).store().pk)
    assert node.content == SEEN.to_bytes()
    assert node.observations.reasons.tolist() == ["", "atoms overlap"]


def test_counts_are_attributes():
    found = PropertyObservationsData.from_content(SEEN.to_bytes()).base.attributes.all
    assert found == {"n_observations": 2, "n_failed": 1, "n_machine_faults": 0, "n_given": 1}


def test_damaged_and_missing_observations_are_refused():
    with pytest.raises(PropertyObservationsError):
        PropertyObservationsData.from_content(SEEN.to_bytes()[:50])
    with pytest.raises((ValidationError, PropertyObservationsError, OSError)):
        PropertyObservationsData().store()
