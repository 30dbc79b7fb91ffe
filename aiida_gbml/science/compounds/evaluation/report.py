"""The report of an evaluation: numbers to read, and arrays to draw."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.evaluation.contest import Contest, Lists, Verdict, symbols
from aiida_gbml.science.compounds.evaluation.enrichment import LEVEL, Enrichment
from aiida_gbml.science.compounds.evaluation.ranks import rank_candidates
from aiida_gbml.science.compounds.evaluation.reliability import Reliability
from aiida_gbml.science.compounds.evaluation.splits import EvaluationError
from aiida_gbml.science.compounds.recommenders.base import Recommender


def evaluate(
    models: Mapping[str, Recommender], contest: Contest, lists: Lists
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Fit models to what is known, and return a report and arrays of what they find.

    A model that lacks an optional package is passed over and named in the report.

    :param models: not fitted, by label.
    :raises ValueError: when no model can be fitted.
    """
    lists = lists.within(contest.n_candidates)
    fitted: dict[str, Recommender] = {}
    passed_over: dict[str, str] = {}
    seconds: dict[str, float] = {}
    for label, model in models.items():
        start = time.process_time()
        try:
            fitted[label] = model.fit(contest.known, contest.space)
        except ImportError as exception:
            passed_over[label] = " ".join(str(exception).split())
        seconds[label] = round(time.process_time() - start, 2)
    if not fitted:
        raise EvaluationError(f"no model can be fitted: {'; '.join(passed_over.values())}")
    ranked = rank_candidates(fitted, contest.space, contest.taken, lists.longest, contest.n_candidates)
    verdicts = {label: contest.judge(one, lists) for label, one in ranked.items()}
    reliabilities = {label: found for label, model in fitted.items() if (found := _reliability(model, verdicts[label]))}
    report = {**contest.summary(), "interval_level": LEVEL, **_tops(contest, lists), "passed_over": passed_over}
    report["models"] = {
        label: {
            "kind": fitted[label].kind,
            "fit_cpu_s": seconds[label],
            "n_ranked": len(verdict.ranked.keys),
            "is_exact": verdict.ranked.is_exact,
            "tops": {str(top): found.to_dict() for top, found in verdict.tops.items()},
            **({"calibration_error": round(reliabilities[label].error, 6)} if label in reliabilities else {}),
        }
        for label, verdict in verdicts.items()
    }
    return report, arrays_of(contest, lists, verdicts, reliabilities)


def arrays_of(
    contest: Contest, lists: Lists, verdicts: Mapping[str, Verdict], reliabilities: Mapping[str, Reliability]
) -> dict[str, Array]:
    """Return the arrays of an evaluation with m models, t lists, a anions, c points of a curve, T later candidates."""
    anions = list(contest.n_by_anion)
    rows = list(verdicts.values())
    bins = [(label, found) for label, found in reliabilities.items()]
    names = [np.repeat(np.array([label], dtype=np.str_), len(found.counts)) for label, found in bins]
    arrays = {
        "models": np.array(list(verdicts), dtype=np.str_),
        "tops": np.array(lists.tops, dtype=np.int64),
        "anions": symbols(np.array(anions)),
        "n_candidates_by_anion": np.array([contest.n_by_anion[anion] for anion in anions], dtype=np.int64),
        "n_later_by_anion": np.array([np.count_nonzero(contest.later_anions == anion) for anion in anions]),
        "listed_by_anion": np.stack([verdict.listed for verdict in rows]),
        "hits_by_anion": np.stack([verdict.hits for verdict in rows]),
        "curve_points": rows[0].points,
        "curve_hits": np.stack([verdict.curve for verdict in rows]),
        "later_formulas": np.array(contest.later_formulas, dtype=np.str_),
        "later_is_swap": contest.is_swap,
        "later_ranks": np.stack([verdict.ranks for verdict in rows]),
        "reliability_models": np.concatenate(names) if names else np.zeros(0, dtype=np.str_),
    }
    for name in ("predicted", "observed", "lower", "upper", "counts"):
        parts = [getattr(found, name) for _, found in bins]
        arrays[f"reliability_{name}"] = np.concatenate([*parts, np.zeros(0)])
    return arrays


def _tops(contest: Contest, lists: Lists) -> dict[str, Any]:
    """Return what is the same for all models at each length of a list."""
    shown = {}
    for top in lists.tops:
        values = Enrichment.of(0, top, contest.n_later, contest.n_candidates).to_dict()
        shown[str(top)] = {"expected_hits": values["expected"], "largest_enrichment": values["largest"]}
    return {"tops": shown}


def _reliability(model: Recommender, verdict: Verdict) -> Reliability | None:
    """Return how reliable the probabilities of a model are among its best candidates, if it has any of either."""
    probability = getattr(model, "probability", None)
    if probability is None or not len(verdict.is_hit):
        return None
    return Reliability.of(np.asarray(probability(verdict.ranked.scores), dtype=np.float64), verdict.is_hit)
