"""The node of a trained model."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.science.learning.model_file import FORMAT_VERSION, ModelFile


class ModelData(ArchiveData):
    """A trained model as arrays and one record, see :class:`ModelFile`; its domain rebuilds it.

    Attributes for queries: ``kind``, ``format_version``, ``arrays`` (their names), ``n_training_nodes`` and one
    ``unit_<quantity>`` for each quantity.
    """

    FILENAME = "model.npz"
    CONTENT = ModelFile

    def __init__(self, model: ModelFile | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if model is not None:
            self._set_content(model.to_bytes())
            self.base.attributes.set_many(_summary(model))

    @cached_property
    def model(self) -> ModelFile:
        """The arrays and the record; :func:`aiida_gbml.science.learning.model_file.rebuild` makes a model of them."""
        return ModelFile.from_bytes(self.content)


def _summary(model: ModelFile) -> dict[str, Any]:
    """Return the flat attributes by which models are found."""
    return {
        "kind": model.kind,
        "format_version": FORMAT_VERSION,
        "arrays": sorted(model.arrays),
        "n_training_nodes": len(model.training_uuids),
        **{f"unit_{quantity}": unit for quantity, unit in sorted(model.units.items())},
    }
