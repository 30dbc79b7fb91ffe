"""Laws that hold while processes run: watched in every test, in this interpreter.

A work chain's context holds plain values and nodes only, and comes back equal from its checkpoint. What a query reads,
the attributes of a node, stays small.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from aiida import orm
from aiida.engine import Process, WorkChain
from aiida.engine.processes.workchains.awaitable import Awaitable
from aiida.orm.utils.serialize import deserialize_unsafe, serialize

MOST_ATTRIBUTES = 10_000  # bytes


def strangers(value: Any, place: str = "ctx") -> list[str]:
    """Return the places in a context that hold neither plain values nor stored nodes."""
    if value is None or type(value) in {bool, int, float, str}:
        return []
    if isinstance(value, Awaitable):
        return []  # the engine's own place for a child that `to_context` waits for
    if isinstance(value, orm.Node):
        return [] if value.is_stored else [f"{place} holds the node {value!r}, which is not stored"]
    if isinstance(value, Mapping):
        return [found for key, item in value.items() for found in strangers(item, f"{place}.{key}")]
    if type(value) in {list, tuple}:
        return [found for index, item in enumerate(value) for found in strangers(item, f"{place}[{index}]")]
    return [f"{place} holds a {type(value).__name__}"]


@pytest.fixture(autouse=True, scope="session")
def context_is_plain() -> Any:
    """Refuse a checkpoint of one of our work chains whose context is not plain or does not survive the checkpoint."""
    save = Process.save_instance_state

    def watched(self: Process, out_state: Any, save_context: Any) -> None:
        save(self, out_state, save_context)
        if isinstance(self, WorkChain) and type(self).__module__.startswith("aiida_gbml."):
            assert not strangers(self.ctx), f"{type(self).__name__}: {strangers(self.ctx)}"
            assert deserialize_unsafe(serialize(self.ctx)) == self.ctx

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Process, "save_instance_state", watched)
        yield


@pytest.fixture(autouse=True, scope="session")
def attributes_are_small() -> Any:
    """Refuse to store a node of one of our data classes with more attributes than a query should read."""
    validate = orm.Data._validate

    def watched(self: orm.Data) -> Any:
        if type(self).__module__.startswith("aiida_gbml."):
            size = len(json.dumps(self.base.attributes.all))
            assert size <= MOST_ATTRIBUTES, f"{type(self).__name__} has {size} bytes of attributes"
        return validate(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(orm.Data, "_validate", watched)
        yield
