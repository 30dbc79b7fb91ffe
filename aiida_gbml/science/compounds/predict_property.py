"""The task that predicts a property of compounds with intervals, by a model that ``fit_property`` made.

Inputs (bytes):

- ``model``: a :class:`~aiida_gbml.science.learning.model_file.ModelFile` of a kind ``property.<kind>``;
- ``structures``: a :class:`~aiida_gbml.science.structure_set.StructureSet` archive of n compounds, **or**
  ``compositions``: a :class:`~aiida_gbml.science.compounds.composition_set.CompositionSet` archive of n compounds.
  A model of compositions takes either; a model of structures takes structures only.

Parameters (JSON; all optional):

- ``coverage``: nominal coverage of the intervals; by default the one of the fit.

Outputs (bytes):

- ``predictions``: an array archive with ``prediction``, ``lower``, ``upper`` (n,) in the unit of the property,
  ``deviation`` (n,) the model's own standard deviation on the modelled scale (decades for ``log10``), and
  ``is_familiar`` (n,) True where the training set has every element of the compound;
- ``report``: JSON with ``property``, ``unit``, ``scale``, ``model`` (kind), ``n``, ``nominal_coverage``,
  ``mean_width``, ``n_unfamiliar``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from aiida_gbml.science.archive import write_arrays
from aiida_gbml.science.compounds.fit_property import read_compounds, read_coverage
from aiida_gbml.science.compounds.property_models.property_model import PropertyModel
from aiida_gbml.science.learning.model_file import ModelFile
from aiida_gbml.science.strict_json import write_json
from aiida_gbml.science.task import main


def run(inputs: Mapping[str, bytes], parameters: dict[str, Any]) -> dict[str, bytes]:
    """Return the bytes of the outputs; see the module for all names.

    :raises ValueError: when an input or a parameter is not what the module says.
    """
    strange = sorted(set(parameters) - {"coverage"})
    if strange:
        raise ValueError(f"'{strange[0]}' is no parameter of the prediction, which takes 'coverage' alone")
    if "model" not in inputs:
        raise ValueError("the input 'model' is missing: a model that fit_property made")
    model = PropertyModel.from_file(ModelFile.from_bytes(inputs["model"]))
    compounds = read_compounds(inputs)
    coverage = read_coverage(parameters, model.coverage)
    said, familiar = model.predict(compounds, coverage), model.is_familiar(compounds)
    report = {
        "property": model.name,
        "unit": model.unit,
        "scale": model.scale,
        "model": model.kind,
        "n": len(compounds),
        "n_unfamiliar": int(np.count_nonzero(~familiar)),
        "nominal_coverage": coverage,
        "mean_width": float(np.mean(model.modelled(said.upper) - model.modelled(said.lower))),
    }
    columns = {
        "prediction": said.mean,
        "lower": said.lower,
        "upper": said.upper,
        "deviation": said.deviation,
        "is_familiar": familiar,
    }
    return {"predictions": write_arrays(columns), "report": write_json(report)}


if __name__ == "__main__":
    sys.exit(main(run))
