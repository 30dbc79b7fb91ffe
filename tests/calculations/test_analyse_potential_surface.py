"""From known energies to a summary and the surface."""

import numpy as np
import pytest
from aiida import orm
from ase.build import bulk
from hosts import repulsion

from aiida_gbml.calculations.analyse_potential_surface import analyse_potential_surface
from aiida_gbml.data.site_energies import SiteEnergiesData
from aiida_gbml.data.site_grid import SiteGridData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.potential_surface.grid import GridSpec, SiteGrid
from aiida_gbml.science.compounds.potential_surface.observations import SiteEnergies
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.usefixtures("aiida_profile")

PARAMETERS = {
    "strategy": {},
    "seed": 0,
    "temperature": 500.0,
    "attempt_frequency": 1e12,
    "mobile": "H",
    "engine": "gbml.evaluation.emt",
    "level_of_theory": "a repulsion",
}


def inputs(energies=None):
    host = bulk("Ni", a=3.52)
    grid = SiteGrid.of(host, "H", GridSpec(spacing=0.3))
    given = repulsion(host, grid.fractional @ grid.cell) if energies is None else np.full(len(grid), energies)
    reasons = np.where(np.isnan(given), "it broke", "")
    return {
        "host": StructureSetData(StructureSet.from_ase([host])),
        "sites": SiteGridData(grid),
        "observations": SiteEnergiesData(SiteEnergies(np.arange(len(grid)), given, reasons)),
        "parameters": orm.Dict(PARAMETERS),
    }


def test_the_barrier_is_the_difference_of_the_two_points_it_names():
    given = inputs()
    outputs = analyse_potential_surface(**given)
    summary, energies = outputs["summary"].get_dict(), given["observations"].energies.energies
    difference = energies[summary["bottleneck_row"]] - energies[summary["site_row"]]
    assert summary["barrier"] == pytest.approx(difference)
    assert (summary["mobile"], summary["level_of_theory"], summary["temperature"]) == ("H", "a repulsion", 500.0)
    np.testing.assert_allclose(outputs["surface"].get_array("energies"), energies)


def test_without_any_energy_it_ends_with_a_sentence():
    _, node = analyse_potential_surface.run_get_node(**inputs(np.nan))
    assert node.exit_status == 202
    assert "no evaluation has succeeded" in node.exit_message
