"""The task that makes the points in which a search over compounds measures distances.

Inputs (bytes): ``structures``, an archive of n structures.

Parameters (JSON): ``descriptors``, see :func:`~.description.specification`, and ``strategy``, fields of
:class:`~.property_search.PropertySearchSettings` of which ``n_components`` and ``share`` count; both optional.

Outputs (bytes): ``features``, an array archive of ``points`` (n, k), the principal components, and ``explained`` (k,),
the share of the variance of each.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from aiida_gbml.science.archive import Array, write_arrays
from aiida_gbml.science.compounds.components import principal_components
from aiida_gbml.science.compounds.description import describe
from aiida_gbml.science.compounds.property_search import PropertySearchSettings
from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.science.task import main


def search_features(structures: StructureSet, parameters: Mapping[str, Any]) -> dict[str, Array]:
    """Return ``points`` (n, k) and ``explained`` (k,) of some structures.

    :param parameters: ``descriptors`` and ``strategy``, see the module.
    :raises ValueError: when the descriptors cannot be computed, or the structures do not differ in any.
    """
    settings = PropertySearchSettings.from_dict(parameters.get("strategy") or {})
    values = describe(structures, parameters.get("descriptors")).values
    found = principal_components(values, settings.n_components, settings.share)
    return {"points": found.points, "explained": found.explained}


def run(inputs: Mapping[str, bytes], parameters: dict[str, Any]) -> Mapping[str, bytes]:
    """Return the bytes of the outputs; see the module for all names.

    :raises ValueError: when an input or a parameter is not what the module says.
    """
    if "structures" not in inputs:
        raise ValueError(f"the inputs are {sorted(inputs)}, expected 'structures'")
    structures = StructureSet.from_bytes(inputs["structures"])
    return {"features": write_arrays(search_features(structures, parameters))}


if __name__ == "__main__":
    sys.exit(main(run))
