"""Tests of aiida_gbml.data.structure_set."""

import numpy as np
import pytest
from aiida import orm
from ase.build import bulk

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.usefixtures("aiida_profile")


@pytest.fixture
def structures():
    atoms = [bulk("Cu"), bulk("NaCl", "rocksalt", a=5.64), bulk("Al")]
    return StructureSet.from_ase(atoms, energy=[1.0, np.nan, np.nan], status=["ok", "failed", "new"])


def test_a_set_survives_the_database(structures):
    node = orm.load_node(StructureSetData(structures).store().pk)
    assert isinstance(node, StructureSetData)
    assert len(node) == 3
    assert node.structures.to_bytes() == structures.to_bytes()


def test_sets_are_found_by_their_attributes(structures):
    node = StructureSetData(structures).store()
    attributes = {"n_structures": 3, "n_atoms": 4, "n_ok": 1, "n_failed": 1, "columns": ["energy", "status"]}
    assert attributes.items() <= node.base.attributes.all.items()
    assert node.base.attributes.get("elements") == ["Al", "Cl", "Cu", "Na"]
    query = orm.QueryBuilder().append(
        StructureSetData, filters={"attributes.elements": {"contains": ["Cl"]}, "id": node.pk}
    )
    assert query.count() == 1


def test_equal_sets_have_equal_hashes(structures):
    one, other = StructureSetData(structures).store(), StructureSetData(structures).store()
    assert one.base.caching.get_hash() == other.base.caching.get_hash()


def test_structure_nodes_and_back():
    nodes = [orm.StructureData(ase=bulk(name)).store() for name in ("Cu", "Al")]
    collected = StructureSetData.from_structure_data(nodes)
    assert collected.structures.columns["structure_uuid"].tolist() == [node.uuid for node in nodes]
    again = collected.to_structure_data(1)
    assert not again.is_stored
    assert again.get_ase() == bulk("Al")


def test_partial_occupancies_are_refused():
    alloy = orm.StructureData(cell=np.eye(3).tolist())
    alloy.append_atom(position=(0, 0, 0), symbols=["Cu", "Ni"], weights=[0.5, 0.5])
    with pytest.raises(ValueError, match="partial occupancies"):
        StructureSetData.from_structure_data([alloy])
