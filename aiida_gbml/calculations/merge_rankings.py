"""From the rankings of shards to that of all candidates."""

from __future__ import annotations

from aiida.engine import ExitCode, calcfunction

from aiida_gbml.data.ranking import RankingData
from aiida_gbml.science.compounds.ranking import merge_rankings as merge


@calcfunction
def merge_rankings(**rankings: RankingData) -> dict[str, RankingData] | ExitCode:
    """Return the best of all shards as output ``ranking``, the same to the last bit in whatever order they come.

    Exit code 320 says that they do not belong together, or that some are missing.

    :param rankings: at most 200 of them.
    """
    try:
        merged = merge([rankings[name].ranking for name in sorted(rankings)])
        merged.check_complete()
    except ValueError as exception:
        return ExitCode(320, str(exception))
    return {"ranking": RankingData(merged)}
