"""The node of what a search over compounds has observed so far."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.science.compounds.property_observations import PropertyObservations


class PropertyObservationsData(ArchiveData):
    """Values of the evaluated candidates of a search, see :class:`PropertyObservations`.

    Attributes for queries: ``n_observations``, ``n_failed``, ``n_machine_faults``, ``n_given``.
    """

    FILENAME = "observations.npz"
    CONTENT = PropertyObservations

    def __init__(self, observations: PropertyObservations | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if observations is None:
            return
        self._set_content(observations.to_bytes())
        self.base.attributes.set("n_observations", len(observations))
        self.base.attributes.set("n_failed", int(observations.failed.sum()))
        self.base.attributes.set("n_machine_faults", int(observations.machine_faults.sum()))
        self.base.attributes.set("n_given", int(observations.is_given.sum()))

    @cached_property
    def observations(self) -> PropertyObservations:
        """The observations themselves."""
        return PropertyObservations.from_bytes(self.content)
