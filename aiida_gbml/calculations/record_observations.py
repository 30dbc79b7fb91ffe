"""From an evaluated round to the observations of a search."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_gbml.data.observations import ObservationsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.interfaces.candidates import SearchSpace
from aiida_gbml.science.interfaces.observations import Observations, observe
from aiida_gbml.science.interfaces.reference import BulkReference, with_excess


@calcfunction
def record_observations(
    reference: StructureSetData,
    space: orm.Dict,
    evaluated: StructureSetData,
    observations: ObservationsData | None = None,
) -> dict[str, ObservationsData | StructureSetData]:
    """Return the earlier and the new observations, and the round with its excess energies.

    Output ``observations`` holds all that is known, ``evaluated`` the rows of the round.

    :param reference: the evaluated crystal, energy in eV.
    :param space: fields of `SearchSpace`.
    :param evaluated: the round; rows that are not evaluated count as failed.
    :param observations: what was known before.
    """
    known = Observations.empty() if observations is None else observations.observations
    bulk = BulkReference.from_evaluated(reference.structures)
    complete = with_excess(evaluated.structures, bulk, SearchSpace.from_dict(space.get_dict()))
    return {"observations": ObservationsData(known + observe(complete)), "evaluated": StructureSetData(complete)}
