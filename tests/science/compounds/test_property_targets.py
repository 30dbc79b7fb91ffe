"""Values of a property: what is stored, and what is refused."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest

from aiida_gbml.science.compounds.property_targets import PropertyTargets, PropertyTargetsError

VALUES = np.array([1.0, np.nan, -2.5])


def test_values_come_back_from_their_bytes() -> None:
    given = PropertyTargets(VALUES, np.array([3, 1, 2]), np.array(["a", "b", "a"]))
    found = PropertyTargets.from_bytes(given.to_bytes())
    np.testing.assert_array_equal(found.target, VALUES)
    np.testing.assert_array_equal(found.order, [3, 1, 2])
    np.testing.assert_array_equal(found.group, ["a", "b", "a"])
    assert found.to_bytes() == given.to_bytes()
    assert found.is_known.tolist() == [True, False, True]


def test_what_is_not_given_is_not_stored() -> None:
    found = PropertyTargets.from_bytes(PropertyTargets(VALUES).to_bytes())
    assert found.order is None
    assert found.group is None


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ((np.array([1, 2]),), "of type int64"),
        ((np.zeros((2, 2)),), r"got \(2, 2\)"),
        ((np.array([np.nan, np.nan]),), "none of the 2 compounds"),
        ((np.array([1.0, np.inf]),), "row 1 is infinite"),
        ((VALUES, np.array([1, 2])), "'order' must fit the 3 values"),
        ((VALUES, None, np.array([1, 2, 3])), "'group' must fit"),
    ],
)
def test_what_makes_no_sense_is_refused(arrays: tuple[np.ndarray | None, ...], words: str) -> None:
    with pytest.raises(PropertyTargetsError, match=words):
        PropertyTargets(*arrays)  # type: ignore[arg-type]


def test_damaged_bytes_are_refused_in_one_sentence() -> None:
    content = PropertyTargets(VALUES).to_bytes()
    for start in range(0, len(content), 7):
        damaged = content[:start] + bytes([content[start] ^ 255]) + content[start + 1 :]
        with suppress(PropertyTargetsError):
            PropertyTargets.from_bytes(damaged)
