"""Kernels: a score is the same however many candidates are scored together."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from aiida_gbml.science.compounds.scoring.factor_kernel import exact_scores


def test_scores_are_the_exact_sums_rounded_at_the_end_of_64_bits() -> None:
    rng = np.random.default_rng(1)
    rows, columns = rng.normal(size=(2, 50, 16)).astype(np.float32)
    scores = exact_scores(rows, columns)
    for row, column, score in zip(rows.tolist(), columns.tolist(), scores.tolist(), strict=True):
        exact = sum(Fraction(p) * Fraction(w) for p, w in zip(row, column, strict=True))
        size = sum(abs(Fraction(p) * Fraction(w)) for p, w in zip(row, column, strict=True))
        assert abs(Fraction(score) - exact) <= 16 * Fraction(1, 2**53) * size


def test_a_score_does_not_depend_on_its_company() -> None:
    rng = np.random.default_rng(2)
    rows, columns = rng.normal(size=(2, 301, 7)).astype(np.float32)
    together = exact_scores(rows, columns)
    alone = [exact_scores(rows[[index]], columns[[index]])[0] for index in range(len(rows))]
    assert np.array_equal(together, alone)
