"""Compounds as a user names them: files and nodes."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiida import orm
from aiida.common.links import LinkType
from alloys import database, elements, link_outputs
from ase.io import write

from aiida_gbml.cli.configuration import ConfigurationError
from aiida_gbml.cli.property_subjects import find_subject, names_of, node_of
from aiida_gbml.data.structure_set import StructureSetData

pytestmark = pytest.mark.usefixtures("aiida_profile")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Return a table of two compounds and a row that is none."""
    path = tmp_path / "gaps.csv"
    path.write_text("formula,gap\nNaCl,8.5\nMgO,7.8\nXx,1\n")
    return path


def test_a_table_is_read_before_it_is_stored_and_the_file_is_its_origin(table: Path) -> None:
    before = orm.QueryBuilder().append(orm.Node).count()
    subject = find_subject(str(table), {"target": "gap"})
    assert orm.QueryBuilder().append(orm.Node).count() == before
    assert subject.names == ["NaCl", "MgO"]
    assert subject.table is not None
    assert subject.table.summary()["n_rejected"] == 1
    stored = subject.store()
    assert stored.compounds.content == subject.compounds.content
    assert stored.targets is not None
    assert stored.compounds.creator.inputs.file.filename == "gaps.csv"


def test_structures_are_called_by_formula_and_label(tmp_path: Path) -> None:
    path = tmp_path / "metals.extxyz"
    write(path, list(elements()))
    assert find_subject(path, {}).names == ["Cu", "Ag", "Au", "Ni", "Pd", "Pt"]
    assert names_of(StructureSetData(database()))[:2] == ["Cu3Ag (alloy 0)", "CuAg (alloy 1)"]


def test_nodes_are_taken_as_they_are() -> None:
    node = StructureSetData(elements()).store()
    assert find_subject(node.pk, {}).store().compounds.pk == node.pk
    assert find_subject(str(node.uuid), {}).compounds.pk == node.pk
    search = orm.WorkChainNode().store()
    link_outputs(search, {"evaluated": StructureSetData(database()), "database": node}, LinkType.RETURN)
    assert find_subject(search.pk, {}).compounds.pk == node.pk


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "of which compounds"),
        ("nothing.csv", "there is no file 'nothing.csv'"),
        ("999999", "there is no file and no node '999999'"),
    ],
)
def test_what_is_not_there_is_named(text: str | None, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        find_subject(text, {})


def test_other_nodes_are_refused() -> None:
    node = orm.Int(3).store()
    with pytest.raises(ConfigurationError, match=f"node {node.pk} is a Int, neither a set of structures nor of"):
        find_subject(node.pk, {})
    work = orm.WorkChainNode().store()
    with pytest.raises(ConfigurationError, match="has no structures"):
        find_subject(work.pk, {})
    assert node_of(node.pk).pk == node.pk
