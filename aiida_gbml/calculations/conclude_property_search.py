"""From everything a search over compounds has evaluated to what it has found."""

from __future__ import annotations

from typing import Any

from aiida import orm
from aiida.engine import calcfunction

from aiida_gbml.data.property_observations import PropertyObservationsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.objective import Objective
from aiida_gbml.science.compounds.property_rounds import believed, describe_search, with_observations
from aiida_gbml.science.compounds.property_search import PropertySearchSettings, make_search


@calcfunction
def conclude_property_search(  # noqa: PLR0917  (a calculation function has no keyword-only arguments)
    candidates: StructureSetData,
    features: orm.ArrayData,
    observations: PropertyObservationsData,
    objective: orm.Dict,
    strategy: orm.Dict,
    seed: orm.Int,
    engine: orm.Str,
    level_of_theory: orm.Str,
    evaluated: StructureSetData | None = None,
) -> dict[str, Any]:
    """Return the best structure, the summary, the database with all values, and the predictions of all candidates.

    :param candidates: the database.
    :param features: `points` (n, k) of all candidates.
    :param observations: everything that was observed, at least one value among it.
    :param objective: fields of `Objective`.
    :param strategy: fields of `PropertySearchSettings`.
    :param seed: of every draw (dimensionless).
    :param engine: entry point of the engine.
    :param level_of_theory: what it computes, in words.
    :param evaluated: every evaluated structure; none when all values were given.
    """
    wanted, seen = Objective.from_dict(objective.get_dict()), observations.observations
    settings = PropertySearchSettings.from_dict(strategy.get_dict())
    points = features.get_array("points")
    search = make_search(points, wanted, settings, seen, seed=seed.value)
    known = None if evaluated is None else evaluated.structures
    best, row = describe_search(candidates.structures, seen, wanted, known)
    structure = orm.StructureData(ase=best)
    summary = {
        **row,
        "method": settings.method,
        "engine": engine.value,
        "level_of_theory": level_of_theory.value,
        "structure_uuid": structure.uuid,
    }
    database = StructureSetData(with_observations(candidates.structures, seen, wanted, known))
    outputs = {"best_structure": structure, "summary": orm.Dict(summary), "database": database}
    arrays = believed(search, wanted)
    return outputs | ({"predictions": orm.ArrayData(arrays)} if arrays else {})
