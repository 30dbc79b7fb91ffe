"""From a host to the points of a grid."""

import pytest
from aiida import orm
from ase.build import bulk

from aiida_gbml.calculations.enumerate_sites import enumerate_sites
from aiida_gbml.science.compounds.potential_surface.grid import GridSpec, SiteGrid

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_the_nodes_hold_the_host_and_its_grid():
    host = bulk("Ni", a=3.52)
    outputs = enumerate_sites(orm.StructureData(ase=host), orm.Str("H"), orm.Dict({"spacing": 0.6}))
    assert outputs["sites"].content == SiteGrid.of(host, "H", GridSpec(spacing=0.6)).to_bytes()
    assert outputs["host"].structures.to_ase(0).get_chemical_formula() == "Ni"


def test_a_host_without_a_grid_ends_with_a_sentence():
    inputs = {"structure": orm.StructureData(ase=bulk("Ni")), "mobile": orm.Str("Qq"), "grid": orm.Dict({})}
    _, node = enumerate_sites.run_get_node(**inputs)
    assert node.exit_status == 201
    assert "must be an element such as H or Li, got 'Qq'" in node.exit_message
