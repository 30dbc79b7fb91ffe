"""The task that judges recommenders by compositions that they have not seen.

Inputs (bytes):

- ``known``: a :class:`~.composition_set.CompositionSet` archive of what the models may learn, or of all compositions
  where there is a ``split``;
- ``later`` (not with ``split``): a :class:`~.composition_set.CompositionSet` archive of what they are to find: later
  compositions of the same source, or those of a second one.

Parameters (JSON; all but ``space`` optional):

- ``space``: :meth:`~.candidates.CandidateSpace.to_dict` of the candidates; at least ``{"arity": 3}``;
- ``models``: list of kinds of the registry of recommenders, or of ``{"kind": ..., "settings": {...}, "label": ...}``;
  ``["ensemble", "popularity"]`` by default;
- ``split``: ``{"kind": "chronological", "cutoff": ...}`` or ``{"kind": "holdout", "fraction": 0.2, "seed": 0}``, see
  :class:`~.evaluation.splits.Split`;
- ``on_leak``: ``remove`` (default): later compositions that are known are taken out and counted; ``refuse``: they end
  the task;
- ``tops``: lengths of the lists that are judged, ``[100, 1000, 3000]`` by default;
- ``longest``: end of the enrichment curve, 10,000 by default;
- ``seed``: of models that draw, 0 by default.

Outputs (bytes):

- ``report``: JSON with ``arity``, ``split`` (``{"kind": "database"}`` for two inputs), ``space``, ``n_candidates`` (not
  known), ``n_swap_candidates`` (a known one with one element replaced), ``rate`` (part of all that came later),
  ``interval_level``; ``known`` and ``later`` (``n``, ``n_candidates``,
  ``outside``: number that are no candidates by reason, ``sha256``, ``source``, ``licence``; of ``later`` also
  ``n_leaked``, ``n_ratio_never_seen`` and ``n_element_never_seen`` among known ones of the arity, ``n_swaps``: a known
  one with one element replaced); ``tops`` (``expected_hits`` by chance, ``largest_enrichment``); ``models`` by label:
  ``kind``, ``fit_cpu_s``, ``n_ranked``, ``is_exact`` (all candidates were compared, not a shortlist),
  ``calibration_error`` where there are probabilities, and ``tops``: ``hits``, ``enrichment`` with ``lower`` and
  ``upper``, ``p_value`` (chance), ``n_swaps`` among the hits, ``n_elements`` in the list; ``passed_over``: models that
  lack a package, with the reason.
- ``curves``: an array archive: ``models`` (m,), ``tops`` (t,), ``anions`` (a,), ``n_candidates_by_anion`` (a,),
  ``n_later_by_anion`` (a,), ``listed_by_anion`` and ``hits_by_anion`` (m, t, a), ``curve_points`` (c,) lengths of
  lists, ``curve_hits`` (m, c), ``later_formulas`` (T,), ``later_is_swap`` (T,), ``later_ranks`` (m, T) from 1, 0 beyond
  the end, and for models with probabilities, bin by bin, ``reliability_models``, ``reliability_predicted``,
  ``reliability_observed``, ``reliability_lower``, ``reliability_upper``, ``reliability_counts`` (b,).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from aiida_gbml.science.archive import write_arrays
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.evaluation.contest import Contest
from aiida_gbml.science.compounds.evaluation.entrants import make_entrants
from aiida_gbml.science.compounds.evaluation.report import evaluate
from aiida_gbml.science.compounds.evaluation.settings import NAMES, EvaluationSettings
from aiida_gbml.science.compounds.evaluation.splits import EvaluationError, Split
from aiida_gbml.science.compounds.recommenders.registry import RECOMMENDERS
from aiida_gbml.science.strict_json import write_json
from aiida_gbml.science.task import main

MODELS = ("ensemble", "popularity")

_PARAMETERS = {"space", "models", "split", *NAMES}


def run(inputs: Mapping[str, bytes], parameters: dict[str, Any]) -> Mapping[str, bytes]:
    """Return the bytes of the outputs; see the module for all names.

    :raises ValueError: when an input or a parameter is not what the module says.
    """
    unknown = sorted(set(parameters) - _PARAMETERS)
    if unknown or "space" not in parameters:
        wrong = f"the unknown parameter '{unknown[0]}'" if unknown else "no parameter 'space'"
        raise EvaluationError(f"the evaluation has {wrong}; it takes {', '.join(sorted(_PARAMETERS))}")
    space = CandidateSpace.from_dict(parameters["space"])
    settings = EvaluationSettings.from_dict({name: parameters[name] for name in NAMES if name in parameters})
    models = make_entrants(parameters.get("models", MODELS), settings.seed, RECOMMENDERS)
    known, later, split = _sets(inputs, parameters.get("split"))
    contest = Contest(known, later, space, settings.on_leak)
    report, arrays = evaluate(models, contest, settings.lists)
    report |= {"split": split, "space": space.to_dict()}
    return {"report": write_json(report), "curves": write_arrays(arrays)}


def _sets(inputs: Mapping[str, bytes], split: Any) -> tuple[CompositionSet, CompositionSet, dict[str, Any]]:
    """Return what is known, what comes later, and how they were divided."""
    given = {name: CompositionSet.from_bytes(content) for name, content in inputs.items()}
    if set(given) == {"known", "later"} and split is None:
        return given["known"], given["later"], {"kind": "database"}
    if set(given) == {"known"} and split is not None:
        chosen = Split.from_dict(split)
        return *chosen.parts(given["known"]), chosen.to_dict()
    raise EvaluationError(
        f"an evaluation needs 'known' and 'later', or 'known' and a split, got {', '.join(sorted(given)) or 'nothing'} "
        f"and the split {split!r}"
    )


if __name__ == "__main__":
    sys.exit(main(run))
