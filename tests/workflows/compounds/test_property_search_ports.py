"""What a search over a database refuses before anything is stored."""

from __future__ import annotations

import pytest
from aiida import orm
from alloys import database, elements

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.workflows.compounds import property_search_ports as ports

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_formation_energies_need_every_element() -> None:
    given = {
        "candidates": StructureSetData(database()),
        "objective": orm.Dict({"property": "formation_energy_per_atom"}),
    }
    assert "needs crystals of the elements" in str(ports.validate_search(given, None))
    given["references"] = StructureSetData(elements().take([0, 1, 2, 3, 4]))
    assert ports.validate_search(given, None) == "`references` has no crystal of Pt"
    given["references"] = StructureSetData(elements())
    assert ports.validate_search(given, None) is None
    assert ports.validate_search({}, None) is None
