"""Factors of ratios: with and without a table, in any order of the cations, they are those of the kernel."""

from __future__ import annotations

import numpy as np
import pytest
from score_kernels import TableKernel, space

from aiida_gbml.science.compounds import charge_classes
from aiida_gbml.science.compounds.scoring.columns import Columns, factor_norms

KERNEL = TableKernel.random(5, 61, 4)


@pytest.mark.parametrize("most_places", [0, 1 << 18])
@pytest.mark.parametrize("order", [None, (0, 1, 2), (2, 0, 1), (1, 0, 2)])
def test_factors_are_those_of_the_kernel(
    most_places: int, order: tuple[int, ...] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(charge_classes, "_MOST_PLACES", most_places)
    candidates = space(4, 3)
    columns = Columns(candidates.grid, KERNEL)
    for block in list(candidates.placed_blocks())[::40]:
        found = columns(block.places, order)
        ratios = candidates.grid.ratios_at(block.places)
        own = ratios if order is None else ratios[:, [*order, 3]]
        expected = KERNEL.columns(own)
        assert np.array_equal(found.factors(), expected)
        assert np.array_equal(found.factors(np.array([0])), expected[:1])
        assert np.array_equal(columns.of(own), expected)
        assert np.all(found.norms >= np.linalg.norm(expected.astype(np.float64), axis=1))


def test_norms_are_bounds_even_of_tiny_and_huge_numbers() -> None:
    factors = np.random.default_rng(62).normal(size=(6, 16)).astype(np.float32)
    factors *= np.array([[1.0], [1e-20], [1e-30], [1e-44], [1e18], [0.0]], dtype=np.float32)
    exact = np.linalg.norm(factors.astype(np.float64), axis=1)
    bounds = factor_norms(factors)
    assert np.all(bounds >= exact)
    assert bounds[0] <= exact[0] * 1.0001
    assert bounds[-1] == 0.0
    assert bounds[3] > 0.0
