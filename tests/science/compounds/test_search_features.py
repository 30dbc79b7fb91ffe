"""Points of a search: few, finite, and the same for the same crystal."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk

from aiida_gbml.science.archive import read_arrays
from aiida_gbml.science.compounds.search_features import run, search_features
from aiida_gbml.science.structure_set import StructureSet

ATOMS = [bulk(metal, lattice, a=a) for metal in ("Cu", "Au", "Al") for lattice, a in (("fcc", 4.0), ("bcc", 3.2))]
STRUCTURES = StructureSet.from_ase([*ATOMS, ATOMS[0] * (2, 2, 1)])


def test_points_tell_compounds_apart_and_not_their_cells() -> None:
    points = search_features(STRUCTURES, {"strategy": {"n_components": 4, "share": 1.0}})["points"]
    assert points.shape == (7, 4)
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    assert distances[0, 6] < 1e-6
    assert distances[:6, :6][~np.eye(6, dtype=bool)].min() > 0.05


def test_the_task_gives_what_the_function_gives() -> None:
    parameters = {"descriptors": {"preset": "composition"}, "strategy": {}}
    found = read_arrays(run({"structures": STRUCTURES.to_bytes()}, parameters)["features"])
    np.testing.assert_allclose(found["points"], search_features(STRUCTURES, parameters)["points"])
    assert found["points"].shape[1] <= 2  # three elements
    assert found["explained"].sum() == pytest.approx(1.0)


def test_what_is_missing_or_wrong_is_named() -> None:
    with pytest.raises(ValueError, match="expected 'structures'"):
        run({}, {})
    with pytest.raises(ValueError, match="unknown setting 'kernel'"):
        run({"structures": STRUCTURES.to_bytes()}, {"strategy": {"kernel": 1}})
    with pytest.raises(ValueError, match="do not differ"):
        search_features(STRUCTURES.take([0, 0]), {})
