"""Observations of a search over compounds."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from aiida_gbml.science.compounds.property_observations import PropertyObservations, PropertyObservationsError


def observed(rows: list[int], values: list[float], given: bool = False) -> PropertyObservations:
    reasons = ["" if np.isfinite(value) else "it broke" for value in values]
    return PropertyObservations(np.array(rows), np.array(values), np.array(reasons), np.full(len(rows), given))


def test_observations_are_joined_and_come_back_from_bytes() -> None:
    both = PropertyObservations.empty() + observed([4, 2], [1.5, np.nan], given=True) + observed([0], [3.0])
    found = PropertyObservations.from_bytes(both.to_bytes())
    assert found.candidates.tolist() == [4, 2, 0]
    assert found.failed.tolist() == [False, True, False]
    assert found.is_given.tolist() == [True, True, False]
    assert found.reasons.tolist() == ["", "it broke", ""]
    assert found.to_bytes() == both.to_bytes()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"candidates": np.array([1, 1])}, "recorded twice"),
        ({"values": np.array([1.0])}, "differ in shape"),
        ({"values": np.array([1.0, np.nan])}, "either a finite value or a reason"),
        ({"reasons": np.array(["", "why"])}, "either a finite value or a reason"),
        ({"candidates": np.array([1.0, 2.0])}, "of the types 'ffUbb'"),
        ({"machine_faults": np.array([False, True])}, "must come without a value"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], words: str) -> None:
    fine = observed([1, 2], [1.0, 2.0])
    with pytest.raises(PropertyObservationsError, match=words):
        PropertyObservations(**{**vars(fine), **changes})


def test_damaged_bytes_are_refused() -> None:
    content = observed([1, 2], [1.0, np.nan]).to_bytes()
    for start in range(0, len(content), 11):
        with suppress(PropertyObservationsError):
            PropertyObservations.from_bytes(content[:start] + bytes([content[start] ^ 255]) + content[start + 1 :])
