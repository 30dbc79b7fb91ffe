"""Tests of aiida_gbml.cli.composition_subjects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiida import orm
from known_compositions import known_set

from aiida_gbml.cli.composition_subjects import find_compositions
from aiida_gbml.data.composition_set import CompositionSetData

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_a_file_comes_into_the_graph_with_its_content(tmp_path: Path) -> None:
    path = tmp_path / "known.csv"
    path.write_text("name,compound\na,MgO\nb,MgAl2O4\n")
    before = orm.QueryBuilder().append(orm.Node).count()
    subject = find_compositions(path, {"column": "compound", "licence": "CC0-1.0"})
    assert subject.node.compositions.formulas() == ["MgO", "MgAl2O4"]
    assert orm.QueryBuilder().append(orm.Node).count() == before
    node = subject.store()
    assert node.is_stored
    assert node.content == subject.node.content
    assert node.creator.inputs.file.get_content() == path.read_text()


@pytest.mark.parametrize("identifier", ["pk", "uuid"])
def test_a_node_is_taken_as_it_is(identifier: str) -> None:
    node = CompositionSetData(known_set()).store()
    assert find_compositions(getattr(node, identifier)).store().uuid == node.uuid


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        ("absent.csv", {}, "there is neither a file nor a node 'absent.csv'"),
        (999999, {}, "there is neither a file nor a node '999999'"),
        (__file__, {"colour": "red"}, "files are not read with 'colour'"),
        (__file__, {"column": "price"}, "test_composition_subjects.py"),
    ],
)
def test_what_is_not_there(text: Any, options: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        find_compositions(text, options)


def test_another_node_is_refused() -> None:
    with pytest.raises(ValueError, match="is a Int, not a set of compositions"):
        find_compositions(orm.Int(1).store().pk)
