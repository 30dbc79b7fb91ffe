"""The node of what a search has observed so far."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.science.interfaces.observations import Observations

if TYPE_CHECKING:
    from typing_extensions import Self


class ObservationsData(ArchiveData):
    """Excess energies of the evaluated candidates of a search, see :class:`Observations`.

    Attributes for queries: ``n_observations``, ``n_failed`` and, once anything succeeded, ``best`` (J/m²).
    """

    FILENAME = "observations.npz"

    def __init__(self, observations: Observations | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if observations is None:
            return
        self._set_content(observations.to_bytes())
        self.base.attributes.set("n_observations", len(observations))
        self.base.attributes.set("n_failed", int(observations.failed.sum()))
        if observations.best is not None:
            self.base.attributes.set("best", float(observations.energies[observations.best]))

    @classmethod
    def from_content(cls, content: bytes) -> Self:
        """Return an unstored node of the bytes of observations."""
        return cls(Observations.from_bytes(content))

    @cached_property
    def observations(self) -> Observations:
        """The observations themselves."""
        return Observations.from_bytes(self.content)

    def _check(self) -> None:
        Observations.from_bytes(self.content)
