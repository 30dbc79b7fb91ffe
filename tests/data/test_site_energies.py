"""Nodes of the energies of a mobile atom: exact round trips through the store, counts for queries."""

import numpy as np
import pytest
from aiida import orm

from aiida_gbml.data.site_energies import SiteEnergiesData
from aiida_gbml.science.compounds.potential_surface.observations import SiteEnergies, SiteEnergiesError

pytestmark = pytest.mark.usefixtures("aiida_profile")

ENERGIES = SiteEnergies(np.array([3, 0]), np.array([-1.5, np.nan]), np.array(["", "atoms were lost"]))


def test_stored_energies_are_the_same() -> None:
    node = orm.load_node(SiteEnergiesData(ENERGIES).store().pk)
    assert node.content == node.energies.to_bytes() == ENERGIES.to_bytes()
    assert node.energies.reasons.tolist() == ["", "atoms were lost"]


def test_counts_are_attributes() -> None:
    attributes = SiteEnergiesData.from_content(ENERGIES.to_bytes()).base.attributes.all
    assert attributes == {"n_observations": 2, "n_failed": 1, "n_machine_faults": 0}


def test_damaged_bytes_become_no_node() -> None:
    with pytest.raises(SiteEnergiesError):
        SiteEnergiesData.from_content(b"damaged")
