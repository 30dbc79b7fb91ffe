"""A set is divided within the graph."""

from __future__ import annotations

from typing import Any

import pytest
from aiida import orm
from aiida.engine import run_get_node

from aiida_gbml.calculations.split_compositions import split_compositions
from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")


def compositions() -> CompositionSetData:
    formulas = [parse_formula(text) for text in ("NaCl", "KCl", "LiF", "RbI")]
    return CompositionSetData(CompositionSet.of(formulas, None, [1, 5, 6, 9], age_unit="identifier"))


@pytest.mark.parametrize(
    "spec", [{"kind": "chronological", "cutoff": 6}, {"kind": "holdout", "fraction": 0.5, "seed": 3}]
)
def test_parts_share_nothing_and_are_everything(spec: dict[str, Any]) -> None:
    parts = split_compositions(compositions(), orm.Dict(spec))
    known, later = parts["known"].compositions, parts["later"].compositions
    assert sorted(known.formulas() + later.formulas()) == sorted(["NaCl", "KCl", "LiF", "RbI"])
    if spec["kind"] == "chronological":
        assert later.formulas() == ["LiF", "RbI"]
    assert parts["known"].creator.inputs.split.get_dict() == spec


@pytest.mark.parametrize(
    ("spec", "reason"),
    [({"kind": "chronological", "cutoff": 60}, "leaves 4 known and 0 later"), ({"kind": "by taste"}, "has a 'kind'")],
)
def test_impossible_splits_end_with_a_reason(spec: dict[str, Any], reason: str) -> None:
    _, node = run_get_node(split_compositions, compositions=compositions(), split=orm.Dict(spec))
    assert node.exit_status == 201
    assert reason in node.exit_message
