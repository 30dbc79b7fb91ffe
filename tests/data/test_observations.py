"""Observation nodes: exact round trips through the store, counts for queries."""

import numpy as np
import pytest
from aiida import orm
from aiida.common.exceptions import ValidationError

from aiida_gbml.data.observations import ObservationsData
from aiida_gbml.science.interfaces.observations import Observations, ObservationsError

pytestmark = pytest.mark.usefixtures("aiida_profile")

SEEN = Observations(
    candidates=np.array([4, 1, 9]),
    energies=np.array([1.2, 0.9, np.nan]),
    volumes=np.array([0.3, 0.2, np.nan]),
    reasons=np.array(["", "", "out of time"]),
    machine_faults=np.array([False, False, True]),
)


def test_stored_observations_are_the_same():
    node = orm.load_node(ObservationsData(SEEN).store().pk)
    assert node.content == SEEN.to_bytes()
    assert node.observations.reasons.tolist() == ["", "", "out of time"]
    np.testing.assert_array_equal(node.observations.energies, SEEN.energies)


def test_counts_and_the_best_are_attributes():
    counts = {"n_observations": 3, "n_failed": 1, "n_machine_faults": 1}
    assert ObservationsData(SEEN).base.attributes.all == {**counts, "best": 0.9}
    none = ObservationsData.from_content(Observations.empty().to_bytes())
    assert none.base.attributes.all == {"n_observations": 0, "n_failed": 0, "n_machine_faults": 0}


def test_equal_observations_have_equal_hashes():
    one, other = ObservationsData(SEEN).store(), ObservationsData(SEEN).store()
    assert one.base.caching.compute_hash() == other.base.caching.compute_hash()


def test_damaged_bytes_become_no_node():
    with pytest.raises(ObservationsError):
        ObservationsData.from_content(SEEN.to_bytes()[:60])


def test_a_node_without_observations_is_not_stored():
    with pytest.raises((ValidationError, ObservationsError, OSError)):
        ObservationsData().store()
