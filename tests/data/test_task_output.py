"""What the bytes of a task may become."""

import numpy as np
import pytest
from aiida import orm
from ase.build import bulk

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.data.task_output import output_class, output_node
from aiida_gbml.science.archive import write_arrays
from aiida_gbml.science.structure_set import StructureSet

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_archives_become_their_own_class() -> None:
    content = StructureSet.from_ase([bulk("Cu")]).to_bytes()
    node = output_node("gbml.structures", content)
    assert isinstance(node, StructureSetData)
    assert node.content == content


def test_json_becomes_a_dictionary_and_arrays_an_array_node() -> None:
    assert output_node("core.dict", b'{"regret": 0.5}').get_dict() == {"regret": 0.5}
    node = output_node("core.array", write_arrays({"energies": np.array([0.0, 1.0, np.inf])}))
    assert isinstance(node, orm.ArrayData)
    assert np.array_equal(node.get_array("energies"), [0.0, 1.0, np.inf])


@pytest.mark.parametrize(
    ("entry_point", "content"),
    [
        ("core.dict", b'{"regret": NaN}'),
        ("core.dict", b"[]"),
        ("core.array", write_arrays({"mean": np.array([np.nan])})),
        ("core.array", b"{}"),
        ("gbml.structures", write_arrays({"mean": np.zeros(3)})),
        ("gbml.model", b""),
        ("gbml.candidates", b"PK\x03\x04"),
    ],
)
def test_damaged_or_foreign_bytes_are_refused(entry_point: str, content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        output_node(entry_point, content)


@pytest.mark.parametrize("entry_point", ["core.folder", "core.jsonable", "core.code.installed", "gbml.interface", "x"])
def test_the_list_of_classes_is_closed(entry_point: str) -> None:
    with pytest.raises(ValueError, match=entry_point):
        output_class(entry_point)
