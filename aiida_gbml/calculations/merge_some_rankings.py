"""From the rankings of some shards to one, where all of them are too many to be merged at once."""

from __future__ import annotations

from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.ranking import RankingData
from aiida_gbml.science.compounds.ranking import merge_rankings as merge


@calcfunction
def merge_some_rankings(**rankings: RankingData) -> dict[str, RankingData] | ExitCode:
    """Return the best of some shards as output ``ranking``; :func:`.merge_rankings.merge_rankings` makes one of all.

    Exit code 320 says that they do not belong together.

    :param rankings: at most 200 of them.
    """
    try:
        return {"ranking": RankingData(merge([rankings[name].ranking for name in sorted(rankings)]))}
    except ValueError as exception:
        return ExitCode(320, str(exception))
