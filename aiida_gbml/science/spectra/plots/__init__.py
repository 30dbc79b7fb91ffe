"""Pictures of spectra: sites, treatments of the core hole, convergence, widths, and the checks of pseudopotentials.

Every function takes plain arrays and returns a matplotlib ``Figure`` that belongs to no window and no global state.
"""

from aiida_gbml.science.plot_style import save
from aiida_gbml.science.spectra.plots.checks import plot_log_derivatives
from aiida_gbml.science.spectra.plots.convergence import plot_cell_convergence
from aiida_gbml.science.spectra.plots.curve import Curve
from aiida_gbml.science.spectra.plots.sites import plot_sites
from aiida_gbml.science.spectra.plots.treatments import plot_treatments
from aiida_gbml.science.spectra.plots.widths import plot_widths

__all__ = [
    "Curve",
    "plot_cell_convergence",
    "plot_log_derivatives",
    "plot_sites",
    "plot_treatments",
    "plot_widths",
    "save",
]
