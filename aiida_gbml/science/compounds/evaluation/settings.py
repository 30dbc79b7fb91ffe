"""What may be chosen about an evaluation apart from what is known, what is to be found, and the models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from aiida_gbml.science.compounds.evaluation.contest import Lists
from aiida_gbml.science.compounds.evaluation.leakage import OnLeak
from aiida_gbml.science.compounds.evaluation.splits import EvaluationError

NAMES = ("tops", "longest", "on_leak", "seed")


@dataclass(frozen=True)
class EvaluationSettings:
    """How the lists of recommenders are judged.

    :param lists: lengths of the lists.
    :param on_leak: what becomes of later compositions that are known, see :func:`~.leakage.without_known`.
    :param seed: of models that draw.
    :raises EvaluationError: for what cannot be chosen.
    """

    lists: Lists = field(default_factory=Lists)
    on_leak: OnLeak = "remove"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.on_leak not in get_args(OnLeak):
            raise EvaluationError(f"later compositions that are known can be removed or refused, not {self.on_leak!r}")
        if type(self.seed) is not int or self.seed < 0:
            raise EvaluationError(f"the seed must be a whole number of at least 0, got {self.seed!r}")

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> EvaluationSettings:
        """Return the settings of ``tops``, ``longest``, ``on_leak`` and ``seed``; all are optional.

        :raises EvaluationError: for an unknown name or value.
        """
        unknown = sorted(set(settings) - set(NAMES))
        if unknown:
            raise EvaluationError(f"an evaluation has no setting '{unknown[0]}', known are {', '.join(NAMES)}")
        tops = settings.get("tops", list(Lists.tops))
        if not isinstance(tops, list | tuple):
            raise EvaluationError(f"'tops' must be a list of lengths, got {tops!r}")
        lists = Lists(tuple(tops), settings.get("longest", Lists.longest))
        return cls(lists, settings.get("on_leak", cls.on_leak), settings.get("seed", cls.seed))
