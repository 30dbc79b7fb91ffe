"""Cuts through a surface."""

import numpy as np
import pytest
from hosts import HOSTS, repulsion

from aiida_gbml.science.compounds.potential_surface.cut_plot import Places, plot_cuts
from aiida_gbml.science.compounds.potential_surface.grid import GridSpec, SiteGrid
from aiida_gbml.science.compounds.potential_surface.observations import SiteEnergies
from aiida_gbml.science.compounds.potential_surface.settings import SaddleSettings
from aiida_gbml.science.compounds.potential_surface.summary import Landscape
from aiida_gbml.science.plot_style import save


@pytest.mark.parametrize("name", ["rocksalt", "screw axes", "no symmetry"])
def test_six_planes_are_drawn_at_the_energies_of_the_grid(name, tmp_path):
    host = HOSTS[name]()
    grid = SiteGrid.of(host, "H", GridSpec(spacing=0.5))
    energies = repulsion(host, grid.fractional @ grid.cell)
    known = SiteEnergies(np.arange(len(grid)), energies, np.full(len(grid), ""))
    landscape = Landscape.of(host, grid, known, SaddleSettings())
    found, _ = landscape.bottlenecks()
    site, bottleneck = landscape.sites(1)[0]["row"], int(grid.orbits[found.point])
    images = [grid.fractional_of(np.flatnonzero(grid.orbits == row)) for row in (site, bottleneck)]
    places = Places(host.get_scaled_positions(), host.get_chemical_symbols(), *images)
    figure = plot_cuts(grid, energies - energies.min(), found.level - energies.min(), places)
    drawn = [axes.collections[0].get_array() for axes in figure.axes[:6]]
    highest = energies.max() - energies.min()
    assert all(one.min() == 0.0 for one in drawn[:3])
    assert all(0.0 <= one.min() <= one.max() <= highest for one in drawn)
    assert [axes.get_title()[:8] for axes in figure.axes[:3]] == ["bc plane", "ac plane", "ab plane"]
    named = [text.get_text() for text in figure.legends[0].get_texts()]
    assert named[-2:] == ["energy of the bottleneck", "where the atom cannot be"]
    save(figure, tmp_path / "cuts.png")
    assert (tmp_path / "cuts.png").stat().st_size > 10000
