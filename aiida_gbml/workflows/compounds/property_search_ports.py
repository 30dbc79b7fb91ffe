"""Inputs, outputs and exit codes of the search over a database of structures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.engine import ProcessSpec

from aiida_gbml.data.property_observations import PropertyObservationsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.objective import Objective
from aiida_gbml.science.compounds.property_column import FORMATION_ENERGY
from aiida_gbml.science.compounds.property_search import PropertySearchSettings
from aiida_gbml.workflows.compounds.property_model_ports import check_descriptors
from aiida_gbml.workflows.evaluation.engine import define_engine, engine_complaint
from aiida_gbml.workflows.limits import define_limits
from aiida_gbml.workflows.validators import refusing
from aiida_gbml.workflows.worker import expose_worker

_EXPLAIN = "attached, and `aiida-gbml explain` lists the reasons with their remedies."

_CODES = (
    (201, "ERROR_INVALID_CANDIDATES", "The database cannot be searched: {reason}"),
    (202, "ERROR_NO_PROPERTY", "The property cannot be read from what the engine gave: {reason}"),
    (410, "ERROR_REFERENCES_FAILED", "The engine {engine} gave no energy of a reference structure: {reason}"),
    (411, "ERROR_DESCRIPTION_FAILED", "The descriptors could not be computed (process {pk}): {reason}"),
    (412, "ERROR_PROPOSAL_FAILED", "The next compounds could not be proposed: {reason}"),
    (
        420,
        "ERROR_TOO_MANY_FAILED",
        "{n_failed} of {n_evaluated} evaluations failed, more than `max_failed_fraction` allows; what was found is "
        + _EXPLAIN,
    ),
    (421, "ERROR_NOTHING_FOUND", "None of the {n_evaluated} evaluations succeeded: the observations are " + _EXPLAIN),
    (
        501,
        "WARNING_NOT_RELAXED",
        "The best structure ran out of steps, its property is not that of a minimum: allow the engine more steps.",
    ),
)


def define_inputs(spec: ProcessSpec) -> None:
    """Declare what a search is told."""
    spec.input(
        "candidates",
        valid_type=StructureSetData,
        help="The database, cells in Å; rows with the status 'ok' are known already and are not computed again, so "
        "their energies (eV) must be those of this engine with these settings.",
    )
    spec.input(
        "objective",
        valid_type=orm.Dict,
        validator=refusing(Objective.from_dict),
        help="What is wanted: `property` (a column of an evaluation, or energy_per_atom, formation_energy_per_atom, "
        "volume_per_atom, density, ...), `goal` (minimise, maximise, target), `target`, `scale` (linear, log10), "
        "`unit`; see `Objective`.",
    )
    spec.input(
        "references",
        valid_type=StructureSetData,
        required=False,
        help="Crystals of the elements, cells in Å, which the engine evaluates first for `formation_energy_per_atom`.",
    )
    spec.input(
        "descriptors",
        valid_type=orm.Dict,
        default=lambda: orm.Dict({"preset": "structure"}),
        validator=refusing(check_descriptors),
        help="How compounds are compared: `preset` (composition, structure, moments), or fields of `DescriptorSpec`.",
    )
    spec.input(
        "strategy",
        valid_type=orm.Dict,
        default=lambda: orm.Dict({}),
        validator=refusing(PropertySearchSettings.from_dict),
        help="How to search: fields of `PropertySearchSettings`, such as `method` and `acquisition`; `tolerance` is in "
        "the unit of the property, or in decades.",
    )
    define_engine(spec, "engine", "Engine that evaluates the candidates")
    expose_worker(
        spec,
        "Job that computes the descriptors; without it the work chain itself does, which is right for a few hundred "
        "structures. Proposals are always its own: over 20,000 candidates they take a quarter of a second.",
        required=False,
    )
    define_limits(spec, budget=", those known before not counted; without it every candidate.", batch_size=4)
    spec.inputs.validator = validate_search


def define_outputs(spec: ProcessSpec) -> None:
    """Declare what a search gives."""
    spec.output("best_structure", valid_type=orm.StructureData, help="Structure of the best compound found, in Å.")
    spec.output(
        "summary", valid_type=orm.Dict, help="Flat summary: the best value in the unit of the property, and counts."
    )
    spec.output(
        "database",
        valid_type=StructureSetData,
        help="The candidates with their values so far: the property, energy (eV), status and reason; another search "
        "over it goes on from here.",
    )
    spec.output(
        "evaluated",
        valid_type=StructureSetData,
        required=False,
        help="Every evaluated structure, relaxed if wanted, with energy (eV), the property and its candidate's row.",
    )
    spec.output(
        "observations", valid_type=PropertyObservationsData, help="Values of the property in its unit, by candidate."
    )
    spec.output(
        "predictions",
        valid_type=orm.ArrayData,
        required=False,
        help="What the model believes of all n candidates in the unit of the property: `mean`, `lower`, `upper` (n,) "
        "of 90 % intervals, and `is_known`.",
    )
    spec.output("features", valid_type=orm.ArrayData, help="Components of the descriptors, `points` (n, k), no unit.")
    spec.output(
        "reference_energies", valid_type=StructureSetData, required=False, help="The elements by the engine, in eV."
    )


def define_exit_codes(spec: ProcessSpec) -> None:
    """Declare how a search can end."""
    for status, label, message in _CODES:
        spec.exit_code(status, label, message=message)


def validate_search(value: Mapping[str, Any], _: Any) -> str | None:
    """Refuse an empty database, references that are missing, and what the engine cannot evaluate."""
    if "candidates" not in value or "objective" not in value:
        return None
    if len(value["candidates"]) == 0:
        return "the database holds no structure, so there is nothing to search"
    wanted = value["objective"].get_dict().get("property")
    if wanted == FORMATION_ENERGY:
        if "references" not in value:
            return f"'{wanted}' needs crystals of the elements: give them as `references`"
        missing = set(value["candidates"].base.attributes.get("elements"))
        missing -= set(value["references"].base.attributes.get("elements"))
        if missing:
            return f"`references` has no crystal of {', '.join(sorted(missing))}"
    engine = value.get("engine") or {}
    for name in ("candidates", "references"):
        if name in value and engine:
            complaint = engine_complaint(engine, engine, value[name])
            if complaint:
                return f"the engine cannot evaluate the {name}: {complaint}"
    return None
