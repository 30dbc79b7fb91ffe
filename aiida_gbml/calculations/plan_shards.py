"""From the scoring of all candidates to what the task of each shard reads."""

from __future__ import annotations

from aiida import orm
from aiida.engine import calcfunction

SHARDS_A_PLAN = 100
"""Shards that one call plans, so that it takes no more than a second of the daemon's time."""


@calcfunction
def plan_shards(scoring: orm.Dict) -> dict[str, orm.Dict]:
    """Return the parameters of the task `score_shard` for some shards, as outputs ``shard_0000`` and so on.

    :param scoring: parameters that the shards share, with ``shards``: the number of the first one, and of that behind
        the last.
    """
    shared = scoring.get_dict()
    numbers = range(*shared.pop("shards"))
    return {shard_label(number): orm.Dict({**shared, "shard": number}) for number in numbers}


def shard_label(number: int) -> str:
    """Return the name of a shard.

    :param number: from 0.
    """
    return f"shard_{number:04d}"
