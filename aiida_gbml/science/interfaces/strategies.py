"""Search strategies by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiida_gbml.science.interfaces.candidates import CandidateSet
from aiida_gbml.science.interfaces.kriging import (
    ExhaustiveSearch,
    KrigingSearch,
    KrigingSettings,
    RandomSearch,
    Search,
)
from aiida_gbml.science.interfaces.observations import Observations
from aiida_gbml.science.learning.search import read_strategy


@dataclass(frozen=True)
class Strategy:
    """A search method and its settings, as plain JSON values.

    :param method: one of :data:`~aiida_gbml.science.learning.search.METHODS`.
    :param settings: how a Kriging search works; the other methods have no settings.
    """

    method: str = "kriging"
    settings: KrigingSettings = field(default_factory=KrigingSettings)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Strategy:
        """Return the strategy of some settings: ``method`` and the fields of ``KrigingSettings``, all optional.

        :raises SearchError: for a method or a setting that is not known.
        """
        return cls(*read_strategy(values, KrigingSettings))

    def search(
        self,
        candidates: CandidateSet,
        observations: Observations,
        seed: int,
        budget: int | None = None,
        starting_points: Sequence[int] = (),
    ) -> Search:
        """Return a search that knows the observations.

        :param budget: most evaluations in all; none for all candidates.
        :param starting_points: rows that a Kriging search evaluates first.
        """
        search: Search
        if self.method == "kriging":
            search = KrigingSearch(candidates, seed, budget, self.settings, starting_points)
        else:
            search = {"random": RandomSearch, "exhaustive": ExhaustiveSearch}[self.method](candidates, seed, budget)
        search.tell(observations.candidates, observations.energies, observations.machine_faults)
        return search
