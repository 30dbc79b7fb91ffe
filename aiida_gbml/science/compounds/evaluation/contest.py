"""A contest: what is known, what comes later, the candidates, and what a ranking of them has found."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition import SYMBOLS
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.evaluation.coverage import Coverage, never_seen
from aiida_gbml.science.compounds.evaluation.enrichment import Enrichment, curve_points, hits_at, short
from aiida_gbml.science.compounds.evaluation.leakage import OnLeak, count_swaps, element_swaps, without_known
from aiida_gbml.science.compounds.evaluation.ranks import Ranked, roles_of_keys
from aiida_gbml.science.compounds.evaluation.splits import EvaluationError
from aiida_gbml.science.compounds.scoring.keys import keys_of_roles, keys_of_set

TOPS = (100, 1000, 3000)
"""Lengths of the lists that are judged by default."""

MOST_TOPS, MOST_RANKED = 20, 1_000_000


@dataclass(frozen=True)
class Lists:
    """Lengths of the lists that are judged.

    :param tops: ascending.
    :param longest: end of the enrichment curve, at least the longest of the tops.
    :raises EvaluationError: for lengths out of range.
    """

    tops: tuple[int, ...] = TOPS
    longest: int = 10_000

    def __post_init__(self) -> None:
        plain = all(type(number) is int for number in (*self.tops, self.longest))
        if (
            not plain
            or not 0 < len(self.tops) <= MOST_TOPS
            or list(self.tops) != sorted({*self.tops})
            or self.tops[0] < 1
        ):
            raise EvaluationError(f"the lengths of lists must be ascending whole numbers, got {list(self.tops)!r}")
        if not self.tops[-1] <= self.longest <= MOST_RANKED:
            raise EvaluationError(
                f"the longest list must be from {self.tops[-1]} to {MOST_RANKED}, got {self.longest!r}"
            )

    def within(self, n_candidates: int) -> Lists:
        """Return the lists that are no longer than all candidates."""
        tops = tuple(dict.fromkeys(min(top, n_candidates) for top in self.tops))
        return Lists(tops, min(self.longest, n_candidates))


class Contest:
    """What recommenders are judged by.

    :param known: what they may learn.
    :param later: what they are to find; what of it is known is removed and counted, or refused.
    :param space: of the candidates.
    :param on_leak: see :func:`~.leakage.without_known`.
    :raises EvaluationError: when there is nothing to find.
    """

    def __init__(
        self, known: CompositionSet, later: CompositionSet, space: CandidateSpace, on_leak: OnLeak = "remove"
    ) -> None:
        self.known, self.space = known, space
        self.later, self.n_leaked = without_known(known, later, on_leak)
        self.coverage = Coverage.of(self.later, space)
        self.known_coverage = Coverage.of(known, space)
        if not len(self.coverage):
            counts = ", ".join(f"{reason}: {count}" for reason, count in self.coverage.outside.items() if count)
            raise EvaluationError(
                f"none of the {len(self.later)} later compositions is a candidate ({counts}): "
                "check ions, arity and filters"
            )
        self.taken = keys_of_set(known, space.arity)
        keys = keys_of_roles(self.coverage.roles)
        order = np.argsort(keys)
        self.later_keys = keys[order]
        found = self.later.take(self.coverage.rows)
        self.later_formulas = [found[row].formula for row in order.tolist()]
        self.is_swap = element_swaps(found, known)[order]
        self.later_anions = self.coverage.roles.anions[order]

    @cached_property
    def n_by_anion(self) -> dict[int, int]:
        """Number of candidates that are not known, by anion."""
        known = self.known_coverage.roles.anions
        counts = {
            anion: total - int(np.count_nonzero(known == anion)) for anion, total in self.space.count_by_anion().items()
        }
        return {anion: count for anion, count in counts.items() if count}

    @cached_property
    def n_candidates(self) -> int:
        """Number of candidates that are not known."""
        return sum(self.n_by_anion.values())

    @property
    def n_later(self) -> int:
        """Number of candidates that came later."""
        return len(self.later_keys)

    def places(self, keys: Array) -> Array:
        """Return the (n,) place of each candidate among the later ones, -1 for others."""
        places = np.minimum(np.searchsorted(self.later_keys, keys), self.n_later - 1)
        result: Array = np.where(self.later_keys[places] == keys, places, -1)
        return result

    def summary(self) -> dict[str, Any]:
        """Return plain values: how many of what there are, and what cannot be found at all."""
        new_ratio, new_element = never_seen(self.coverage.roles, self.known_coverage.roles)
        return {
            "arity": self.space.arity,
            "n_candidates": self.n_candidates,
            "n_swap_candidates": count_swaps(self.known, self.space),
            "rate": short(self.n_later / self.n_candidates),
            "known": {
                "n": len(self.known),
                "n_candidates": len(self.known_coverage),
                "outside": _counted(self.known_coverage.outside),
                "sha256": self.known.sha256,
                "source": self.known.source[:200],
                "licence": self.known.licence[:200],
            },
            "later": {
                "n": len(self.later) + self.n_leaked,
                "n_leaked": self.n_leaked,
                "n_candidates": self.n_later,
                "outside": _counted(self.coverage.outside),
                "n_ratio_never_seen": int(np.count_nonzero(new_ratio)),
                "n_element_never_seen": int(np.count_nonzero(new_element)),
                "n_swaps": int(np.count_nonzero(self.is_swap)),
                "sha256": self.later.sha256,
                "source": self.later.source[:200],
                "licence": self.later.licence[:200],
            },
        }

    def judge(self, ranked: Ranked, lists: Lists) -> Verdict:
        """Return what a ranking has found.

        :param lists: no longer than all candidates, see :meth:`Lists.within`.
        """
        roles = roles_of_keys(ranked.keys, self.space)
        places = self.places(ranked.keys)
        anions = np.array(list(self.n_by_anion), dtype=np.uint8)
        is_of = roles.anions[:, None] == anions
        is_hit = places >= 0
        ranks = np.zeros(self.n_later, dtype=np.int64)
        ranks[places[is_hit]] = np.flatnonzero(is_hit) + 1
        tops = {}
        for top in lists.tops:
            hits = int(np.count_nonzero(is_hit[:top]))
            swaps = int(np.count_nonzero(self.is_swap[places[:top][is_hit[:top]]]))
            elements = {*roles.cations[:top].ravel().tolist(), *roles.anions[:top].tolist()}
            enrichment = Enrichment.of(hits, top, self.n_later, self.n_candidates)
            tops[top] = Found(enrichment, swaps, len(elements))
        listed = np.array([is_of[:top].sum(axis=0) for top in lists.tops])
        found = np.array([(is_of & is_hit[:, None])[:top].sum(axis=0) for top in lists.tops])
        points = curve_points(lists.longest)
        return Verdict(ranked, tops, listed, found, points, hits_at(is_hit, points), ranks, is_hit)


@dataclass(frozen=True)
class Found:
    """What the first k of a ranking hold.

    :param enrichment: of hits.
    :param n_swaps: hits that are a known composition with one element replaced.
    :param n_elements: number of different elements in the list.
    """

    enrichment: Enrichment
    n_swaps: int
    n_elements: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values; what is the same for all models is left out."""
        values = self.enrichment.to_dict()
        shown = {name: values[name] for name in ("hits", "enrichment", "lower", "upper", "p_value")}
        return {**shown, "n_swaps": self.n_swaps, "n_elements": self.n_elements}


@dataclass(frozen=True)
class Verdict:
    """What a ranking has found.

    :param ranked: the ranking.
    :param tops: by length of the list.
    :param listed: (t, a) number of candidates with each anion in each list.
    :param hits: (t, a) those of them that came later.
    :param points: (c,) lengths of lists of the enrichment curve.
    :param curve: (c,) hits in them.
    :param ranks: (T,) place of each later composition in the ranking from 1, 0 for those beyond its end.
    :param is_hit: (K,) whether each entry of the ranking came later.
    """

    ranked: Ranked
    tops: dict[int, Found]
    listed: Array
    hits: Array
    points: Array
    curve: Array
    ranks: Array
    is_hit: Array


def _counted(reasons: dict[str, int]) -> dict[str, int]:
    return {reason: count for reason, count in reasons.items() if count}


def symbols(numbers: Array) -> Array:
    """Return the (n,) symbols of atomic numbers as text."""
    return np.array([SYMBOLS[number] for number in numbers], dtype=np.str_)
