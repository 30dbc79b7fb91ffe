"""Entrants: which recommenders are compared, with which settings and under which names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from aiida_gbml.science.compounds.evaluation.splits import EvaluationError
from aiida_gbml.science.compounds.recommenders.base import Recommender

MOST_ENTRANTS = 50

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.,()|+-]{0,60}")


def make_entrants(
    wanted: Sequence[str | Mapping[str, Any]], seed: int, registry: Mapping[str, type[Recommender]]
) -> dict[str, Recommender]:
    """Return recommenders that are not fitted, by their labels.

    :param wanted: kinds, or mappings with ``kind`` and, if wanted, ``settings`` and ``label`` (the kind by default).
    :param seed: for every model that draws and whose settings say nothing else.
    :param registry: all recommenders by kind.
    :raises EvaluationError: for unknown kinds or settings, or two of one label.
    """
    if isinstance(wanted, str) or not isinstance(wanted, Sequence) or not 0 < len(wanted) <= MOST_ENTRANTS:
        raise EvaluationError(f"name from 1 to {MOST_ENTRANTS} models, got {wanted!r}")
    entrants: dict[str, Recommender] = {}
    for one in wanted:
        label, model = _entrant({"kind": one} if isinstance(one, str) else one, seed, registry)
        if label in entrants:
            raise EvaluationError(f"two models have the label '{label}': give one of them another 'label'")
        entrants[label] = model
    return entrants


def _entrant(given: Mapping[str, Any], seed: int, registry: Mapping[str, type[Recommender]]) -> tuple[str, Recommender]:
    """Return the label and the recommender of one description."""
    if not isinstance(given, Mapping) or not {"kind"} <= set(given) <= {"kind", "settings", "label"}:
        raise EvaluationError(f"a model is a kind, or has 'kind', 'settings' and 'label', got {given!r}")
    kind = given["kind"]
    if not isinstance(kind, str) or kind not in registry:
        raise EvaluationError(f"there is no recommender {kind!r}, known are {', '.join(sorted(registry))}")
    label = given.get("label", kind)
    if not isinstance(label, str) or not _LABEL.fullmatch(label):
        raise EvaluationError(f"the label {label!r} of a model must be a short text of letters and digits")
    settings = given.get("settings", {})
    try:
        model = registry[kind](**settings)
        if "seed" in model.get_params() and "seed" not in settings:
            model = registry[kind](**{**settings, "seed": seed})
        model.check_settings()
    except (TypeError, ValueError) as exception:
        raise EvaluationError(
            f"the settings {settings!r} do not fit the recommender '{kind}': {exception}"
        ) from exception
    return label, model
