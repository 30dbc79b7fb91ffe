"""From a ranking to what is to be said of it."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.ranking import RankingData
from aiida_gbml.science.compounds.ranking_summary import summarise_ranking as summarise


@calcfunction
def summarise_ranking(
    ranking: RankingData, known: CompositionSetData, exclude: CompositionSetData | None = None
) -> dict[str, orm.Dict]:
    """Return what was known, what was scored and what came first as output ``report``.

    :param ranking: the best candidates.
    :param known: what the model learned from.
    :param exclude: further compositions that were left out.
    """
    further = None if exclude is None else exclude.compositions
    return {"report": orm.Dict(summarise(ranking.ranking, known.compositions, further))}
