"""Search strategies by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from aiida_gbml.science.interfaces.candidates import CandidateSet
from aiida_gbml.science.interfaces.kriging import (
    ExhaustiveSearch,
    KrigingSearch,
    KrigingSettings,
    RandomSearch,
    Search,
    SearchError,
)
from aiida_gbml.science.interfaces.observations import Observations

METHODS = ("kriging", "random", "exhaustive")


@dataclass(frozen=True)
class Strategy:
    """A search method and its settings, as plain JSON values.

    :param method: one of :data:`METHODS`.
    :param settings: how a Kriging search works; the other methods have no settings.
    """

    method: str = "kriging"
    settings: KrigingSettings = field(default_factory=KrigingSettings)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Strategy:
        """Return the strategy of some settings: ``method`` and the fields of ``KrigingSettings``, all optional.

        :raises SearchError: for a method or a setting that is not known.
        """
        method = values.get("method", "kriging")
        if method not in METHODS:
            raise SearchError(f"unknown search method '{method}', known are {', '.join(METHODS)}")
        settings = {name: value for name, value in values.items() if name != "method"}
        known = [one.name for one in fields(KrigingSettings)]
        for name in settings:
            if name not in known:
                raise SearchError(f"unknown setting '{name}' of the strategy, known are method, {', '.join(known)}")
        try:
            return cls(method, KrigingSettings(**settings))
        except TypeError as exception:
            raise SearchError(f"a setting of the strategy has the wrong type: {exception}") from exception

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
        search.tell(observations.candidates, observations.energies)
        return search
