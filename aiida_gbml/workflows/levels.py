"""Many nodes merged into one although no process takes more than 200 inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from aiida import orm

MERGE_LIMIT = 150
"""Nodes merged by one calculation function."""

Node = TypeVar("Node", bound=orm.Data)


def merge_in_levels(nodes: Sequence[Node], merge: Callable[[str, Mapping[str, Node]], Node]) -> Node:
    """Return one node of many, in their order; a single one is returned as it is.

    :param nodes: at least one.
    :param merge: returns one node of several by name, whose alphabetical order is theirs; its first argument is a label
        that is unique here and the same at each call.
    """
    level, left = 0, list(nodes)
    while len(left) > 1:
        groups = [left[start : start + MERGE_LIMIT] for start in range(0, len(left), MERGE_LIMIT)]
        named = [{f"set_{index:04d}": node for index, node in enumerate(group)} for group in groups]
        left = [merge(f"merge_{level}_{number}", group) for number, group in enumerate(named)]
        level += 1
    return left[0]
