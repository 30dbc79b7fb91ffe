"""From the energies of a mobile atom to the structures to be evaluated next."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.site_energies import SiteEnergiesData
from aiida_gbml.data.site_grid import SiteGridData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.potential_surface.observations import SiteEnergies
from aiida_gbml.science.compounds.potential_surface.propose import propose


@calcfunction
def propose_sites(
    host: StructureSetData,
    sites: SiteGridData,
    parameters: orm.Dict,
    observations: SiteEnergiesData | None = None,
) -> dict[str, orm.Data] | ExitCode:
    """Return the structures of the next round as ``proposal``, and what is expected of it as ``outlook``.

    The outlook holds ``barrier`` (eV) and ``agreement`` once the strategy knows enough, and ``stop_reason`` when the
    search is over; the proposal is empty then.

    :param host: the crystal.
    :param sites: all points.
    :param parameters: ``mobile``, ``supercell``, ``strategy``, ``batch_size``, ``seed`` and perhaps ``budget``.
    :param observations: what is known so far; none at the start.
    """
    known = SiteEnergies.empty() if observations is None else observations.energies
    try:
        proposal = propose(host.structures, sites.grid, known, parameters.get_dict())
    except ValueError as exception:
        return ExitCode(202, str(exception))
    return {"proposal": StructureSetData(proposal.structures), "outlook": orm.Dict(proposal.outlook)}
