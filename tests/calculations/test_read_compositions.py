"""Tests of aiida_gbml.calculations.read_compositions."""

from __future__ import annotations

import io
from typing import Any

import pytest
from aiida import orm

from aiida_gbml.calculations.read_compositions import read_compositions

pytestmark = pytest.mark.usefixtures("aiida_profile")

TABLE = b"formula,id\nMgO,a\nMgAl2O4,b\nD2O,c\nFe(OH,d\n"


def read(content: bytes, name: str = "known.csv", **options: Any) -> orm.ProcessNode:
    file = orm.SinglefileData(io.BytesIO(content), filename=name)
    return read_compositions.run_get_node(file=file, options=orm.Dict(options))[1]


def test_a_table_becomes_a_set_with_what_was_rejected() -> None:
    node = read(TABLE, licence="CC0-1.0").outputs.compositions
    assert node.compositions.formulas() == ["MgO", "MgAl2O4"]
    assert node.base.attributes.get("rejected") == {"isotope": 1, "unreadable": 1}
    assert (node.compositions.source, node.compositions.licence) == ("known.csv", "CC0-1.0")


@pytest.mark.parametrize(
    ("content", "options"), [(b"a,b\n1,2\n", {}), (TABLE, {"column": "price"}), (TABLE, {"colour": "red"}), (b"", {})]
)
def test_what_is_no_list_of_compositions_is_refused(content: bytes, options: dict[str, Any]) -> None:
    node = read(content, **options)
    assert node.exit_status == 201
    assert node.exit_message
