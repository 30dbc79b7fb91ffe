"""Filters of elements: what stays, what is required, and refusal of what is no filter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from aiida_gbml.science.compounds.filters import ColumnLimit, ElementFilter, FilterError

PLAIN = {
    "only": ["Ca", "Fe", "Pb"],
    "without": ["Pb"],
    "required": ["Ca", "O"],
    "anions": ["O"],
    "columns": {"price": {"values": {"Ca": 2.3, "Fe": 0.4, "O": 0.1, "Pb": 2.0}, "most": 2.0}},
}


def test_plain_values_give_the_filter_and_back() -> None:
    chosen = ElementFilter.from_dict(PLAIN)
    assert chosen == ElementFilter(
        (20, 26, 82), (82,), (20, 8), (8,), {"price": ColumnLimit({20: 2.3, 26: 0.4, 8: 0.1, 82: 2.0}, 2.0)}
    )
    assert chosen.to_dict() == PLAIN
    for plain in ({}, {"only": []}, {"anions": []}, {"without": ["Pb"]}):
        assert ElementFilter.from_dict(plain).to_dict() == plain


def test_elements_that_stay() -> None:
    chosen = ElementFilter.from_dict(PLAIN)
    assert chosen.allowed([8, 20, 26, 28, 82]) == [26]  # calcium is dear, nickel not listed, lead left out
    assert chosen.allowed([8, 16], as_anions=True) == [8]
    assert ElementFilter().allowed([8, 20, 26]) == [8, 20, 26]
    assert ElementFilter(only=()).allowed([8]) == []


def test_an_element_without_a_value_is_left_out() -> None:
    assert ElementFilter.from_dict({"columns": {"toxicity": {"values": {"Fe": 0}, "most": 1}}}).allowed([26, 28]) == [
        26
    ]


def test_rows_with_all_required_elements() -> None:
    rows = np.array([[20, 26, 8], [20, 26, 16], [26, 28, 8]], dtype=np.uint8)
    assert ElementFilter(required=(20, 8)).has_required(rows).tolist() == [True, False, False]
    assert ElementFilter().has_required(rows).all()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([], "by name"),
        ({"but": ["Pb"]}, "no filter 'but'"),
        ({1: ["Pb"]}, "no filter '1'"),
        ({"only": "Pb"}, "must be a list of elements, got 'Pb'"),
        ({"only": 3}, "must be a list"),
        ({"only": ["Qq"]}, "'Qq', which is no element"),
        ({"only": [["Pb"]]}, "which is no element"),
        ({"only": ["X"]}, "which is no element"),
        ({"columns": []}, "by name"),
        ({"columns": {"price": 3}}, "needs 'values' by element and 'most'"),
        ({"columns": {"price": {"values": {"Pb": "dear"}, "most": 1}}}, "cannot be used"),
        ({"columns": {"price": {"values": {"Qq": 1}, "most": 1}}}, "'Qq'"),
        ({"columns": {"price": {"values": {}, "most": None}}}, "cannot be used"),
        ({"columns": {"price": {"values": {"Pb": 1}, "most": float("nan")}}}, "no finite number"),
        ({"columns": {"price": {"values": {"Pb": float("inf")}, "most": 1}}}, "no finite number"),
    ],
)
def test_what_is_no_filter_is_refused(content: Any, reason: str) -> None:
    with pytest.raises(FilterError, match=reason):
        ElementFilter.from_dict(content)
