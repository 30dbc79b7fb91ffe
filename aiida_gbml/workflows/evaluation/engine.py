"""An engine as the input of another work chain: which evaluation, with which inputs, and what it would refuse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiida import orm
from aiida.common.exceptions import EntryPointError
from aiida.engine import ProcessBuilder, ProcessSpec
from aiida.plugins import WorkflowFactory

from aiida_gbml.data.structure_set import StructureSetData
from aiida_gbml.workflows.evaluation.base import EvaluationWorkChain, validate_constraints, validate_mode
from aiida_gbml.workflows.fan_out import Launch
from aiida_gbml.workflows.protocol import refuse_unknown, setting_node

Validator = Callable[[Mapping[str, Any] | None, Any], str | None]

_SETTINGS: dict[str, tuple[Any, Any]] = {
    "mode": (orm.Str, validate_mode),
    "constraints": (orm.Dict, validate_constraints),
}
"""What a protocol says of an engine: the class of each node, and its validator."""


def validate_engine(value: Mapping[str, Any] | None, port: Any) -> str | None:
    """Refuse an engine whose entry point is no evaluation work chain."""
    if not value or "workflow" not in value:
        return None
    name = value["workflow"].value
    try:
        process = WorkflowFactory(name)
    except EntryPointError as exception:
        return f"'{port.name}.workflow' is no entry point of a work chain, got '{name}': {exception}"
    if not (isinstance(process, type) and issubclass(process, EvaluationWorkChain)):
        return f"'{port.name}.workflow' must have the interface of an evaluation, which '{name}' has not"
    return None


def define_engine(
    spec: ProcessSpec,
    name: str,
    purpose: str,
    *,
    required: bool = True,
    cell: str = "fixed",
    validator: Validator = validate_engine,
) -> None:
    """Declare one engine: a work chain with the interface of `EvaluationWorkChain`, and what it needs.

    :param name: of the namespace.
    :param purpose: what it is for, in words.
    :param cell: what may move of the cell by default.
    :param validator: says what is wrong with the namespace.
    """
    spec.input_namespace(name, required=required, populate_defaults=required, validator=validator, help=f"{purpose}.")
    spec.input(
        f"{name}.workflow", valid_type=orm.Str, help="Entry point of its work chain, such as `gbml.evaluation.lammps`."
    )
    spec.input_namespace(f"{name}.inputs", dynamic=True, help="Its own inputs: code, potential or pseudopotentials.")
    spec.input(f"{name}.mode", valid_type=orm.Str, default=lambda: orm.Str("relax"), help="`relax` or `static`.")
    spec.input(
        f"{name}.constraints",
        valid_type=orm.Dict,
        default=lambda: orm.Dict({"atoms": "free", "cell": cell}),
        help="What may move: `atoms` (free, normal) and `cell` (fixed, normal, isotropic, free).",
    )
    spec.input(f"{name}.level_of_theory", valid_type=orm.Str, help="What is computed, in words, for the summary.")


def check_engine_settings(settings: Mapping[str, Any], name: str = "engine", further: Sequence[str] = ()) -> None:
    """Raise unless the settings of an engine in a protocol are a `mode` and `constraints` that there are.

    :param settings: of a protocol.
    :param name: of the namespace of the engine.
    :param further: what else may be set there.
    :raises ValueError: naming what is wrong.
    """
    given = settings[name]
    if not isinstance(given, Mapping):
        raise ValueError(f"'{name}' must be a mapping, got {given!r}")
    refuse_unknown([f"{name}.{one}" for one in given], [f"{name}.{one}" for one in (*_SETTINGS, *further)])
    for one, (kind, validate) in _SETTINGS.items():
        complaint = validate(setting_node(f"{name}.{one}", kind, given[one]), None)
        if complaint is not None:
            raise ValueError(complaint)


def engine_inputs(engine: ProcessBuilder, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of an engine namespace from the builder of its evaluation.

    :param engine: builder as `get_builder_from_protocol` of an evaluation returns it.
    :param settings: `mode` and `constraints`.
    """
    process = engine.process_class
    inputs = engine._inputs(prune=True)
    for name in ("structures", "mode", "constraints"):
        inputs.pop(name, None)
    return {
        "workflow": orm.Str(process.build_process_type().partition(":")[2]),
        "inputs": inputs,
        "mode": orm.Str(settings["mode"]),
        "constraints": orm.Dict(settings["constraints"]),
        "level_of_theory": orm.Str(process.level_of_theory(inputs)),
    }


def evaluation(engine: Mapping[str, Any], structures: StructureSetData, **changes: orm.Data) -> Launch:
    """Return the work chain of an engine and its inputs for some structures.

    :param engine: the inputs of an engine namespace.
    :param changes: inputs that differ from those of the namespace.
    """
    process: Any = WorkflowFactory(engine["workflow"].value)
    shared = {name: engine[name] for name in ("mode", "constraints")}
    return process, {**engine["inputs"], "structures": structures, **shared, **changes}


def engine_complaint(
    engine: Mapping[str, Any], settings: Mapping[str, Any], structures: StructureSetData
) -> str | None:
    """Return what the engine's own work chain has to say against structures with a mode and constraints.

    :param engine: the inputs of an engine namespace.
    :param settings: `mode` and `constraints`.
    """
    if "workflow" not in engine:
        return None
    process: Any = WorkflowFactory(engine["workflow"].value)
    ports = process.spec().inputs
    shared = {name: settings[name] for name in ("mode", "constraints") if name in settings}
    error = ports.validate(ports.pre_process({**_copied(engine["inputs"]), **shared, "structures": structures}))
    return None if error is None else error.message


def _copied(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested inputs in dictionaries of their own: the preparation for a validation changes them."""
    return {name: _copied(value) if isinstance(value, Mapping) else value for name, value in inputs.items()}
