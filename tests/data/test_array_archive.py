"""Tests of aiida_gbml.data.array_archive."""

import pytest
from aiida.common.exceptions import ValidationError

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_a_node_without_an_archive_is_not_stored():
    with pytest.raises(ValidationError, match=r"StructureSetData holds no 'structures\.npz'"):
        StructureSetData().store()


def test_a_node_with_a_damaged_archive_is_not_stored():
    node = StructureSetData()
    node.base.repository.put_object_from_bytes(b"PK nonsense", node.FILENAME)
    with pytest.raises(ValidationError, match="StructureSetData: not a readable array archive"):
        node.store()


def test_content_is_the_bytes_of_the_archive():
    structures = StructureSet.from_ase([])
    assert StructureSetData(structures).content == structures.to_bytes()
    assert StructureSetData.from_content(structures.to_bytes()).content == structures.to_bytes()
