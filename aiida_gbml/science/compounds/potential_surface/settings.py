"""How a search for the bottleneck works, and the strategies by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiida_gbml.science.compounds.potential_surface.features import FEATURES
from aiida_gbml.science.learning.search import SearchError, read_strategy

ACQUISITIONS = ("dominant points", "low-energy region")

_WHOLE = ("n_initial", "n_draws", "patience")


@dataclass(frozen=True)
class SaddleSettings:
    """How a search for the bottleneck works, as plain JSON values.

    :param acquisition: one of :data:`ACQUISITIONS`.
    :param features: one of :data:`FEATURES`.
    :param n_initial: so many points are spread over the features before the model is asked.
    :param n_draws: surfaces drawn from the posterior for each choice.
    :param tolerance: the search may end when the barrier is known to this share of itself.
    :param confidence: share of the drawn surfaces that must agree with it.
    :param patience: and when neither dominant point is among the last so many evaluations.
    :raises SearchError: for values out of range.
    """

    acquisition: str = "dominant points"
    features: str = "environment"
    n_initial: int = 10
    n_draws: int = 24
    tolerance: float = 0.01
    confidence: float = 0.95
    patience: int = 8

    def __post_init__(self) -> None:
        for name, known in (("acquisition", ACQUISITIONS), ("features", FEATURES)):
            if getattr(self, name) not in known:
                raise SearchError(f"unknown {name} '{getattr(self, name)}', known are {', '.join(known)}")
        for name in (*_WHOLE, "tolerance", "confidence"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
                raise SearchError(f"'{name}' of the search must be positive, got {value!r}")
            if name in _WHOLE and not isinstance(value, int):
                raise SearchError(f"'{name}' of the search must be a whole number, got {value}")
            if name not in _WHOLE and value > 1:
                raise SearchError(f"'{name}' of the search is a share and must be at most 1, got {value}")


@dataclass(frozen=True)
class SaddleStrategy:
    """A method to choose points and its settings, as plain JSON values.

    :param method: one of :data:`~aiida_gbml.science.learning.search.METHODS`.
    :param settings: how a Kriging search works, and by which model any search is analysed.
    """

    method: str = "kriging"
    settings: SaddleSettings = field(default_factory=SaddleSettings)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SaddleStrategy:
        """Return the strategy of some settings: ``method`` and the fields of ``SaddleSettings``, all optional.

        :raises SearchError: for a method or a setting that is not known, or out of range.
        """
        return cls(*read_strategy(values, SaddleSettings))
