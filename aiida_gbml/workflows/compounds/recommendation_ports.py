"""Inputs, outputs and exit codes of a recommendation."""

from __future__ import annotations

from aiida import orm
from aiida.engine import ProcessSpec

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.model import ModelData
from aiida_gbml.data.ranking import RankingData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.workflows.compounds import recommendation_validation as validation
from aiida_gbml.workflows.compounds.candidate_ports import define_candidates
from aiida_gbml.workflows.compounds.verification import CompositionVerificationWorkChain
from aiida_gbml.workflows.validators import validate_positive
from aiida_gbml.workflows.worker import expose_worker

_CODES = (
    (300, "ERROR_NO_CANDIDATE", "There is no candidate to rank: {reason}"),
    (320, "ERROR_SHARD_MISMATCH", "The shards do not belong together: {reason}"),
    (410, "ERROR_FIT_FAILED", "The model could not be fitted (process {pk}): {reason}"),
    (411, "ERROR_SCORING_FAILED", "{n_failed} of {n_shards} shards were not scored, crashed ones twice: {reason}"),
    (412, "ERROR_RESCORING_FAILED", "The shortlist could not be ranked by the model (process {pk}): {reason}"),
    (501, "WARNING_NOT_EVALUATED", "The ranking is complete, but the model was not judged: {reason}"),
    (502, "WARNING_NOT_VERIFIED", "The ranking is complete, but its verification is not: {reason}"),
)


def define_inputs(spec: ProcessSpec) -> None:
    """Declare what a recommendation is told."""
    spec.input_namespace(
        "validation", required=False, help="How the model is judged beside; without it the ranking comes unjudged."
    )
    known = "The known compositions: the model learns from them, and none of them is recommended."
    define_candidates(spec, known, "validation.split")
    spec.input(
        "exclude",
        valid_type=CompositionSetData,
        required=False,
        help="Compositions, such as those of a second database, that are not recommended either.",
    )
    spec.input(
        "model",
        valid_type=orm.Dict,
        default=lambda: orm.Dict({"kind": "ensemble"}),
        validator=validation.validate_model,
        help="Which recommender: `kind`, and its `settings` by name.",
    )
    spec.input(
        "shortlist",
        valid_type=orm.Dict,
        required=False,
        validator=validation.validate_shortlist,
        help="For spaces that are too large for the model: a quick recommender (`kind`, `settings`) scores all "
        "candidates, and the model ranks its best `size` ones.",
    )
    _define_limits(spec)
    expose_worker(spec, "Job that fits, scores and judges: a Python with aiida_gbml.science.")
    spec.input(
        "validation.later",
        valid_type=CompositionSetData,
        required=False,
        help="Instead of a division: compositions of a second database, which the model, knowing `known`, has to find.",
    )
    spec.expose_inputs(
        CompositionVerificationWorkChain,
        namespace="verification",
        exclude=("ranking", "known"),
        namespace_options={
            "required": False,
            "populate_defaults": False,
            "help": "The best candidates are computed and held to the phases that compete with them.",
        },
    )
    spec.inputs.validator = validation.validate_recommendation


def _define_limits(spec: ProcessSpec) -> None:
    """Declare how much is kept, and how the work is divided."""
    spec.input(
        "top_k",
        valid_type=orm.Int,
        default=lambda: orm.Int(1000),
        validator=validate_positive,
        help="Candidates to keep (a number).",
    )
    spec.input(
        "n_shards",
        valid_type=orm.Int,
        default=lambda: orm.Int(1),
        validator=validation.validate_n_shards,
        help="Jobs among which the candidates are divided (a number); the result does not depend on it.",
    )
    spec.input(
        "max_concurrent",
        valid_type=orm.Int,
        default=lambda: orm.Int(2),
        validator=validate_positive,
        help="Most jobs at a time (a number).",
    )


def define_outputs(spec: ProcessSpec) -> None:
    """Declare what a recommendation gives."""
    spec.output("ranking", valid_type=RankingData, help="The best candidates with scores and probabilities (no unit).")
    spec.output("model", valid_type=ModelData, help="The fitted recommender; scores have no unit.")
    spec.output(
        "report",
        valid_type=orm.Dict,
        help="What was known, how much of it is within the space, what was scored, and the first formulas.",
    )
    spec.output(
        "evaluation", valid_type=orm.Dict, required=False, help="Hits and enrichment (numbers) with their intervals."
    )
    spec.output(
        "curves", valid_type=orm.ArrayData, required=False, help="Hits against the length of the list (numbers)."
    )
    outputs = ("expectation", "verified", "phases", "report", "stable", "known")
    types = (orm.Dict, StructureSetData, StructureSetData, orm.Dict, CompositionSetData, CompositionSetData)
    shown = CompositionVerificationWorkChain.spec().outputs
    for name, kind in zip(outputs, types, strict=True):
        spec.output(f"verification.{name}", valid_type=kind, required=False, help=shown[name].help)


def define_exit_codes(spec: ProcessSpec) -> None:
    """Declare how a recommendation can end."""
    for status, label, message in _CODES:
        spec.exit_code(status, label, message=message)
