"""The task that groups compounds."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ase.build import bulk

from aiida_gbml.science.archive import read_arrays
from aiida_gbml.science.compounds.cluster_compounds import restore, run
from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.structure_set import StructureSet

HALIDES = [f"{alkali}{halogen}" for alkali in ("Li", "Na", "K", "Rb") for halogen in ("F", "Cl", "Br")]
METALS = ["CuAu", "CuPd", "NiPt", "AgPd", "NiAl", "CoPt", "FePt", "AgAu"]
COMPOSITIONS = CompositionSet.of([parse_formula(one) for one in (*HALIDES, *METALS)])


def test_salts_and_alloys_are_two_families() -> None:
    outputs = run({"compositions": COMPOSITIONS.to_bytes()}, {"settings": {"n_clusters": 2}})
    report, arrays = json.loads(outputs["report"]), read_arrays(outputs["clusters"])
    assert report["sizes"] == [12, 8]
    assert arrays["label"].tolist() == [0] * 12 + [1] * 8
    assert report["rules_correct"] > 0.8
    assert len(report["components"]) == arrays["points"].shape[1]
    assert report["n_descriptors"] == arrays["loadings"].shape[1]
    found = restore(arrays, report)
    assert found.sizes == [12, 8]
    assert list(found.silhouettes) == [2]
    assert found.nearest == report["nearest"]
    assert outputs == run({"compositions": COMPOSITIONS.to_bytes()}, {"settings": {"n_clusters": 2}})


def test_structures_are_grouped_too() -> None:
    atoms = [bulk(metal, lattice, a=3.9) for lattice in ("fcc", "diamond") for metal in ("Cu", "Ag", "Au", "Pd")]
    outputs = run({"structures": StructureSet.from_ase(atoms).to_bytes()}, {})
    assert len(read_arrays(outputs["clusters"])["label"]) == 8
    assert np.all(np.isfinite(read_arrays(outputs["clusters"])["points"]))


def test_what_is_missing_or_wrong_is_named() -> None:
    with pytest.raises(ValueError, match="expected either 'structures' or 'compositions'"):
        run({}, {})
    with pytest.raises(ValueError, match="there is no parameter 'n_clusters', known are descriptors, settings"):
        run({"compositions": COMPOSITIONS.to_bytes()}, {"n_clusters": 2})
