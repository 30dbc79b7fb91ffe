"""Tests of aiida_gbml.workflows.compounds.recommendation_ports."""

from __future__ import annotations

from typing import Any

from aiida_gbml.workflows.compounds.recommendation import RecommendationWorkChain


def test_what_a_recommendation_gives() -> None:
    outputs = RecommendationWorkChain.spec().outputs
    required = {name for name, port in outputs.items() if port.required and name != "verification"}
    assert required == {"ranking", "model", "report"}


def test_a_verification_takes_the_ranking_of_the_recommendation() -> None:
    inputs: Any = RecommendationWorkChain.spec().inputs["verification"]
    assert {"prototypes", "engine", "settings"} <= set(inputs)
    assert not {"ranking", "known"} & set(inputs)


def test_exit_codes_keep_their_numbers() -> None:
    codes = RecommendationWorkChain.exit_codes
    found = [codes.ERROR_NO_CANDIDATE, codes.ERROR_SHARD_MISMATCH, codes.WARNING_NOT_VERIFIED]
    assert [code.status for code in found] == [300, 320, 502]
