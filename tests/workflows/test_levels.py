"""Merging in levels keeps the order and stays below the limit."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from aiida import orm

from aiida_gbml.workflows import levels
from aiida_gbml.workflows.levels import merge_in_levels


@pytest.mark.parametrize(("count", "merges"), [(1, 0), (2, 1), (3, 1), (4, 3), (10, 7)])
@pytest.mark.usefixtures("aiida_profile")
def test_order_and_limit_are_kept(count: int, merges: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "MERGE_LIMIT", 3)
    labels = []

    def merge(label: str, nodes: Mapping[str, orm.List]) -> orm.List:
        assert len(nodes) <= 3
        labels.append(label)
        return orm.List([one for name in sorted(nodes) for one in nodes[name].get_list()])

    merged = merge_in_levels([orm.List([number]) for number in range(count)], merge)
    assert merged.get_list() == list(range(count))
    assert len(labels) == merges == len(set(labels))
