"""From a ranking to the structures that are computed, and to what is expected of them."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.ranking import RankingData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.verification import VerificationSettings
from aiida_gbml.science.compounds.verification import select_compositions as select

MOST_ROWS = 10_000
"""Rows of a ranking that are looked at, which takes less than a second of the daemon's time."""


@calcfunction
def select_compositions(
    ranking: RankingData, prototypes: StructureSetData, settings: orm.Dict
) -> dict[str, orm.Data] | ExitCode:
    """Return the structures to compute as ``selected``, and the ``expectation`` before anything is computed.

    The expectation holds the formulas and ``expected_hit_rate``, the mean probability of the chosen compositions.

    :param ranking: the best candidates.
    :param prototypes: known crystals; lengths in Å.
    :param settings: fields of `VerificationSettings`.
    """
    ranked = ranking.ranking
    try:
        chosen = VerificationSettings.from_dict(settings.get_dict())
        rows = range(min(len(ranked), MOST_ROWS))
        compositions = [ranked.composition(row) for row in rows]
        structures, outlook = select(compositions, ranked.probability[: len(rows)], prototypes.structures, chosen)
    except ValueError as exception:
        return ExitCode(301, str(exception))
    return {"selected": StructureSetData(structures), "expectation": orm.Dict(outlook)}
