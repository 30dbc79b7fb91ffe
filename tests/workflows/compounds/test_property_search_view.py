"""A search over compounds from outside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from aiida import orm

from aiida_gbml.science.compounds.property_observations import PropertyObservations
from aiida_gbml.workflows.compounds.property_search_view import PropertySearchView


def test_the_ranking_is_that_of_the_values(alloy_node: orm.WorkChainNode) -> None:
    view = PropertySearchView(alloy_node)
    rows = view.ranking()
    seen = alloy_node.outputs.observations.observations
    assert [row["value"] for row in rows] == sorted(seen.values.tolist())
    assert rows[0]["value"] == pytest.approx(view.summary["best_value"])
    assert rows[0]["formula"] == view.summary["best_formula"]
    assert sorted(row["evaluation"] for row in rows) == [1, 2, 3, 4, 5, 6]
    assert rows[0]["label"].startswith("alloy")
    assert len(view.ranking(2)) == 2
    assert (view.unit, view.state, view.progress) == ("eV/atom", "finished", "6 evaluated")


def test_what_may_be_better_was_not_evaluated(alloy_node: orm.WorkChainNode) -> None:
    view = PropertySearchView(alloy_node)
    promising = view.promising(5)
    assert not {row["candidate"] for row in promising} & set(view.observations.candidates.tolist())
    assert all(row["lower"] <= row["value"] <= row["upper"] for row in promising)
    values = [row["value"] for row in promising]
    assert values == sorted(values)
    assert len(view.promising()) == 39
    assert promising[0]["label"].startswith("alloy")


def test_failures_are_counted_by_their_reasons(alloy_node: orm.WorkChainNode) -> None:
    view = PropertySearchView(alloy_node)
    reason = "atoms overlap: a pair is closer than 9.0 Å"
    rows, values = np.array([4, 2, 7]), np.array([np.nan, 0.5, np.nan])
    view.observations = PropertyObservations(rows, values, np.array([reason, "", reason]), np.zeros(3, bool))
    assert view.failures() == [(reason, 2)]
    assert [(row["candidate"], row["evaluation"]) for row in view.ranking()] == [(2, 2)]


def test_other_processes_are_refused(aiida_profile: Any) -> None:
    with pytest.raises(ValueError, match="not a search over compounds"):
        PropertySearchView(orm.WorkChainNode().store())
