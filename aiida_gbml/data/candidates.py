"""The node of the candidates of a boundary search."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.science.interfaces.candidates import CandidateSet


class CandidateSetData(ArchiveData):
    """Every candidate of a search, one for each orbit of the boundary's symmetry, see :class:`CandidateSet`.

    Attributes for queries: ``n_candidates``, ``n_before`` (their number without the reduction by symmetry),
    ``n_terminations``, ``max_removed`` (atoms), ``min_gap`` and ``max_gap`` (Å).
    """

    FILENAME = "candidates.npz"
    CONTENT = CandidateSet

    def __init__(self, candidates: CandidateSet | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if candidates is not None:
            self._set_content(candidates.to_bytes())
            self.base.attributes.set_many(_summary(candidates))

    @cached_property
    def candidates(self) -> CandidateSet:
        """The candidates themselves."""
        return CandidateSet.from_bytes(self.content)

    def __len__(self) -> int:
        return int(self.base.attributes.get("n_candidates"))


def _summary(candidates: CandidateSet) -> dict[str, Any]:
    """Return the flat attributes by which candidate sets are found."""
    return {
        "n_candidates": len(candidates),
        "n_before": candidates.n_before,
        "n_terminations": len(np.unique(candidates.terminations)),
        "max_removed": int(candidates.n_removed.max()),
        "min_gap": float(candidates.gaps.min()),
        "max_gap": float(candidates.gaps.max()),
    }
