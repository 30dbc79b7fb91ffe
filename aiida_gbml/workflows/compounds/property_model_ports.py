"""Inputs, outputs and exit codes of a property model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

from aiida import orm
from aiida.engine import ProcessSpec

from aiida_gbml.data.array_archive import ArchiveData
from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.model import ModelData
from aiida_gbml.data.property_targets import PropertyTargetsData
from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.science.compounds.objective import SCALES
from aiida_gbml.science.learning.splits import SPLITS
from aiida_gbml.workflows.validators import refusing, refusing_value
from aiida_gbml.workflows.worker import expose_worker

KINDS = ("kernel_ridge", "gaussian_process", "gradient_boosting", "ensemble")
"""Kinds of models; the task that fits them knows their settings."""

_N_DEVIATIONS = 3.0

_CODES = (
    (201, "ERROR_NO_TARGETS", "There are no values to learn: {reason}"),
    (410, "ERROR_FIT_FAILED", "The model could not be fitted (process {pk}): {reason}"),
    (411, "ERROR_PREDICTION_FAILED", "The model is fitted, but the other compounds could not be predicted: {reason}"),
    (
        501,
        "WARNING_NOTHING_LEARNED",
        "The error on unseen compounds, {error}, is not below that of their mean, {mean}: take other descriptors.",
    ),
    (
        502,
        "WARNING_COVERAGE",
        "The {nominal} % intervals hold {found} % of the unseen compounds: do not rely on their width.",
    ),
)


def define_inputs(spec: ProcessSpec) -> None:
    """Declare what is learned, and how."""
    spec.input(
        "structures",
        valid_type=StructureSetData,
        required=False,
        help="The n compounds as crystals, cells in Å; either these or `compositions`.",
    )
    spec.input("compositions", valid_type=CompositionSetData, required=False, help="The n compounds without structure.")
    spec.input(
        "targets",
        valid_type=PropertyTargetsData,
        required=False,
        help="The property of each of the n compounds in `unit`, NaN where it is not known; without it the values are "
        "read from the structures by the name of the property.",
    )
    spec.input(
        "references",
        valid_type=StructureSetData,
        required=False,
        help="Evaluated crystals of the elements, energies in eV, for `formation_energy_per_atom` of the structures.",
    )
    spec.input("property", valid_type=orm.Str, help="Name of the property, such as formation_energy_per_atom.")
    spec.input("unit", valid_type=orm.Str, default=lambda: orm.Str(""), help="Its unit, such as eV/atom.")
    spec.input(
        "scale",
        valid_type=orm.Str,
        default=lambda: orm.Str("linear"),
        validator=refusing_value(_check_scale),
        help="`linear`, or `log10` for a positive property that spans orders of magnitude: errors are decades then.",
    )
    spec.input(
        "descriptors",
        valid_type=orm.Dict,
        required=False,
        validator=refusing(check_descriptors),
        help="What the model sees: `preset` (composition, structure, moments), or fields of `DescriptorSpec`; by "
        "default `structure` where there are structures.",
    )
    spec.input(
        "model",
        valid_type=orm.Dict,
        default=lambda: orm.Dict({"kind": "ensemble"}),
        validator=refusing(_check_model),
        help="`kind` (kernel_ridge, gaussian_process, gradient_boosting, ensemble) and its `settings`.",
    )
    spec.input(
        "validation",
        valid_type=orm.Dict,
        default=lambda: orm.Dict({"kind": "grouped"}),
        validator=refusing(_check_validation),
        help="`kind` (grouped by chemical system, random, chronological), number of `folds` and `seed`.",
    )
    spec.input(
        "coverage",
        valid_type=orm.Float,
        default=lambda: orm.Float(0.9),
        validator=refusing_value(_check_coverage),
        help="Nominal coverage of the intervals (a fraction between 0 and 1).",
    )
    spec.input_namespace("predict", required=False, help="Other compounds whose property is predicted.")
    spec.input("predict.structures", valid_type=StructureSetData, required=False, help="As crystals, cells in Å; or:")
    spec.input("predict.compositions", valid_type=CompositionSetData, required=False, help="Without structure.")
    expose_worker(spec, "Python that fits and predicts: its code and the options of its jobs.")
    spec.inputs.validator = validate_model


def define_outputs(spec: ProcessSpec) -> None:
    """Declare what a model gives."""
    spec.output("model", valid_type=ModelData, help="The model, fitted to all compounds with a value; its own units.")
    spec.output(
        "predictions",
        valid_type=orm.ArrayData,
        help="Of compounds that the model had not seen: `row`, `fold`, `target`, `prediction`, `lower`, `upper` (m,) "
        "in the unit of the property, and `deviation` on the modelled scale.",
    )
    spec.output(
        "report",
        valid_type=orm.Dict,
        help="`rmse`, `mae`, `r2`, `coverage`, `mean_width` in `error_unit`, beside those of the mean value.",
    )
    spec.output(
        "predicted",
        valid_type=orm.ArrayData,
        required=False,
        help="Of the other compounds: `prediction`, `lower`, `upper` (n,) in the unit of the property, `is_familiar`.",
    )
    spec.output("predicted_report", valid_type=orm.Dict, required=False, help="Counts and units of these predictions.")


def define_exit_codes(spec: ProcessSpec) -> None:
    """Declare how a model can end."""
    for status, label, message in _CODES:
        spec.exit_code(status, label, message=message)


def kind_of(compounds: ArchiveData) -> str:
    """Return the name of the port of a set of compounds.

    :raises ValueError: when it is neither a set of structures nor of compositions.
    """
    if isinstance(compounds, StructureSetData):
        return "structures"
    if isinstance(compounds, CompositionSetData):
        return "compositions"
    raise ValueError(f"node {compounds.pk} is a {type(compounds).__name__}, neither structures nor compositions")


def coverage_room(report: Mapping[str, Any]) -> float:
    """Return by how much a measured coverage may differ from the nominal one: three standard deviations.

    Compounds of one group err alike, so that groups are what is counted.
    """
    nominal = report["nominal_coverage"]
    room: float = _N_DEVIATIONS * sqrt(nominal * (1 - nominal) / max(report["n_groups"], 1))
    return max(room, 0.02)


def validate_model(value: Mapping[str, Any], _: Any) -> str | None:
    """Refuse what cannot be learned."""
    given = [name for name in ("structures", "compositions") if name in value]
    if len(given) != 1:
        return "give the compounds either as `structures` or as `compositions`"
    if "targets" not in value and given == ["compositions"]:
        return "compositions hold no values: give the `targets`"
    if "targets" in value and len(value["targets"]) != len(value[given[0]]):
        return f"there are {len(value['targets'])} values in `targets` for {len(value[given[0]])} {given[0]}"
    if "references" in value and ("structures" not in value or "targets" in value):
        return (
            "`references` give formation energies of structures with energies: leave them out where there are "
            "compositions, or values of the property"
        )
    return _complaint_of_prediction(value)


def _complaint_of_prediction(value: Mapping[str, Any]) -> str | None:
    """Return why the other compounds cannot be predicted, if so."""
    others = [name for name in ("structures", "compositions") if name in (value.get("predict") or {})]
    if len(others) > 1:
        return "give the compounds to `predict` either as structures or as compositions"
    preset = value["descriptors"].get("preset") if "descriptors" in value else None
    if others == ["compositions"] and "structures" in value and preset != "composition":
        return "a model of structures cannot predict compositions: train it on compositions"
    return None


def _check_scale(scale: orm.Str) -> None:
    _choose("scale", scale.value, SCALES)


def check_descriptors(descriptors: Mapping[str, Any]) -> None:
    """Raise unless descriptors are a preset, or fields of a `DescriptorSpec`.

    :raises ValueError: naming what is wrong.
    """
    from aiida_gbml.science.compounds.description import specification

    specification(descriptors, has_structures=True)


def _check_model(model: Mapping[str, Any]) -> None:
    _refuse_unknown("model", model, ("kind", "settings"))
    _choose("kind of the model", model.get("kind", "ensemble"), KINDS)


def _check_validation(validation: Mapping[str, Any]) -> None:
    _refuse_unknown("validation", validation, ("folds", "kind", "seed"))
    _choose("kind of the validation", validation.get("kind", "grouped"), SPLITS)
    for name, least in (("folds", 2), ("seed", 0)):
        value = validation.get(name, least)
        if type(value) is not int or value < least:
            raise ValueError(f"'{name}' of the validation must be a whole number from {least}, got {value!r}")


def _check_coverage(coverage: orm.Float) -> None:
    if not 0 < coverage.value < 1:
        raise ValueError(f"the coverage is {coverage.value}, expected a fraction between 0 and 1")


def _refuse_unknown(what: str, given: Mapping[str, Any], known: Sequence[str]) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ValueError(f"the {what} has no '{unknown[0]}', known are {', '.join(known)}")


def _choose(what: str, value: Any, known: Sequence[str]) -> None:
    if value not in known:
        raise ValueError(f"the {what} is {value!r}, expected one of {', '.join(known)}")
