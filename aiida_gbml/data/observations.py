"""The node of what a search has observed so far."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.science.interfaces.observations import Observations


class ObservationsData(ArchiveData):
    """Excess energies of the evaluated candidates of a search, see :class:`Observations`.

    Attributes for queries: ``n_observations``, ``n_failed``, of which ``n_machine_faults`` say nothing of their
    candidates, and, once anything succeeded, ``best`` (J/m²).
    """

    FILENAME = "observations.npz"
    CONTENT = Observations

    def __init__(self, observations: Observations | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if observations is None:
            return
        self._set_content(observations.to_bytes())
        self.base.attributes.set("n_observations", len(observations))
        self.base.attributes.set("n_failed", int(observations.failed.sum()))
        self.base.attributes.set("n_machine_faults", int(observations.machine_faults.sum()))
        if observations.best is not None:
            self.base.attributes.set("best", float(observations.energies[observations.best]))

    @cached_property
    def observations(self) -> Observations:
        """The observations themselves."""
        return Observations.from_bytes(self.content)
