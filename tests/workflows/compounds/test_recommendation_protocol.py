"""Tests of aiida_gbml.workflows.compounds.recommendation_protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiida.engine import ProcessBuilder
from known_compositions import IONS, known_set

from aiida_gbml.data.ion_table import IonTableData
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.workflows.compounds.recommendation import RecommendationWorkChain


def test_the_default_is_the_ensemble_and_what_is_known_of_its_quality() -> None:
    inputs = RecommendationWorkChain.get_protocol_inputs()
    assert (inputs["model"], inputs["space"]) == ({"kind": "ensemble"}, {"arity": 3})
    assert inputs["validation"] == {"kind": "holdout", "fraction": 0.2, "seed": 0}
    assert RecommendationWorkChain.get_protocol_inputs("fast")["validation"] is None
    assert RecommendationWorkChain.get_protocol_inputs(overrides={"validation": None})["validation"] is None


def complete(known: CompositionSet, **overrides: Any) -> dict[str, Any]:
    return RecommendationWorkChain.get_complete_inputs(known, IonTableData(IONS), overrides=overrides)


def test_models_are_judged_on_request_beyond_ternaries_and_by_a_few() -> None:
    holdout = {"kind": "holdout", "fraction": 0.2, "seed": 0}
    assert complete(known_set())["validation"] == holdout
    for known, space in (
        (known_set(), {"arity": 4}),
        (known_set(n=20), {}),
        (known_set(), {"filters": {"anions": ["Cl"]}}),
    ):
        assert complete(known, space=space)["validation"] is None
        assert complete(known, space=space, validation=holdout)["validation"] == holdout
    with pytest.raises(ValueError, match="2 to 5 elements, got the arity 7"):
        complete(known_set(), space={"arity": 7})


def test_another_model_takes_no_settings_from_the_protocol() -> None:
    overrides = {"model": {"kind": "tucker", "settings": {}}, "space": {"limits": {"cation": 4}}}
    inputs = RecommendationWorkChain.get_protocol_inputs("fast", overrides)
    assert inputs["model"] == {"kind": "tucker", "settings": {}}
    assert inputs["space"] == {"arity": 3, "limits": {"cation": 4}}


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"top_k": 1.5}, "'top_k' must be a whole number, got 1.5"),
        ({"n_shards": True}, "'n_shards' must be a whole number, got True"),
        ({"model": "tucker"}, "'model' must be a mapping, got 'tucker'"),
        ({"colour": "red"}, "there is no setting 'colour' to override"),
    ],
)
def test_settings_of_the_wrong_kind(
    recommendation: Callable[..., ProcessBuilder], overrides: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        recommendation(**overrides)
