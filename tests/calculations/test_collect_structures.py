"""Structures become one set that knows where each of them comes from."""

from __future__ import annotations

import numpy as np
import pytest
from aiida import orm
from ase.build import bulk, molecule

from aiida_gbml.calculations.collect_structures import collect_structures

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_structures_keep_their_order_uuids_and_names() -> None:
    methane = molecule("CH4", vacuum=3.0)
    nodes = {"structure_0001": orm.StructureData(ase=methane), "structure_0000": orm.StructureData(ase=bulk("Cu"))}
    labels = orm.Dict({"structure_0001": "methane; $(reboot)"})
    collected = collect_structures(labels=labels, **nodes)["collected"].structures
    assert collected.columns["structure_label"].tolist() == ["Cu", "methane; $(reboot)"]
    assert collected.columns["structure_uuid"].tolist() == [nodes[name].uuid for name in sorted(nodes)]
    np.testing.assert_allclose(collected.to_ase(1).positions, methane.positions)
    assert not collected.pbc[1].any()


def test_partial_occupancies_are_refused_in_one_sentence() -> None:
    alloy = orm.StructureData(cell=np.eye(3) * 4)
    alloy.append_atom(symbols=["Cu", "Au"], weights=[0.5, 0.5], position=(0, 0, 0))
    node = collect_structures.run_get_node(labels=orm.Dict({}), structure_0000=alloy)[1]
    assert node.exit_status == 201
    assert "has partial occupancies" in node.exit_message


def test_kinds_that_a_row_would_lose_are_refused_in_one_sentence() -> None:
    marked = orm.StructureData(cell=np.eye(3) * 4)
    for name, x in (("Fe1", 0.0), ("Fe2", 2.0)):
        marked.append_atom(symbols="Fe", name=name, position=(x, 0, 0))
    node = collect_structures.run_get_node(labels=orm.Dict({}), structure_0000=marked)[1]
    assert node.exit_status == 201
    assert "structure Fe2 has the kind 'Fe1'" in node.exit_message
    assert "use `CoreHoleSpectrumWorkChain`" in node.exit_message
