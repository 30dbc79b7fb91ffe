"""The node of the values of a property."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.science.compounds.property_targets import PropertyTargets


class PropertyTargetsData(ArchiveData):
    """Values of a property of the compounds of a set, in their order, see :class:`PropertyTargets`.

    Attributes for queries: ``n_compounds``, ``n_known``, and ``lowest``, ``highest`` and ``mean`` of the known values.
    """

    FILENAME = "targets.npz"
    CONTENT = PropertyTargets

    def __init__(self, targets: PropertyTargets | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if targets is None:
            return
        self._set_content(targets.to_bytes())
        known = targets.target[targets.is_known]
        numbers = {"lowest": float(known.min()), "highest": float(known.max()), "mean": float(known.mean())}
        self.base.attributes.set_many({"n_compounds": len(targets), "n_known": len(known), **numbers})

    @cached_property
    def targets(self) -> PropertyTargets:
        """The values themselves."""
        return PropertyTargets.from_bytes(self.content)

    def __len__(self) -> int:
        return int(self.base.attributes.get("n_compounds"))
