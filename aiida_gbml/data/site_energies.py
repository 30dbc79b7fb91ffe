"""The node of the energies of a mobile atom that a search has observed so far."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.science.compounds.potential_surface.observations import SiteEnergies


class SiteEnergiesData(ArchiveData):
    """Energies in eV of the evaluated points of a grid, see :class:`SiteEnergies`.

    Attributes for queries: ``n_observations``, ``n_failed`` and ``n_machine_faults``.
    """

    FILENAME = "energies.npz"
    CONTENT = SiteEnergies

    def __init__(self, energies: SiteEnergies | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if energies is not None:
            self._set_content(energies.to_bytes())
            counts = {"n_failed": energies.n_failed, "n_machine_faults": int(energies.machine_faults.sum())}
            self.base.attributes.set_many({"n_observations": len(energies), **counts})

    @cached_property
    def energies(self) -> SiteEnergies:
        """The energies themselves."""
        return SiteEnergies.from_bytes(self.content)
