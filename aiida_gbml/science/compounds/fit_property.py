"""The task that fits a model of a property, and judges it by predictions of compounds that it has not seen.

Inputs (bytes):

- ``structures``: a :class:`~aiida_gbml.science.structure_set.StructureSet` archive of n compounds, **or**
  ``compositions``: a :class:`~aiida_gbml.science.compounds.composition_set.CompositionSet` archive of n compounds;
- ``targets``: an array archive with ``target`` (n,) float, the property of each compound in the unit ``unit``; NaN
  where it is not known, such rows are left out and counted. Optional: ``order`` (n,) int, by which ``chronological``
  sorts, and ``group`` (n,) text, by which ``grouped`` groups instead of the chemical system.

Parameters (JSON; all optional):

- ``property``: name of the property, ``property`` by default; ``unit``: its unit, empty by default;
- ``scale``: ``linear`` (default) or ``log10``: what is modelled is the logarithm, and errors are in decades. Targets of
  the input, and predictions of the output, are never logarithms;
- ``descriptors``: name of a preset (``composition``, ``structure``, ``moments``) or the dictionary of a
  :class:`~.descriptors.spec.DescriptorSpec`; by default ``structure`` when there are structures, else ``composition``;
- ``model``: ``{"kind": ..., "settings": {...}}`` with a kind of ``kernel_ridge``, ``gaussian_process``,
  ``gradient_boosting``, ``ensemble`` (default); settings are constructor arguments of the estimator;
- ``validation``: ``{"kind": "grouped" | "random" | "chronological", "folds": 5, "seed": 0}``;
- ``coverage``: nominal coverage of the intervals, 0.9 by default;
- ``training_uuids``: list of the nodes of the training data, which the model file keeps.

Outputs (bytes):

- ``model``: a :class:`~aiida_gbml.science.learning.model_file.ModelFile` of the kind ``property.<kind>``, fitted to all
  rows with a target;
- ``predictions``: an array archive, one entry for each validated row: ``row`` (m,) place in the input, ``fold`` (m,),
  ``target``, ``prediction``, ``lower``, ``upper`` (m,) in the unit of the property, ``deviation`` (m,) the model's own
  standard deviation on the modelled scale (decades for ``log10``);
- ``report``: JSON with ``property``, ``unit``, ``scale``, ``error_unit``, ``model`` (kind), ``validation``, ``n``,
  ``n_left_out``, ``n_groups``, ``n_descriptors``, ``rmse``, ``mae``, ``r2``, ``median_ae`` (on the modelled scale),
  ``rmse_of_mean`` (of the constant prediction), ``coverage`` and ``nominal_coverage``, ``mean_width`` of the intervals,
  ``rmse_by_fold`` (list), ``blocks`` (name, number of columns and length scale of each block of descriptors, where the
  model has one), ``seconds``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array, write_arrays
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.description import specification
from aiida_gbml.science.compounds.descriptors.compounds import Compounds
from aiida_gbml.science.compounds.objective import LINEAR
from aiida_gbml.science.compounds.property_models.property_model import PropertyModel
from aiida_gbml.science.compounds.property_models.validation import Validation, figures, validate
from aiida_gbml.science.compounds.property_targets import PropertyTargets
from aiida_gbml.science.learning.splits import GROUPED, Folds, describe_split, split_rows
from aiida_gbml.science.strict_json import write_json
from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.science.task import main

_PARAMETERS = {"property", "unit", "scale", "descriptors", "model", "validation", "coverage", "training_uuids"}


class FitError(ValueError):
    """The task cannot accept its inputs."""


def run(inputs: Mapping[str, bytes], parameters: dict[str, Any]) -> dict[str, bytes]:
    """Return the bytes of the outputs; see the module for all names.

    :raises ValueError: when an input or a parameter is not what the module says.
    """
    begun = time.process_time()
    strange = sorted(set(parameters) - _PARAMETERS)
    if strange:
        raise FitError(f"'{strange[0]}' is no parameter of the fit, choose from {', '.join(sorted(_PARAMETERS))}")
    compounds, uuids = read_compounds(inputs), _uuids(parameters)
    given = _read_targets(inputs, len(compounds))
    model = _model(parameters, compounds)
    known = np.flatnonzero(given.is_known)
    targets = given.target[known]
    groups = (compounds.systems if given.group is None else given.group)[known]
    order = None if given.order is None else given.order[known]
    values = model.spec.describe(compounds).values[known]
    folds = _folds(_object(parameters, "validation"), groups, order)
    validation = validate(model, values, targets, groups, folds)
    used = np.flatnonzero(compounds.fractions[known].any(axis=0))
    model.fit_values(values, targets, groups, used)
    report = {
        **_about(model),
        **figures(model, validation, float(model.modelled(targets).mean())),
        "validation": describe_split(folds),
        "n": len(known),
        "n_left_out": len(compounds) - len(known),
        "n_groups": len(np.unique(groups)),
        "n_descriptors": values.shape[1],
        "nominal_coverage": model.coverage,
        "seconds": time.process_time() - begun,
    }
    return {
        "model": model.to_file(uuids).to_bytes(),
        "predictions": _predictions(validation, known),
        "report": write_json(report),
    }


def read_compounds(inputs: Mapping[str, bytes]) -> Compounds:
    """Return the compounds that the inputs of a task hold.

    :raises FitError: unless there are either structures or compositions.
    """
    given = [name for name in ("structures", "compositions") if name in inputs]
    if len(given) != 1:
        raise FitError(f"give either structures or compositions, got {' and '.join(given) or 'neither'}")
    if given == ["structures"]:
        return Compounds.of_structures(StructureSet.from_bytes(inputs["structures"]))
    compositions = CompositionSet.from_bytes(inputs["compositions"])
    return Compounds.of_compositions(compositions.numbers, compositions.coefficients)


def read_coverage(parameters: Mapping[str, Any], default: float) -> float:
    """Return the nominal coverage that the parameters of a task ask for.

    :raises FitError: when it is no number between 0 and 1.
    """
    value = parameters.get("coverage", default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
        raise FitError(f"the coverage of intervals must be a number between 0 and 1, got {value!r}")
    return float(value)


def _object(parameters: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a copy of a parameter that holds values by name."""
    value = parameters.get(name, {})
    if not isinstance(value, Mapping):
        raise FitError(f"the parameter '{name}' holds values by name, got {value!r}")
    return dict(value)


def _read_targets(inputs: Mapping[str, bytes], count: int) -> PropertyTargets:
    """Return the values to learn, one for each compound."""
    if "targets" not in inputs:
        raise FitError("the input 'targets' is missing: the values to learn, one for each compound")
    targets = PropertyTargets.from_bytes(inputs["targets"])
    if len(targets) != count:
        raise FitError(f"there are {len(targets)} values of the property for {count} compounds")
    return targets


def _model(parameters: Mapping[str, Any], compounds: Compounds) -> PropertyModel:
    spec = specification(parameters.get("descriptors"), compounds.structures is not None)
    chosen = _object(parameters, "model")
    kind, settings = chosen.pop("kind", "ensemble"), chosen.pop("settings", {})
    if chosen:
        raise FitError(f"a model has a 'kind' and 'settings', not '{sorted(chosen)[0]}'")
    return PropertyModel(
        spec,
        kind,
        settings,
        parameters.get("scale", LINEAR),
        str(parameters.get("property", "property")),
        str(parameters.get("unit", "")),
        read_coverage(parameters, 0.9),
    )


def _uuids(parameters: Mapping[str, Any]) -> list[str]:
    uuids = parameters.get("training_uuids", [])
    if not isinstance(uuids, list) or not all(isinstance(uuid, str) for uuid in uuids):
        raise FitError(f"the parameter 'training_uuids' is a list of texts, got {uuids!r}")
    return uuids


def _folds(wanted: Mapping[str, Any], groups: Array, order: Array | None) -> Folds:
    strange = sorted(set(wanted) - {"kind", "folds", "seed"})
    if strange:
        raise FitError(f"a validation has a 'kind', 'folds' and a 'seed', not '{strange[0]}'")
    folds, seed = wanted.get("folds", 5), wanted.get("seed", 0)
    for name, value, least in (("folds", folds, 2), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise FitError(f"'{name}' of a validation must be a whole number from {least} on, got {value!r}")
    return split_rows(wanted.get("kind", GROUPED), folds, seed, groups=groups, order=order)


def _about(model: PropertyModel) -> dict[str, Any]:
    blocks = [
        {"name": block.name, "columns": size, **({"length": model.lengths[block.name]} if model.lengths else {})}
        for block, size in zip(model.spec.blocks, model.spec.sizes, strict=True)
    ]
    return {
        "property": model.name,
        "unit": model.unit,
        "scale": model.scale,
        "error_unit": model.error_unit,
        "model": model.kind,
        "blocks": blocks,
    }


def _predictions(validation: Validation, known: Array) -> bytes:
    said = validation.prediction
    return write_arrays(
        {
            "row": known[validation.rows],
            "fold": validation.fold,
            "target": validation.targets,
            "prediction": said.mean,
            "lower": said.lower,
            "upper": said.upper,
            "deviation": said.deviation,
        }
    )


if __name__ == "__main__":
    sys.exit(main(run))
