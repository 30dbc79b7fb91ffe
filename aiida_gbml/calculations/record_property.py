"""From an evaluated round to the observations of a search over compounds."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.property_observations import PropertyObservationsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.objective import Objective
from aiida_gbml.science.compounds.property_rounds import observe


@calcfunction
def record_property(
    evaluated: StructureSetData,
    observations: PropertyObservationsData,
    objective: orm.Dict,
    references: StructureSetData | None = None,
) -> dict[str, PropertyObservationsData | StructureSetData] | ExitCode:
    """Return the earlier and the new observations as ``observations``, and the round with its values as ``evaluated``.

    :param evaluated: the round; rows that are not evaluated count as failed.
    :param observations: what was known before.
    :param objective: fields of `Objective`.
    :param references: evaluated structures of the elements, for `formation_energy_per_atom`.
    """
    known = None if references is None else references.structures
    try:
        wanted = Objective.from_dict(objective.get_dict())
        complete, seen = observe(evaluated.structures, wanted, known)
    except ValueError as exception:
        return ExitCode(202, str(exception))
    joined = observations.observations + seen
    return {"observations": PropertyObservationsData(joined), "evaluated": StructureSetData(complete)}
