"""Inputs, outputs and exit codes of an evaluation of recommenders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.engine import ProcessSpec

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.science.compounds.evaluation.settings import EvaluationSettings
from aiida_gbml.workflows.compounds import recommendation_validation as validation
from aiida_gbml.workflows.compounds.candidate_ports import define_candidates
from aiida_gbml.workflows.validators import refusing, refusing_value
from aiida_gbml.workflows.worker import expose_worker

_CODES = (
    (300, "ERROR_NO_CANDIDATE", "There is no candidate to find anything among: {reason}"),
    (310, "ERROR_LEAKAGE", "Later compositions leak into the known ones: {reason}"),
    (410, "ERROR_EVALUATION_FAILED", "The recommenders were not judged (process {pk}): {reason}"),
)


def define_inputs(spec: ProcessSpec) -> None:
    """Declare what an evaluation is told."""
    define_candidates(spec, "What the models learn from, or all compositions where there is a `split`.", "split")
    spec.input(
        "later", valid_type=CompositionSetData, required=False, help="Compositions of a second database, to be found."
    )
    spec.input(
        "models",
        valid_type=orm.List,
        default=lambda: orm.List(["ensemble", "popularity"]),
        validator=refusing_value(_check_models),
        help="Recommenders: kinds, or mappings with `kind`, `settings` and `label`.",
    )
    spec.input(
        "settings",
        valid_type=orm.Dict,
        required=False,
        validator=refusing(EvaluationSettings.from_dict),
        help="`tops` (lengths of the lists), `longest` (of the curve), `on_leak` (remove, refuse) and `seed`: numbers.",
    )
    expose_worker(spec, "Job that fits and judges: a Python with aiida_gbml.science.")
    spec.inputs.validator = validate_evaluation


def define_outputs(spec: ProcessSpec) -> None:
    """Declare what an evaluation gives."""
    spec.output("report", valid_type=orm.Dict, help="Hits and enrichment (numbers) with their intervals, by model.")
    spec.output("curves", valid_type=orm.ArrayData, help="Hits against the length of the list, by anion (numbers).")


def define_exit_codes(spec: ProcessSpec) -> None:
    """Declare how an evaluation can end."""
    for status, label, message in _CODES:
        spec.exit_code(status, label, message=message)


def validate_evaluation(value: Mapping[str, Any], port: Any) -> str | None:
    """Refuse a space without candidates, and a task without anything to find."""
    if "known" not in value or "space" not in value:
        return None
    judged = {name: value[name] for name in ("split", "later") if name in value}
    if not judged:
        return "an evaluation needs a `split` of the known compositions, or `later` ones that are to be found"
    return validation.validate_recommendation({**value, "validation": judged}, port)


def _check_models(models: orm.List) -> None:
    if not len(models):
        raise ValueError("`models` names no recommender, such as ensemble")
    for model in models.get_list():
        given = {"kind": model} if isinstance(model, str) else model
        if not isinstance(given, Mapping):
            raise ValueError(f"a recommender is a kind or a mapping with 'kind', got {model!r}")
        validation.check_model({name: value for name, value in given.items() if name != "label"})
