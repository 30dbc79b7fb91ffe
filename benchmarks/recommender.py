"""Hits among later compositions of recommenders that know the earlier ones: one JSON line.

    python benchmarks/recommender.py --known known.csv --later later.csv [--arity 3] [--models ensemble tucker]

Every model of the package with its default settings, the methods of the literature (``recommender_references.py``),
and a random order. The candidates are all neutral compositions that are not known; hits are later ones among the best
100, 1,000 and 3,000. ``enrichment`` is how much more frequent they are there than among all candidates, ``interval``
its 95 % (Wilson). Up to three elements all candidates are scored. With more, models that are a matrix product or whose
scores are mostly zero are ranked exactly; others rank the best 100,000 of each of those (``shortlisted``).

Tables of any form that the package reads will do. Later compositions that are known are taken out (``n_leaked``), rows
that are no composition are counted (``rejected``), and a model that cannot be fitted is named with the reason
(``skipped``).
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from recommender_references import Reference, references

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.evaluation.contest import TOPS, Contest
from aiida_gbml.science.compounds.evaluation.enrichment import Enrichment
from aiida_gbml.science.compounds.evaluation.ranks import shortlist
from aiida_gbml.science.compounds.ions import IonTable
from aiida_gbml.science.compounds.readers.files import read_compositions
from aiida_gbml.science.compounds.recommenders.base import Recommender
from aiida_gbml.science.compounds.recommenders.registry import RECOMMENDERS
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.compounds.scoring.batches import stream_support
from aiida_gbml.science.compounds.scoring.keys import among, keys_of_roles
from aiida_gbml.science.compounds.scoring.request import ShardRequest
from aiida_gbml.science.compounds.scoring.stream import stream_kernel
from aiida_gbml.science.compounds.scoring.top_k import TopK

MOST_STORED = 20_000_000
SHORTLIST = 100_000

Method = Recommender | Reference


class Ranks:
    """Best candidates of one model after the other.

    :param contest: known and later compositions, and the candidates.
    """

    def __init__(self, contest: Contest) -> None:
        self._contest = contest
        self._lists: list[Array] = []
        self._pool: RoleTable | None = None
        self.is_small = contest.n_candidates <= MOST_STORED
        if self.is_small:
            every = RoleTable.concatenate([block.roles() for block in contest.space.blocks()])
            self._pool = every.take(~among(keys_of_roles(every), contest.taken))

    def best(self, method: Method) -> Array:
        """Return the keys of the best candidates of a fitted method, found among all or on the shortlist."""
        if not self.is_small and is_exact(method):
            keys = self._streamed(method)
            self._lists.append(keys)
            return keys
        if self._pool is None:
            self._pool = shortlist(self._lists, self._contest.space)
        top = TopK(max(TOPS))
        top.add(method.score(self._pool), keys_of_roles(self._pool))
        return top.best()[1]

    def _streamed(self, method: Method) -> Array:
        request = ShardRequest(self._contest.space, SHORTLIST, self._contest.taken, stride=1 << 20)
        kernel = method.kernel()
        if kernel is not None:
            return stream_kernel(request, kernel).best[1]
        support = method.support()
        if support is None:
            return np.zeros(0, dtype=np.uint64)
        return stream_support(request, method.score, support).best[1]


def is_exact(method: Method) -> bool:
    """Return whether a model can rank any number of candidates: by a matrix product, or its support."""
    if not isinstance(method, Recommender) or getattr(method, "paired", False):
        return False
    return any(getattr(type(method), name) is not getattr(Recommender, name) for name in ("kernel", "support"))


def contestants(arity: int, wanted: list[str] | None) -> dict[str, Method]:
    """Return the models to compare by name, those first that can rank any number of candidates."""
    methods: dict[str, Method] = {name: kind() for name, kind in RECOMMENDERS.items()}
    methods |= {f"reference: {name}": method for name, method in references(arity).items()}
    unknown = sorted(set(wanted or ()) - set(methods))
    if unknown:
        raise SystemExit(f"there is no model '{unknown[0]}', known are {', '.join(methods)}")
    names = sorted(methods, key=lambda name: not is_exact(methods[name]))
    return {name: methods[name] for name in names if wanted is None or name in wanted}


def judged(keys: Array, contest: Contest) -> dict[str, dict[str, Any]]:
    """Return hits, enrichment and its interval for each length of the list, which ends with the candidates."""
    found: dict[str, dict[str, Any]] = {"hits": {}, "enrichment": {}, "interval": {}}
    for top in TOPS:
        hits = int(np.count_nonzero(contest.places(keys[:top]) >= 0))
        one = Enrichment.of(hits, min(top, contest.n_candidates), contest.n_later, contest.n_candidates)
        found["hits"][str(top)] = hits
        found["enrichment"][str(top)] = round(one.enrichment, 1)
        found["interval"][str(top)] = [round(one.lower, 1), round(one.upper, 1)]
    return found


def compared(methods: dict[str, Method], contest: Contest) -> dict[str, Any]:
    """Fit and judge models one after the other; progress goes to the other stream.

    A model that lacks a package, or that so few compositions do not suffice for, is skipped, with the reason.
    """
    ranks = Ranks(contest)
    columns: dict[str, dict[str, Any]] = {name: {} for name in ("hits", "enrichment", "interval", "cpu_s")}
    skipped: dict[str, str] = {}
    shortlisted = []
    for name, method in methods.items():
        start = time.process_time()
        try:
            method.fit(contest.known, contest.space)
            keys = ranks.best(method)
        except (ImportError, ValueError) as exception:
            skipped[name] = " ".join(str(exception).split())
            print(f"{name}: skipped, {skipped[name]}", file=sys.stderr, flush=True)
            continue
        found = judged(keys, contest) | {"cpu_s": round(time.process_time() - start, 1)}
        for column, value in found.items():
            columns[column][name] = value
        if not ranks.is_small and not is_exact(method):
            shortlisted.append(name)
        print(f"{name}: {found['hits']} in {found['cpu_s']} s", file=sys.stderr, flush=True)
    return {**columns, "shortlisted": shortlisted, "skipped": skipped}


def main() -> None:
    """Print one line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--known", type=Path, required=True)
    parser.add_argument("--later", type=Path, required=True)
    parser.add_argument("--arity", type=int, default=3, choices=(2, 3, 4, 5))
    parser.add_argument("--level", default="rare", choices=("common", "reported", "rare"), help="of the ions")
    parser.add_argument("--models", nargs="+", help="names; all by default")
    given = parser.parse_args()
    space = CandidateSpace(IonTable.default(given.level), given.arity)
    try:
        sets = {"known": read_compositions(given.known), "later": read_compositions(given.later)}
        contest = Contest(sets["known"], sets["later"], space)
    except ValueError as exception:
        raise SystemExit(str(exception)) from exception
    results = compared(contestants(given.arity, given.models), contest)
    summary = contest.summary()
    n_later = int(np.count_nonzero(contest.later.arity == given.arity))
    record = {
        "arity": given.arity,
        "n_candidates": contest.n_candidates,
        "n_known": summary["known"]["n_candidates"],
        "n_later": contest.n_later,
        "n_later_outside": n_later - contest.n_later,
        "coverage": round(contest.n_later / n_later, 4),
        "n_leaked": contest.n_leaked,
        "n_ratio_never_seen": summary["later"]["n_ratio_never_seen"],
        "rejected": {name: one.rejected_counts() for name, one in sets.items()},
        **results,
        "hits_by_chance": {
            str(top): round(min(top, contest.n_candidates) * contest.n_later / contest.n_candidates, 4) for top in TOPS
        },
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(record))


if __name__ == "__main__":
    main()
