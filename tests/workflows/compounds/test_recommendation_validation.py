"""Tests of aiida_gbml.workflows.compounds.recommendation_validation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiida import orm
from aiida.engine import ProcessBuilder, run_get_node
from known_compositions import known_set
from recommendations import SPACE

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet


def refused(recommendation: Callable[..., ProcessBuilder], known: Any = None, **changes: Any) -> None:
    """Run a recommendation."""
    builder = recommendation(**changes)
    if known is not None:
        builder.known = CompositionSetData(known)
    run_get_node(builder)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"space": {"arity": 6}}, "2 to 5 elements, got the arity 6"),
        ({"space": {**SPACE, "filters": {"anions": ["Xx"]}}}, "'Xx', which is no element"),
        ({"space": {**SPACE, "filters": {"only": ["Kr"]}}}, "leave no cation or no anion: relax them"),
        ({"space": {**SPACE, "filters": {"required": ["Kr"]}}}, "no neutral composition of 3 elements passes"),
        ({"space": {**SPACE, "ions": {}}}, "the ions of the space are an input of their own"),
        ({"model": {"kind": "oracle"}}, "there is no recommender 'oracle'"),
        ({"model": {"kind": "svd_pair", "settings": {"colour": 1}}}, "are not those of 'svd_pair'"),
        ({"model": {"kind": "svd_pair", "settings": {"rank": 10**6}}}, "'rank' .* from 1 to 500, or none, got 1000000"),
        ({"model": {"settings": {}}}, "a recommender has a 'kind'"),
        ({"model": {"kind": ["tucker"]}}, "a recommender has a 'kind'"),
        ({"shortlist": {"size": 100}}, "a recommender has a 'kind'"),
        ({"n_shards": 0}, "'n_shards' must be at least 1, got 0"),
        ({"n_shards": 1001}, "'n_shards' must be at most 1000, got 1001"),
        ({"top_k": 0}, "'top_k' must be at least 1, got 0"),
        ({"shortlist": {"kind": "tucker"}}, "'shortlist' needs a 'size'"),
        ({"shortlist": {"kind": "tucker", "size": 10}}, "the shortlist of 10 is shorter than `top_k`"),
        ({"validation": {"kind": "yearly"}}, "a split has a 'kind'"),
        ({"validation": {"kind": "chronological", "cutoff": 10**6}}, "known and 0 later compositions of"),
        ({"validation": {"kind": "chronological", "cutoff": "2019-01-01"}}, "no composition has a first-seen date"),
    ],
)
def test_what_makes_no_sense_is_one_sentence_and_stores_nothing(
    recommendation: Callable[..., ProcessBuilder], changes: dict[str, Any], sentence: str
) -> None:
    before = orm.QueryBuilder().append(orm.ProcessNode).count()
    with pytest.raises(ValueError, match=sentence):
        refused(recommendation, **changes)
    assert orm.QueryBuilder().append(orm.ProcessNode).count() == before


@pytest.mark.parametrize(
    ("formulas", "sentence"),
    [((), "'known' holds no composition"), (("MgO", "Na2O"), "none of the 2 known compositions is a neutral one of 3")],
)
def test_nothing_to_learn_from(
    recommendation: Callable[..., ProcessBuilder], formulas: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        refused(recommendation, CompositionSet.of([parse_formula(formula) for formula in formulas]))


def test_later_compositions_that_are_all_known(recommendation: Callable[..., ProcessBuilder]) -> None:
    with pytest.raises(ValueError, match="all later compositions of `validation` are known already"):
        refused(recommendation, later=CompositionSetData(known_set().take([0, 5])))
