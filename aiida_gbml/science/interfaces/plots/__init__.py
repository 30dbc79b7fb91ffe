"""Pictures of a search: its course, the energy over the translations, and the boundary itself.

Every function takes plain arrays and returns a matplotlib ``Figure`` that belongs to no window and no global state.
"""

from aiida_gbml.science.interfaces.plots.convergence import plot_convergence
from aiida_gbml.science.interfaces.plots.gamma_surface import plot_gamma_surface
from aiida_gbml.science.interfaces.plots.structure import plot_structure
from aiida_gbml.science.plot_style import save

__all__ = ["plot_convergence", "plot_gamma_surface", "plot_structure", "save"]
