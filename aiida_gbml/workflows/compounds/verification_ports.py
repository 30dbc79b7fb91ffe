"""Inputs, outputs and exit codes of the verification of a ranking, and what is refused before it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiida import orm
from aiida.engine import ProcessSpec

from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.ranking import RankingData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.verification import VerificationSettings
from aiida_gbml.workflows.evaluation.engine import define_engine, engine_complaint

_PHASES = "bounds, and the hit rate is an upper one; look at the output `phases`."

_CODES = (
    (301, "ERROR_NO_PROTOTYPE", "Nothing of the ranking can be computed: {reason}"),
    (302, "ERROR_NO_COMPETING_PHASE", "There is nothing to compare with: {reason}"),
    (410, "ERROR_CANDIDATES_FAILED", "The engine {engine} computed none of the compositions: {reason}"),
    (411, "ERROR_PHASES_FAILED", "The engine {engine} computed none of the competing phases: {reason}"),
    (
        501,
        "WARNING_PHASES_INCOMPLETE",
        "{n_failed} of {n_competing} competing phases failed or ran out of steps: energies above them are lower "
        + _PHASES,
    ),
    (
        502,
        "WARNING_NOT_JUDGED",
        "No composition could be judged, for the phases that compete make up none of them: give the missing ones.",
    ),
)


def define_inputs(spec: ProcessSpec) -> None:
    """Declare what a verification is told."""
    spec.input("ranking", valid_type=RankingData, help="The ranked candidates, of which the best are computed.")
    spec.input(
        "prototypes",
        valid_type=StructureSetData,
        validator=validate_structures,
        help="Known crystals whose places new elements take; cells in Å.",
    )
    spec.input(
        "competing",
        valid_type=StructureSetData,
        required=False,
        validator=validate_structures,
        help="Known crystals that a new compound may decompose into, with the elements where the engine can compute "
        "them; cells in Å. The prototypes by default.",
    )
    spec.input(
        "known",
        valid_type=CompositionSetData,
        required=False,
        help="Known compositions, which stable new ones join as output `known`.",
    )
    spec.input(
        "settings",
        valid_type=orm.Dict,
        default=lambda: orm.Dict({}),
        validator=validate_settings,
        help="Which compositions, and when one is stable: fields of `VerificationSettings`; `tolerance` in eV/atom.",
    )
    define_engine(spec, "engine", "Engine that relaxes the new compounds and the competing phases", cell="free")
    spec.inputs.validator = validate_verification


def define_outputs(spec: ProcessSpec) -> None:
    """Declare what a verification gives."""
    spec.output(
        "expectation",
        valid_type=orm.Dict,
        help="What was expected before anything was computed: the formulas and the hit rate (dimensionless).",
    )
    spec.output(
        "verified",
        valid_type=StructureSetData,
        required=False,
        help="The computed structures, cells in Å, with their place in the ranking, energies of formation and above "
        "the competing phases in eV/atom, the phases that they decompose into, and the verdict.",
    )
    spec.output(
        "phases", valid_type=StructureSetData, required=False, help="The competing phases by the engine, in Å and eV."
    )
    spec.output(
        "report",
        valid_type=orm.Dict,
        required=False,
        help="Counts, the hit rate with its interval of 95 %, and the expected hit rate (dimensionless).",
    )
    spec.output("stable", valid_type=CompositionSetData, required=False, help="The compositions found stable.")
    spec.output("known", valid_type=CompositionSetData, required=False, help="Input `known` and the stable ones.")


def define_exit_codes(spec: ProcessSpec) -> None:
    """Declare how a verification can end."""
    for status, label, message in _CODES:
        spec.exit_code(status, label, message=message)


def validate_settings(value: orm.Dict | None, _: Any) -> str | None:
    """Refuse settings that make no sense."""
    try:
        VerificationSettings.from_dict({} if value is None else value.get_dict())
    except ValueError as exception:
        return str(exception)
    return None


def validate_structures(value: StructureSetData | None, port: Any) -> str | None:
    """Refuse a set without structures, and structures that are no crystals."""
    if value is None:
        return None
    if len(value) == 0:
        return f"'{port.name}' holds no structure"
    rows = [row for row, pbc in enumerate(value.structures.pbc) if not pbc.all()]
    return f"structure {rows[0]} of '{port.name}' is no crystal: it is not periodic" if rows else None


def validate_verification(value: Mapping[str, Any], _: Any) -> str | None:
    """Refuse an engine that takes no crystals at all, as far as that can be told from its settings."""
    engine = value.get("engine") or {}
    if "prototypes" not in value or "workflow" not in engine:
        return None
    known = value.get("competing", value["prototypes"])
    wanted = (value["settings"].get_dict() if "settings" in value else {}).get("elements")
    rows = [] if wanted is None else _rows_of(known, set(wanted))
    if wanted is not None and not rows:
        return f"none of the competing phases is made of {', '.join(wanted)} only: give them, or other `elements`"
    if wanted is not None:
        known = StructureSetData(known.structures.take(rows))
    complaint = engine_complaint(engine, engine, known)
    return None if complaint is None else f"the engine cannot evaluate the competing phases: {complaint}"


def _rows_of(known: StructureSetData, elements: set[str]) -> list[int]:
    """Return the rows whose elements are among some."""
    return [row for row, atoms in enumerate(known.structures) if elements.issuperset(atoms.symbols)]
