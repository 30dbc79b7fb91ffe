"""From which nodes a ranking has been made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiida import orm

    from aiida_gbml.data.ranking import RankingData

_ARCHIVES = {"model": "model_uuid", "known": "known_uuid", "exclude": "exclude_uuid"}


def recommendation_of(ranking: RankingData) -> orm.WorkChainNode | None:
    """Return the recommendation whose result a ranking is; none of that of a shard or of a single job."""
    from aiida import orm
    from aiida.common.links import LinkType

    links = ranking.base.links.get_incoming(node_class=orm.WorkChainNode, link_type=LinkType.RETURN)
    return next(iter(links.all_nodes()), None)  # type: ignore[return-value]


def origin_of(ranking: RankingData) -> dict[str, str]:
    """Return the identifiers of a ranking, its model, and the compositions that were known or left out.

    Rankings that are merged from those of shards share them; what no process has made has only its own.
    """
    found = {"ranking_uuid": str(ranking.uuid)}
    creator: Any = ranking.creator
    while creator is not None and "arrays" not in creator.inputs:
        shards = creator.base.links.get_incoming(node_class=type(ranking)).all_nodes()
        creator = shards[0].creator if shards else None
    arrays = {} if creator is None else creator.inputs.arrays
    return found | {title: str(arrays[name].uuid) for name, title in _ARCHIVES.items() if name in arrays}
