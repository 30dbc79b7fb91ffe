"""Model nodes: exact round trips through the store, nothing damaged stored."""

import numpy as np
import pytest
from aiida import orm
from aiida.common.exceptions import ValidationError

from aiida_gbml.data.model import ModelData
from aiida_gbml.science.learning.model_file import ModelFile, ModelFileError

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")


@pytest.fixture
def model() -> ModelFile:
    return ModelFile(
        kind="line", arrays={"slope": np.array([0.1, 0.2])}, units={"energy": "J/m^2"}, training_uuids=["a", "b"]
    )


def test_a_stored_model_is_the_same(model: ModelFile) -> None:
    node = orm.load_node(ModelData(model).store().pk)
    assert node.model.to_bytes() == model.to_bytes() == node.content
    assert np.array_equal(node.model.arrays["slope"], [0.1, 0.2])


def test_models_are_found_by_what_they_are(model: ModelFile) -> None:
    ModelData(model).store()
    filters = {"attributes.kind": "line", "attributes.unit_energy": "J/m^2", "attributes.n_training_nodes": 2}
    assert orm.QueryBuilder().append(ModelData, filters=filters).count() == 1


def test_equal_models_have_equal_hashes(model: ModelFile) -> None:
    first, second = ModelData(model), ModelData.from_content(model.to_bytes())
    assert first.store().base.caching.get_hash() == second.store().base.caching.get_hash()


def test_a_node_without_a_model_is_not_stored() -> None:
    with pytest.raises(ValidationError, match=r"ModelData holds no 'model\.npz'"):
        ModelData().store()


def test_damaged_bytes_become_no_node(model: ModelFile) -> None:
    with pytest.raises(ModelFileError):
        ModelData.from_content(model.to_bytes()[:-1])
    node = ModelData(model)
    node.base.repository.put_object_from_bytes(model.to_bytes()[:-1], ModelData.FILENAME)
    with pytest.raises(ValidationError, match="not a readable array archive"):
        node.store()
