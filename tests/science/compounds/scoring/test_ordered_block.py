"""Blocks by the order of their cations: the same candidates, each once, with cations ascending."""

from __future__ import annotations

import numpy as np
import pytest
from score_kernels import space

from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.compounds.scoring.keys import keys_of_roles
from aiida_gbml.science.compounds.scoring.ordered_block import OrderedBlock


@pytest.mark.parametrize("is_symmetric", [False, True])
@pytest.mark.parametrize("arity", [2, 3, 4])
def test_the_candidates_stay_the_same(arity: int, is_symmetric: bool) -> None:
    candidates = space(arity, 3)
    for placed, block in zip(candidates.placed_blocks(), candidates.blocks(), strict=True):
        ordered = OrderedBlock.of(placed, candidates.grid, is_symmetric)
        row, column = np.divmod(np.arange(len(block)), len(block.ratios))
        roles = RoleTable(ordered.cations[row], ordered.anions[row], ordered.ratios(row, column))
        assert set(keys_of_roles(roles).tolist()) == set(keys_of_roles(block.roles()).tolist())
        if not is_symmetric:
            assert np.all(np.diff(ordered.cations.astype(int), axis=1) > 0)


def test_rows_of_a_run_share_an_order() -> None:
    kinds = set()
    candidates = space(4, 3)
    for placed, block in zip(candidates.placed_blocks(), candidates.blocks(), strict=True):
        ordered = OrderedBlock.of(placed, candidates.grid, False)
        covered = []
        for rows, order in ordered.runs():
            covered += list(range(rows.start, rows.stop))
            assert order is not None
            kinds.add(order)
            expected = block.ratios[:, [*order, -1]]
            every = np.full(len(block.ratios), rows.start)
            assert np.array_equal(ordered.ratios(every, np.arange(len(block.ratios))), expected)
        assert covered == list(range(len(block.anions)))
    assert len(kinds) > 3


def test_a_symmetric_model_needs_no_order() -> None:
    block = next(iter(space(3).placed_blocks()))
    assert [(rows, order) for rows, order in OrderedBlock.of(block, space(3).grid, True).runs()] == [
        (slice(0, len(block.anions)), None)
    ]
