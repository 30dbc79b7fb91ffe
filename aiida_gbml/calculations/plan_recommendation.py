"""From the inputs of a recommendation to what its tasks read."""

from __future__ import annotations

from typing import Any

from aiida import orm
from aiida.engine import ExitCode, calcfunction

from aiida_gbml.calculations.plan_shards import SHARDS_A_PLAN
from aiida_gbml.data.ion_table import IonTableData
from aiida_gbml.science.compounds.candidates import CandidateSpace

CONTROL = "popularity"
"""The recommender beside which every other is judged."""


@calcfunction
def plan_recommendation(  # noqa: PLR0917
    space: orm.Dict,
    ions: IonTableData,
    model: orm.Dict,
    shortlist: orm.Dict | None = None,
    top_k: orm.Int | None = None,
    n_shards: orm.Int | None = None,
) -> dict[str, orm.Data] | ExitCode:
    """Return the parameters ``fit``, and the ``models`` to be judged.

    Of a ranking also those of its shards, as ``scoring_00`` and so on, see :func:`.plan_shards.plan_shards`. With a
    shortlist further ``shortlist_fit``, and ``rescore`` of the task that ranks the shortlist.

    :param space: `arity`, and where they differ from the defaults `limits` and `filters`.
    :param ions: elements and charges.
    :param model: `kind` and `settings` of a recommender.
    :param shortlist: `kind`, `settings` and `size` of a quick one.
    :param top_k: number of candidates to keep; none where nothing is ranked.
    :param n_shards: number of jobs among which the candidates are divided.
    """
    try:
        resolved = CandidateSpace.from_dict({**space.get_dict(), "ions": ions.table.to_dict()}).to_dict()
    except ValueError as exception:
        return ExitCode(300, str(exception))
    chosen = model.get_dict()
    models = [chosen, CONTROL] if chosen["kind"] != CONTROL else [chosen]
    outputs: dict[str, orm.Data] = {"fit": orm.Dict({"space": resolved, "model": chosen}), "models": orm.List(models)}
    size = None if top_k is None else top_k.value
    if shortlist is not None:
        quick = shortlist.get_dict()
        outputs["rescore"] = orm.Dict({"space": resolved, "top_k": size})
        size = quick.pop("size")
        outputs["shortlist_fit"] = orm.Dict({"space": resolved, "model": quick})
    if size is not None and n_shards is not None:
        outputs |= _scorings({"space": resolved, "top_k": size, "n_shards": n_shards.value})
    return outputs


def _scorings(shared: dict[str, Any]) -> dict[str, orm.Dict]:
    """Return the parameters of the shards, as many of them together as are planned at a time."""
    n_shards = shared["n_shards"]
    firsts = range(0, n_shards, SHARDS_A_PLAN)
    ends = [min(first + SHARDS_A_PLAN, n_shards) for first in firsts]
    return {
        f"scoring_{number:02d}": orm.Dict({**shared, "shards": list(bounds)})
        for number, bounds in enumerate(zip(firsts, ends, strict=True))
    }
