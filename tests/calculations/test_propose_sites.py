"""From known energies to the structures to be evaluated next."""

import pytest
from aiida import orm
from ase.build import bulk

from aiida_gbml.calculations.propose_sites import propose_sites
from aiida_gbml.data.site_grid import SiteGridData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.potential_surface.grid import GridSpec, SiteGrid
from aiida_gbml.science.compounds.potential_surface.observations import SiteEnergies
from aiida_gbml.science.compounds.potential_surface.propose import propose
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.usefixtures("aiida_profile")

PARAMETERS = {"mobile": "H", "supercell": [1, 1, 1], "strategy": {}, "batch_size": 3, "seed": 2}


def inputs(**changes):
    host = bulk("Ni", a=3.52)
    sites = SiteGrid.of(host, "H", GridSpec(spacing=0.6))
    nodes = {"host": StructureSetData(StructureSet.from_ase([host])), "sites": SiteGridData(sites)}
    return {**nodes, "parameters": orm.Dict({**PARAMETERS, **changes})}


def test_the_node_holds_what_the_science_proposes():
    given = inputs()
    outputs = propose_sites(**given)
    expected = propose(given["host"].structures, given["sites"].grid, SiteEnergies.empty(), PARAMETERS)
    assert outputs["proposal"].content == expected.structures.to_bytes()
    assert outputs["outlook"].get_dict() == {}


def test_wrong_parameters_end_with_a_sentence():
    _, node = propose_sites.run_get_node(**inputs(strategy={"acquisition": "hope"}))
    assert node.exit_status == 202
    assert "unknown acquisition 'hope'" in node.exit_message
