"""The task that groups compounds by their descriptors.

Inputs (bytes): ``structures``, an archive of n structures, **or** ``compositions``, an archive of n compositions.

Parameters (JSON, all optional): ``descriptors``, see :func:`~.description.specification`, and ``settings``, fields of
:class:`~.clustering.ClusterSettings`.

Outputs (bytes):

- ``clusters``: an array archive with ``label`` (n,), ``points`` (n, k), ``loadings`` (k, D) and ``explained`` (k,);
- ``report``: JSON with ``n``, ``n_clusters``, ``sizes``, ``silhouettes`` (by number of groups), ``nearest`` (rows by
  group), ``rules`` (text), ``rules_correct`` (a share), ``n_descriptors`` and ``components``, of each of which
  ``explained`` and the ``descriptors`` that it consists of most are told.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aiida_gbml.science.archive import Array, write_arrays
from aiida_gbml.science.compounds.clustering import Clustering, ClusterSettings, cluster
from aiida_gbml.science.compounds.components import Components
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.description import describe
from aiida_gbml.science.strict_json import write_json
from aiida_gbml.science.structure_set import StructureSet
from aiida_gbml.science.task import main

_N_NAMED = 5


def run(inputs: Mapping[str, bytes], parameters: dict[str, Any]) -> Mapping[str, bytes]:
    """Return the bytes of the outputs; see the module for all names.

    :raises ValueError: when an input or a parameter is not what the module says.
    """
    unknown = sorted(set(parameters) - {"descriptors", "settings"})
    if unknown:
        raise ValueError(f"there is no parameter '{unknown[0]}', known are descriptors, settings")
    described = describe(_compounds(inputs), parameters.get("descriptors"))
    found = cluster(described.values, described.names, ClusterSettings.from_dict(parameters.get("settings") or {}))
    return {
        "clusters": write_arrays({"label": found.labels, **_arrays(found.components)}),
        "report": write_json(_report(found, described.names)),
    }


def restore(arrays: Mapping[str, Array], report: Mapping[str, Any]) -> Clustering:
    """Return the groups that :func:`run` wrote."""
    components = Components(arrays["points"], arrays["loadings"], arrays["explained"])
    silhouettes = {int(number): float(value) for number, value in report["silhouettes"].items()}
    nearest = [list(rows) for rows in report["nearest"]]
    return Clustering(arrays["label"], components, silhouettes, nearest, report["rules"], report["rules_correct"])


def _compounds(inputs: Mapping[str, bytes]) -> StructureSet | CompositionSet:
    """Return the compounds, of which there must be one set."""
    if set(inputs) == {"structures"}:
        return StructureSet.from_bytes(inputs["structures"])
    if set(inputs) == {"compositions"}:
        return CompositionSet.from_bytes(inputs["compositions"])
    raise ValueError(f"the inputs are {sorted(inputs)}, expected either 'structures' or 'compositions'")


def _arrays(components: Components) -> dict[str, Array]:
    return {"points": components.points, "loadings": components.loadings, "explained": components.explained}


def _report(found: Clustering, names: Sequence[str]) -> dict[str, Any]:
    """Return what is told of the groups, as JSON values."""
    leading = [np.argsort(-np.abs(row), kind="stable")[:_N_NAMED].tolist() for row in found.components.loadings]
    shares = found.components.explained.tolist()
    return {
        "n": len(found.labels),
        "n_clusters": len(found.sizes),
        "sizes": found.sizes,
        "silhouettes": {str(number): value for number, value in found.silhouettes.items()},
        "nearest": found.nearest,
        "rules": found.rules,
        "rules_correct": found.rules_correct,
        "n_descriptors": len(names),
        "components": [
            {"explained": share, "descriptors": [names[column] for column in columns]}
            for share, columns in zip(shares, leading, strict=True)
        ],
    }


if __name__ == "__main__":
    sys.exit(main(run))
