"""Structures come from files, nodes, groups and searches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from aiida import orm
from ase.build import bulk, molecule
from ase.io import write

from aiida_gbml.cli.configuration import ConfigurationError
from aiida_gbml.cli.spectra_subjects import find_subject
from aiida_gbml.workflows.interfaces.view import SearchView

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_files_and_nodes_become_one_set_that_knows_them(tmp_path: Path) -> None:
    path = tmp_path / "copper crystal.cif"
    write(path, bulk("Cu", cubic=True))
    node = orm.StructureData(ase=molecule("C2H4")).store()
    before = orm.QueryBuilder().append(orm.Node).count()
    subject = find_subject({"structures": [path], "nodes": [node.pk]})
    assert orm.QueryBuilder().append(orm.Node).count() == before
    stored = subject.store().structures
    for content in (subject.content, stored):
        assert content.columns["structure_label"].tolist() == ["copper crystal", "C2H4"]
        np.testing.assert_allclose(content.positions, subject.content.positions)
    assert stored.columns["structure_uuid"][1] == node.uuid


def test_a_search_gives_its_most_stable_structures_and_the_crystal(search: orm.WorkChainNode) -> None:
    subject = find_subject({"search": search.pk, "n_boundaries": 2})
    lowest = SearchView(search).ranking(1)[0]["excess_energy"]
    assert subject.content.columns["structure_label"].tolist()[-1] == "bulk"
    assert subject.content.columns["excess_energy"][0] == pytest.approx(lowest)
    stored = subject.store()
    assert stored.creator.process_label == "take_boundaries"
    np.testing.assert_array_equal(
        stored.structures.atom_columns["distance_from_boundary"], subject.content.atom_columns["distance_from_boundary"]
    )


def test_what_is_no_structure_is_named(search: orm.WorkChainNode, unfinished: orm.WorkChainNode) -> None:
    number = orm.Int(1).store()
    group = orm.Group(label="empty; $(reboot)").store()
    marked = orm.StructureData(cell=np.eye(3) * 4)
    marked.append_atom(symbols="O", name="O1", position=(0, 0, 0))
    marked.store()
    for settings, sentence in (
        ({}, "spectra of what"),
        ({"nodes": [number.pk]}, f"node {number.pk} is a Int"),
        ({"nodes": [marked.pk]}, f"node {marked.pk}: structure O has the kind 'O1'"),
        ({"search": unfinished.pk}, "no grain-boundary search with results"),
        ({"search": number.pk}, "no grain-boundary search with results"),
        ({"group": group.label}, "holds no structures"),
    ):
        with pytest.raises(ConfigurationError, match=sentence):
            find_subject(settings)
