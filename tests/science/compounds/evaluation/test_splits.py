"""Splits: what is known and what comes later."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.evaluation.splits import EvaluationError, Split


def made(n: int = 400, unit: str = "identifier", start: int = 0) -> CompositionSet:
    formulas = [parse_formula(f"Na{row + 1}Cl{row + 2}") for row in range(n)]
    return CompositionSet.of(formulas, None, list(range(start, start + n)) if unit else None, age_unit=unit)


def test_the_cut_off_is_the_first_that_is_later() -> None:
    known, later = Split("chronological", 300).parts(made())
    assert (known.first_seen.max(), later.first_seen.min(), len(known) + len(later)) == (299, 300, 400)


def test_dates_are_cut_by_dates() -> None:
    days = made(10, "day", date(2019, 12, 28).toordinal())
    assert len(Split("chronological", "2020-01-01").parts(days)[0]) == 4
    with pytest.raises(EvaluationError, match="the ages are dates"):
        Split("chronological", 2020).parts(days)
    with pytest.raises(EvaluationError, match="'2020-01-01' is a date, but ages are counted in 'year'"):
        Split("chronological", "2020-01-01").parts(made(10, "year"))
    with pytest.raises(EvaluationError, match="'new year' is no date"):
        Split("chronological", "new year").parts(days)


def test_a_random_part_is_as_large_as_asked_for_and_depends_on_the_seed_alone() -> None:
    compositions = made(4000, "")
    known, later = Split("holdout", fraction=0.25, seed=1).parts(compositions)
    assert not known.contains(later).any()
    assert len(later) == pytest.approx(1000, abs=5 * np.sqrt(4000 * 0.25 * 0.75))
    shuffled = compositions.take(np.random.default_rng(0).permutation(4000))
    assert Split("holdout", fraction=0.25, seed=1).parts(shuffled)[1].sha256 == later.sha256
    assert Split("holdout", fraction=0.25, seed=2).parts(compositions)[1].sha256 != later.sha256


def test_empty_parts_are_refused() -> None:
    with pytest.raises(EvaluationError, match="leaves 0 known and 400 later compositions of 400"):
        Split("chronological", 0).parts(made())


def test_plain_values_give_the_same_split() -> None:
    for split in (
        Split("chronological", 5),
        Split("chronological", "2020-01-01"),
        Split("holdout", fraction=0.5, seed=3),
    ):
        assert Split.from_dict(split.to_dict()) == split


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([], "a split has a 'kind'"),
        ({}, "a split has a 'kind'"),
        ({"kind": "x"}, "a split has a 'kind'"),
        ({"kind": "chronological"}, "needs a cut-off"),
        ({"kind": "chronological", "cutoff": 2.5}, "needs a cut-off"),
        ({"kind": "chronological", "cutoff": True}, "needs a cut-off"),
        ({"kind": "chronological", "cutoff": 3, "seed": 1}, "has no 'seed'"),
        ({"kind": "holdout", "fraction": 0}, "between 0 and 1, got 0"),
        ({"kind": "holdout", "fraction": "half"}, "between 0 and 1, got 'half'"),
        ({"kind": "holdout", "seed": -1}, "from 0 on, got -1"),
    ],
)
def test_impossible_splits_are_refused(content: Any, reason: str) -> None:
    with pytest.raises(EvaluationError, match=reason):
        Split.from_dict(content)
    if content == {"kind": "x"}:
        with pytest.raises(EvaluationError, match="no split 'x'"):
            Split("x")  # type: ignore[arg-type]
