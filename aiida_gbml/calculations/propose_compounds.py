"""From observations of a property to the compounds to be evaluated next."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.property_observations import PropertyObservationsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.objective import Objective
from aiida_gbml.science.compounds.property_rounds import next_round
from aiida_gbml.science.compounds.property_search import PropertySearchSettings, make_search


@calcfunction
def propose_compounds(  # noqa: PLR0917  (a calculation function has no keyword-only arguments)
    candidates: StructureSetData,
    features: orm.ArrayData,
    observations: PropertyObservationsData,
    objective: orm.Dict,
    strategy: orm.Dict,
    batch_size: orm.Int,
    seed: orm.Int,
    budget: orm.Int | None = None,
) -> dict[str, orm.Data] | ExitCode:
    """Return the structures of the next round as ``proposal``, and what is expected of it as ``outlook``.

    The outlook holds ``promise`` (in the unit of the property, or in decades), the improvement that is expected of the
    best of all, once the strategy knows enough, and ``stop_reason`` when the search is over; then nothing is proposed.

    :param candidates: the database.
    :param features: `points` (n, k) of all candidates.
    :param observations: what is known so far.
    :param objective: fields of `Objective`.
    :param strategy: fields of `PropertySearchSettings`.
    :param batch_size: most structures a round (a number).
    :param seed: of every draw (dimensionless).
    :param budget: most evaluations of the search (a number); none for all candidates.
    """
    try:
        search = make_search(
            features.get_array("points"),
            Objective.from_dict(objective.get_dict()),
            PropertySearchSettings.from_dict(strategy.get_dict()),
            observations.observations,
            seed=seed.value,
            budget=None if budget is None else budget.value,
        )
        proposal, outlook = next_round(search, candidates.structures, batch_size.value)
    except ValueError as exception:
        return ExitCode(202, str(exception))
    return {"proposal": StructureSetData(proposal), "outlook": orm.Dict(outlook)}
