"""What is refused before a recommendation is stored: each validator returns one sentence, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.ion_table import IonTableData
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.evaluation.coverage import Coverage
from aiida_gbml.science.compounds.evaluation.splits import Split
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.workflows.validators import refusing, validate_positive

MOST_SHARDS = 1000
"""A job takes seconds of the daemon's time."""

LEAST_FOUND = 10
"""Compositions that must be left to be found, where a model is judged without having been asked for."""


def candidate_space(space: Mapping[str, Any], ions: IonTableData | None = None) -> CandidateSpace:
    """Return the candidates of the inputs ``space`` and ``ions``.

    :raises ValueError: for unknown names or impossible values.
    """
    if "ions" in space:
        raise ValueError("the ions of the space are an input of their own, `ions`")
    given = {} if ions is None else {"ions": ions.table.to_dict()}
    return CandidateSpace.from_dict({**space, **given})


def check_model(model: Mapping[str, Any]) -> None:
    """Raise unless a recommender and its settings are known.

    :param model: `kind`, and `settings` by name.
    :raises ValueError: naming what is not.
    """
    from aiida_gbml.science.compounds.fit_recommender import make_recommender

    if not isinstance(model.get("kind"), str):
        raise ValueError(f"a recommender has a 'kind', such as ensemble, got {dict(model)!r}")
    make_recommender(model)


def is_judgeable(split: Mapping[str, Any], known: CompositionSet, space: CandidateSpace) -> bool:
    """Return whether a division leaves enough compositions among the candidates, from which something can be learned.

    :param split: plain values of a :class:`Split`.
    """
    try:
        later = Split.from_dict(split).parts(known)[1]
    except ValueError:
        return False
    return len(Coverage.of(later, space)) >= LEAST_FOUND


def validate_known(value: CompositionSetData | None, _: Any) -> str | None:
    """Refuse an empty set."""
    if value is not None and len(value) == 0:
        return "'known' holds no composition, so that there is nothing to learn from"
    return None


def check_shortlist(shortlist: Mapping[str, Any]) -> None:
    """Raise unless a shortlist has a size, and a recommender that is known.

    :raises ValueError: naming what is wrong.
    """
    size = shortlist.get("size")
    if type(size) is not int or size < 1:
        raise ValueError(f"'shortlist' needs a 'size', a whole number from 1, got {size!r}")
    check_model({name: value for name, value in shortlist.items() if name != "size"})


validate_space = refusing(candidate_space)
validate_model = refusing(check_model)
validate_shortlist = refusing(check_shortlist)
validate_split = refusing(Split.from_dict)


def validate_n_shards(value: orm.Int | None, port: Any) -> str | None:
    """Refuse no shard, and more than are sensible."""
    if value is not None and value.value > MOST_SHARDS:
        return f"'n_shards' must be at most {MOST_SHARDS}, got {value.value}"
    return validate_positive(value, port)


def validate_recommendation(value: Mapping[str, Any], _: Any) -> str | None:
    """Refuse a space without candidates, known compositions without any in it, and a validation that cannot be."""
    if "known" not in value or "space" not in value:
        return None
    try:
        space = candidate_space(value["space"].get_dict(), value.get("ions"))
        if next(space.blocks(), None) is None:
            return f"no neutral composition of {space.arity} elements passes the filters of the space: relax them"
        known = value["known"].compositions
        roles, _rows = RoleTable.of(known, space.ions, space.arity, space.limits)
    except ValueError as exception:
        return f"the space cannot be used: {exception}"
    if not len(roles):
        return (
            f"none of the {len(known)} known compositions is a neutral one of {space.arity} elements: there is nothing "
            "to learn from; check `space` and `ions`"
        )
    shortlist = value.get("shortlist")
    if shortlist is not None and "top_k" in value and shortlist["size"] < value["top_k"].value:
        return f"the shortlist of {shortlist['size']} is shorter than `top_k`, which is {value['top_k'].value}"
    return _validation_complaint(value)


def _validation_complaint(value: Mapping[str, Any]) -> str | None:
    """Return why a model cannot be judged as it is asked."""
    judged = value.get("validation") or {}
    if {"split", "later"} <= set(judged):
        return "`validation` takes either a `split` of the known compositions or `later` ones, not both"
    if "split" in judged:
        try:
            Split.from_dict(judged["split"].get_dict()).parts(value["known"].compositions)
        except ValueError as exception:
            return f"{exception}; or judge nothing (no `validation`)"
    if "later" in judged and value["known"].compositions.contains(judged["later"].compositions).all():
        return "all later compositions of `validation` are known already: there is nothing to find"
    return None
