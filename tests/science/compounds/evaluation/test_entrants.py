"""Which models are compared."""

from __future__ import annotations

from typing import Any

import pytest
from pretended_recommenders import HashRecommender, LackingRecommender

from aiida_gbml.science.compounds.evaluation.entrants import make_entrants
from aiida_gbml.science.compounds.evaluation.splits import EvaluationError

REGISTRY = {"hash": HashRecommender, "lacking": LackingRecommender}


def test_models_get_labels_settings_and_the_seed() -> None:
    wanted = ["hash", {"kind": "hash", "settings": {"n_levels": 3}, "label": "coarse"}]
    models = make_entrants([*wanted, {"kind": "hash", "settings": {"seed": 5}, "label": "own seed"}], 9, REGISTRY)
    assert {label: model.get_params() for label, model in models.items()} == {
        "hash": {"seed": 9, "n_levels": 50},
        "coarse": {"seed": 9, "n_levels": 3},
        "own seed": {"seed": 5, "n_levels": 50},
    }


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ([], "name from 1 to 50 models"),
        ("hash", "name from 1 to 50 models"),
        (3, "name from 1 to 50 models"),
        (["hash", "hash"], "two models have the label 'hash'"),
        (["best"], "no recommender 'best', known are hash, lacking"),
        ([3], "a model is a kind"),
        ([{"kind": ["hash"]}], "no recommender"),
        ([{"kind": "hash", "rank": 3}], "a model is a kind"),
        ([{"kind": "hash", "label": "\n"}], "must be a short text"),
        ([{"kind": "hash", "settings": {"rank": 3}}], "do not fit the recommender 'hash'"),
        ([{"kind": "hash", "settings": [3]}], "do not fit the recommender 'hash'"),
    ],
)
def test_impossible_models_are_refused(wanted: Any, reason: str) -> None:
    with pytest.raises(EvaluationError, match=reason):
        make_entrants(wanted, 0, REGISTRY)
