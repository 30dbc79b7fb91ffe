"""The node of the points at which a mobile atom may be."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.science.compounds.potential_surface.grid import SiteGrid


class SiteGridData(ArchiveData):
    """A grid over the cell of a host, one point an orbit of its space group, see :class:`SiteGrid`.

    Attributes for queries: ``n_points`` (irreducible and allowed), ``n_grid`` and ``divisions``.
    """

    FILENAME = "grid.npz"
    CONTENT = SiteGrid

    def __init__(self, grid: SiteGrid | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if grid is not None:
            self._set_content(grid.to_bytes())
            numbers = {"n_points": len(grid), "n_grid": len(grid.orbits), "divisions": grid.divisions.tolist()}
            self.base.attributes.set_many(numbers)

    @cached_property
    def grid(self) -> SiteGrid:
        """The grid itself."""
        return SiteGrid.from_bytes(self.content)

    def __len__(self) -> int:
        return int(self.base.attributes.get("n_points"))
