"""What a search of a potential-energy surface looks like from outside, as plain values."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from aiida import orm
from aiida.common.hashing import make_hash

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.potential_surface.observations import SiteEnergies
from aiida_gbml.workflows.rounds_view import RoundsView

_DECISIVE = ("structure", "mobile", "grid", "supercell")
"""Inputs on which the exhaustive barrier depends, beside the level of theory."""


class PotentialSurfaceView(RoundsView):
    """Read access to a search for the path of a mobile atom that is running, finished or failed."""

    LABEL = "PotentialSurfaceWorkChain"
    NOUN = "a search of a potential-energy surface"

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The flat summary; empty as long as there is none."""
        return dict(self.node.outputs.summary.get_dict()) if "summary" in self.node.outputs else {}

    @cached_property
    def observations(self) -> SiteEnergies:
        """Everything observed so far, in the order of the evaluations."""
        return max((node.energies for node in self.recorded), key=len, default=SiteEnergies.empty())

    @cached_property
    def course(self) -> Array:
        """(k, 3) evaluations known, barrier in eV (NaN without a path) and agreement, at each proposal with them."""
        found = [
            (known, one.get("barrier", np.nan), one["agreement"]) for known, one in self.outlooks if "agreement" in one
        ]
        return np.array(found, dtype=float).reshape(-1, 3)

    @cached_property
    def surface(self) -> dict[str, Array]:
        """Arrays of the surface and of the lowest path; empty as long as there are none."""
        if "surface" not in self.node.outputs:
            return {}
        return {name: self.node.outputs.surface.get_array(name) for name in self.node.outputs.surface.get_arraynames()}

    @property
    def sites(self) -> list[dict[str, Any]]:
        """Stable sites as rows of a table."""
        names = [name for name in self.summary if name.startswith("site_") and isinstance(self.summary[name], list)]
        columns = [self.summary[name] for name in names]
        short = [name.removeprefix("site_") for name in names]
        return [dict(zip(short, row, strict=True)) for row in zip(*columns, strict=True)]

    def exhaustive_barrier(self) -> float | None:
        """Return the barrier in eV of the latest search of the same surface that evaluated every point, if any."""
        query = orm.QueryBuilder()
        query.append(orm.WorkChainNode, filters={"attributes.process_label": self.LABEL}, tag="search", project="*")
        query.append(orm.Dict, with_incoming="search", edge_filters={"label": "summary"}, project="*")
        query.order_by({"search": {"id": "desc"}})
        for search, summary in query.all():
            values = summary.get_dict()
            is_whole = values["n_evaluated"] == values["n_points"] and values["barrier"] is not None
            if is_whole and values["level_of_theory"] == self.summary.get("level_of_theory") and self._is_alike(search):
                return float(values["barrier"])
        return None

    def _is_alike(self, other: orm.WorkChainNode) -> bool:
        """Return whether another search is one of the same surface."""
        given = [
            [make_hash(node.inputs[name].base.caching.get_objects_to_hash()) for name in _DECISIVE]
            for node in (self.node, other)
        ]
        return given[0] == given[1]
