"""From any cell of a crystal to its conventional one."""

import numpy as np
import pytest
from aiida import orm
from ase.build import bulk

from aiida_gbml.calculations.standardise_bulk import standardise_bulk

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_the_primitive_cell_becomes_the_cube():
    found = standardise_bulk(orm.StructureData(ase=bulk("Al", a=4.05)))["bulk"]
    np.testing.assert_allclose(found.structures.cells[0], 4.05 * np.eye(3), atol=1e-9)
    assert found.structures.sizes.tolist() == [4]
    assert found.creator.process_label == "standardise_bulk"


def test_a_hexagonal_crystal_ends_with_a_sentence():
    _, node = standardise_bulk.run_get_node(orm.StructureData(ase=bulk("Mg")))
    assert node.exit_status == 201
    assert "Mg2 is not cubic" in node.exit_message
    assert not node.base.links.get_outgoing().all()
