"""From a summary to the structures of site and bottleneck."""

import numpy as np
import pytest
from aiida import orm
from ase.build import bulk

from aiida_gbml.calculations.place_mobile_atom import place_mobile_atom
from aiida_gbml.data.site_grid import SiteGridData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.potential_surface.grid import GridSpec, SiteGrid
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.usefixtures("aiida_profile")

HOST = bulk("Ni", a=3.52)
GRID = SiteGrid.of(HOST, "H", GridSpec(spacing=0.3))
ROWS = {"stable_structure": ("site_row", 3), "bottleneck_structure": ("bottleneck_row", 1)}


@pytest.mark.parametrize("outputs", [("stable_structure", "bottleneck_structure"), ("stable_structure",)])
def test_the_atom_is_where_the_summary_says(outputs):
    found = place_mobile_atom(
        host=StructureSetData(StructureSet.from_ase([HOST])),
        sites=SiteGridData(GRID),
        parameters=orm.Dict({"mobile": "H", "supercell": [2, 2, 2]}),
        summary=orm.Dict({"barrier": None, **dict(ROWS[output] for output in outputs)}),
    )
    assert sorted(found) == sorted(outputs)
    for output in outputs:
        atoms = found[output].get_ase()
        assert atoms.get_chemical_formula() == "HNi8"
        place = GRID.fractional[ROWS[output][1]] @ GRID.cell
        np.testing.assert_allclose(atoms.positions[-1], place, atol=1e-9)
