"""From everything a search has evaluated to stable sites, the lowest path and its barrier."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.site_energies import SiteEnergiesData
from aiida_gbml.data.site_grid import SiteGridData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.potential_surface.analyse import analyse


@calcfunction
def analyse_potential_surface(
    host: StructureSetData, sites: SiteGridData, observations: SiteEnergiesData, parameters: orm.Dict
) -> dict[str, orm.Data] | ExitCode:
    """Return the ``summary``, and the ``surface`` with the lowest path.

    :param host: the crystal.
    :param sites: all points.
    :param observations: every energy that is known.
    :param parameters: ``strategy``, ``seed``, ``temperature`` in K, ``attempt_frequency`` in 1/s, ``mobile``,
        ``engine`` and ``level_of_theory``.
    """
    try:
        summary, arrays = analyse(host.structures, sites.grid, observations.energies, parameters.get_dict())
    except ValueError as exception:
        return ExitCode(202, str(exception))
    return {"summary": orm.Dict(summary), "surface": orm.ArrayData(arrays)}
