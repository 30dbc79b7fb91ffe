"""How recommenders were judged, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiida import orm

CONTROL = "popularity"
"""The recommender beside which every other is judged."""

HELD_OUT = "held-out"


def evaluation_text(report: Mapping[str, Any]) -> str:
    """Return what was to be found, and hits and enrichment of each model at each length of the list.

    :param report: of the task `evaluate_recommender`.
    """
    from tabulate import tabulate

    later = report["later"]
    swaps = f"{later['n_swaps']} of them are known ones with one element replaced"
    found_out = f"{swaps}; {later['n_leaked']} others were known already and are taken out"
    wanted = f"{later['n_candidates']} {unseen_of(report)} compositions"
    lines = [
        f"  {wanted} are to be found among {report['n_candidates']:,} candidates",
        f"  ({found_out})",
        "  in: hits in the first so many; EF: enrichment over a list drawn by lot, with its interval of 95 %",
    ]
    rows = []
    for label, model in report["models"].items():
        row = {"model": label}
        for top, found in model["tops"].items():
            interval = f"{found['lower']:.0f} to {found['upper']:.0f}"
            row[f"in {top}"] = str(found["hits"])
            row[f"EF {top}"] = f"{found['enrichment']:.0f} ({interval})"
        rows.append(row)
    lines += [tabulate(rows, headers="keys", disable_numparse=True), *_beside_popularity(report["models"])]
    lines += [f"  {label} was passed over: {reason}" for label, reason in report.get("passed_over", {}).items()]
    return "\n".join(lines)


def anion_rows(curves: orm.ArrayData) -> list[dict[str, Any]]:
    """Return what the longest list of each model has found of each anion, judged among candidates with that anion.

    :param curves: arrays of the task `evaluate_recommender`.
    """
    from aiida_gbml.science.compounds.evaluation.anions import results_by_anion

    arrays = {name: curves.get_array(name) for name in curves.get_arraynames()}
    top = int(arrays["tops"].max())
    return [
        {
            "model": label,
            "anion": found.anion,
            "candidates": found.n_candidates,
            "unseen": found.n_later,
            f"in {top}": found.n_listed,
            "hits": found.enrichment.hits,
            "EF": found.enrichment.enrichment,
        }
        for label in arrays["models"].tolist()
        for found in results_by_anion(arrays, label, top)
        if found.enrichment is not None
    ]


def unseen_of(report: Mapping[str, Any]) -> str:
    """Return what the compositions are that a model had to find, in a word: held-out or later."""
    return HELD_OUT if report.get("split", {}).get("kind") == "holdout" else "later"


def _beside_popularity(models: Mapping[str, Any]) -> list[str]:
    """Return a line for each model with how many times the hits of popularity it has, where that has any."""
    control = models.get(CONTROL, {"tops": {}})["tops"]
    tops = {top: found["hits"] for top, found in control.items() if found["hits"]}
    lines = []
    for label, model in models.items() if tops else ():
        times = ", ".join(f"{model['tops'][top]['hits'] / hits:.1f} in {top}" for top, hits in tops.items())
        lines += [] if label == CONTROL else [f"  {label} has so many times the hits of {CONTROL}: {times}"]
    return lines
