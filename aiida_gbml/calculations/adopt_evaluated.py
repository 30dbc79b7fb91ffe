"""From a database, some of whose structures are evaluated, to what a search over it knows."""

from __future__ import annotations

import numpy as np
from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.property_observations import PropertyObservationsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.objective import Objective
from aiida_gbml.science.compounds.property_column import property_values
from aiida_gbml.science.compounds.property_observations import PropertyObservations
from aiida_gbml.science.structure_set import OK


@calcfunction
def adopt_evaluated(
    candidates: StructureSetData, objective: orm.Dict, references: StructureSetData | None = None
) -> dict[str, PropertyObservationsData] | ExitCode:
    """Return the values of the rows with the status 'ok', as output ``observations``; failed ones are tried again.

    :param candidates: the database.
    :param objective: fields of `Objective`.
    :param references: evaluated structures of the elements, for `formation_energy_per_atom`.
    """
    structures = candidates.structures
    try:
        wanted = Objective.from_dict(objective.get_dict())
        rows = structures.rows(OK)
        values = np.zeros(0)
        if len(rows):
            known = None if references is None else references.structures
            values = property_values(structures, wanted.property, known)[rows]
    except ValueError as exception:
        return ExitCode(201, str(exception))
    rows, values = rows[np.isfinite(values)], values[np.isfinite(values)]
    count = len(rows)
    seen = PropertyObservations(rows.astype(np.int64), values, np.full(count, "", "U1"), np.ones(count, bool))
    return {"observations": PropertyObservationsData(seen)}
