"""From an evaluated round to the energies that a search knows."""

from __future__ import annotations

from aiida.engine import calcfunction

from aiida_gbml.data.site_energies import SiteEnergiesData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.potential_surface.observations import SiteEnergies, complete


@calcfunction
def record_site_energies(
    evaluated: StructureSetData, observations: SiteEnergiesData | None = None
) -> dict[str, SiteEnergiesData | StructureSetData]:
    """Return the earlier and the new energies as ``observations``, and the round with a status for each row.

    :param evaluated: the round; rows that are not evaluated count as failed.
    :param observations: what was known before.
    """
    known = SiteEnergies.empty() if observations is None else observations.energies
    completed = complete(evaluated.structures)
    return {
        "observations": SiteEnergiesData(known + SiteEnergies.of(completed)),
        "evaluated": StructureSetData(completed),
    }
