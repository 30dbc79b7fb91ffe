"""Splits: what a recommender may know, and what it is asked to find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np

from aiida_gbml.science.compounds.composition_set import CompositionSet


class EvaluationError(ValueError):
    """Sets, splits or candidates with which no recommender can be judged."""


@dataclass(frozen=True)
class Split:
    """How a set of compositions is divided; compositions are divided, not their roles, so that nothing leaks.

    :param kind: ``chronological`` by first-seen values, or ``holdout`` at random, which flatters.
    :param cutoff: first value that is later; a number, or an ISO date where ages are dates.
    :param fraction: of the set that is held out.
    :param seed: of the draw.
    :raises EvaluationError: for values that do not fit the kind.
    """

    kind: Literal["chronological", "holdout"]
    cutoff: int | str | None = None
    fraction: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in ("chronological", "holdout"):
            raise EvaluationError(f"there is no split '{self.kind}', known are chronological and holdout")
        if self.kind == "chronological" and (type(self.cutoff) not in (int, str)):
            raise EvaluationError(f"a chronological split needs a cut-off (number, year or date), got {self.cutoff!r}")
        if isinstance(self.fraction, bool) or not isinstance(self.fraction, int | float) or not 0 < self.fraction < 1:
            raise EvaluationError(f"the fraction that is held out must be between 0 and 1, got {self.fraction!r}")
        if type(self.seed) is not int or self.seed < 0:
            raise EvaluationError(f"the seed of a split must be a whole number from 0 on, got {self.seed!r}")

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Split:
        """Return the split of plain values.

        :raises EvaluationError: for unknown names or values that do not fit.
        """
        fields = {"chronological": {"kind", "cutoff"}, "holdout": {"kind", "fraction", "seed"}}
        if not isinstance(content, Mapping) or content.get("kind") not in fields:
            raise EvaluationError(f"a split has a 'kind': chronological or holdout, got {content!r}")
        unknown = sorted(map(str, set(content) - fields[content["kind"]]))
        if unknown:
            raise EvaluationError(f"a {content['kind']} split has no '{unknown[0]}'")
        return cls(**content)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, of which :meth:`from_dict` makes an equal split."""
        if self.kind == "chronological":
            return {"kind": self.kind, "cutoff": self.cutoff}
        return {"kind": self.kind, "fraction": self.fraction, "seed": self.seed}

    def parts(self, compositions: CompositionSet) -> tuple[CompositionSet, CompositionSet]:
        """Return what is known and what comes later.

        :raises EvaluationError: when a part is empty.
        """
        if self.kind == "chronological":
            cutoff = self._cutoff(compositions.age_unit)
            known, later = compositions.before(cutoff), compositions.since(cutoff)
        else:
            # Sorted, so that the order of the rows in a file does not change who is held out.
            order = np.argsort(compositions.keys, kind="stable")
            drawn = np.random.default_rng(self.seed).random(len(compositions)) < self.fraction
            is_later = np.zeros(len(compositions), dtype=bool)
            is_later[order[drawn]] = True
            known, later = compositions.take(~is_later), compositions.take(is_later)
        if not len(known) or not len(later):
            raise EvaluationError(
                f"the split leaves {len(known)} known and {len(later)} later compositions of {len(compositions)}: "
                "choose another cut-off or fraction"
            )
        return known, later

    def _cutoff(self, unit: str) -> int:
        """Return the cut-off as ages are counted."""
        if isinstance(self.cutoff, int):
            if unit == "day":
                raise EvaluationError(
                    f"the ages are dates: the cut-off must be one such as 2019-12-31, not {self.cutoff}"
                )
            return self.cutoff
        try:
            day = date.fromisoformat(str(self.cutoff)).toordinal()
        except ValueError as exception:
            raise EvaluationError(f"the cut-off '{self.cutoff}' is no date such as 2019-12-31") from exception
        if unit != "day":
            counted = f"ages are counted in '{unit}'" if unit else "no composition has a first-seen date"
            raise EvaluationError(f"the cut-off '{self.cutoff}' is a date, but {counted}")
        return day
