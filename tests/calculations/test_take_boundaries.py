"""The structures of a search go on with their distances."""

from __future__ import annotations

import pytest
from aiida import orm

from aiida_gbml.calculations.take_boundaries import take_boundaries
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_the_best_structures_and_the_crystal_are_taken(evaluated: StructureSet, reference: StructureSet) -> None:
    given = {"evaluated": StructureSetData(evaluated), "reference": StructureSetData(reference)}
    taken = take_boundaries(most=orm.Int(2), **given)["boundaries"]
    assert len(taken) == 3
    assert taken.base.attributes.get("atom_columns") == ["distance_from_boundary"]
    assert taken.structures.columns["is_bulk_reference"].tolist() == [False, False, True]
