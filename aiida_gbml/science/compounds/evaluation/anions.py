"""What a ranking has found of each anion: oxides among oxides, not oxides among all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.evaluation.enrichment import Enrichment
from aiida_gbml.science.compounds.evaluation.splits import EvaluationError


@dataclass(frozen=True)
class AnionResult:
    """The part of a list whose compositions have one anion.

    :param anion: symbol.
    :param n_candidates: all candidates with it that are not known.
    :param n_later: those of them that came later.
    :param n_listed: those that are in the list.
    :param enrichment: of the list's part over chance among candidates with the anion; ``None`` where nothing is listed
        or nothing came later.
    """

    anion: str
    n_candidates: int
    n_later: int
    n_listed: int
    enrichment: Enrichment | None


def results_by_anion(curves: Mapping[str, Array], model: str, top: int) -> list[AnionResult]:
    """Return what a model has found of each anion in a list, from the arrays of an evaluation.

    :param curves: as the task ``evaluate_recommender`` gives them.
    :param model: label.
    :param top: length of the list.
    :raises EvaluationError: for a model or a length that was not evaluated.
    """
    models, tops = curves["models"].tolist(), curves["tops"].tolist()
    if model not in models or top not in tops:
        raise EvaluationError(
            f"the list of {top} of '{model}' was not evaluated; there are {', '.join(models)} and lists of "
            f"{', '.join(map(str, tops))}"
        )
    place = (models.index(model), tops.index(top))
    columns = (
        curves["anions"],
        curves["n_candidates_by_anion"],
        curves["n_later_by_anion"],
        curves["listed_by_anion"][place],
        curves["hits_by_anion"][place],
    )
    return [_result(*row) for row in zip(*(np.asarray(column).tolist() for column in columns), strict=True)]


def _result(anion: str, n_candidates: int, n_later: int, n_listed: int, hits: int) -> AnionResult:
    can_be_judged = n_listed > 0 and n_later > 0
    enrichment = Enrichment.of(hits, n_listed, n_later, n_candidates) if can_be_judged else None
    return AnionResult(anion, n_candidates, n_later, n_listed, enrichment)
