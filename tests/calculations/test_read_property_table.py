"""Tables of compounds, read so that the file stays in the provenance."""

import io

import pytest
from aiida import orm
from alloys import database
from ase.io import write

from aiida_gbml.calculations.read_property_table import read_property_table
from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.structure_set import StructureSetData

pytestmark = pytest.mark.usefixtures("aiida_profile")


def file_of(name: str, content: str) -> orm.SinglefileData:
    return orm.SinglefileData(io.BytesIO(content.encode()), filename=name)


def test_a_csv_becomes_compositions_with_values_and_a_report() -> None:
    content = "formula,gap\nNaCl,8.5\nMgO,7.8\nD2O,1\n"
    outputs = read_property_table(file=file_of("a.csv", content), options=orm.Dict({"target": "gap"}))
    assert set(outputs) == {"compositions", "targets", "report"}
    assert isinstance(outputs["compositions"], CompositionSetData)
    assert outputs["targets"].targets.target.tolist() == [8.5, 7.8]
    assert outputs["report"]["rejected_by_kind"] == {"isotope": 1}


def test_an_extended_xyz_becomes_structures() -> None:
    text = io.StringIO()
    write(text, list(database())[:3], format="extxyz")
    outputs = read_property_table(file=file_of("a.extxyz", text.getvalue()), options=orm.Dict({}))
    assert set(outputs) == {"structures", "report"}
    assert isinstance(outputs["structures"], StructureSetData)
    assert len(outputs["structures"]) == 3


def test_what_cannot_be_read_is_told() -> None:
    node = read_property_table.run_get_node(file_of("a.csv", "x\n1\n"), orm.Dict({"target": "gap"}))[1]
    assert node.exit_status == 201
    assert "no column 'gap'" in node.exit_message
