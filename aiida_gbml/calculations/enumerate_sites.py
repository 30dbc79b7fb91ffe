"""From a host to the points at which an atom may be in it."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.site_grid import SiteGridData
from aiida_gbml.data.structure_set import StructureSetData, check_row
from aiida_gbml.science.compounds.potential_surface.grid import GridSpec, SiteGrid
from aiida_gbml.science.structure_set import StructureSet


@calcfunction
def enumerate_sites(
    structure: orm.StructureData, mobile: orm.Str, grid: orm.Dict
) -> dict[str, StructureSetData | SiteGridData] | ExitCode:
    """Return the points of a grid as ``sites``, one for each orbit, and the host as a set of one structure.

    :param structure: the host.
    :param mobile: symbol of the element that moves.
    :param grid: fields of `GridSpec`, lengths in Å.
    """
    try:
        check_row(structure)
        host = structure.get_ase()
        sites = SiteGrid.of(host, mobile.value, GridSpec.from_dict(grid.get_dict()))
    except ValueError as exception:
        return ExitCode(201, str(exception))
    return {"host": StructureSetData(StructureSet.from_ase([host])), "sites": SiteGridData(sites)}
