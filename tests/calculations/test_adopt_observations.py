"""From earlier searches of the same boundary to the first observations of a new one."""

import numpy as np
import pytest

from aiida_gbml.calculations.adopt_observations import adopt_observations
from aiida_gbml.data.candidates import CandidateSetData
from aiida_gbml.data.structure_set import StructureSetData

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_what_two_earlier_searches_know_is_known_once(candidates, evaluated, observations):
    earlier = {"b": StructureSetData(evaluated.take([3, 4, 5])), "a": StructureSetData(evaluated.take([5, 8]))}
    outputs = adopt_observations(CandidateSetData(candidates), **earlier)
    found = outputs["observations"].observations
    assert found.candidates.tolist() == [5, 8, 3, 4]
    np.testing.assert_allclose(found.energies, observations.energies[[5, 8, 3, 4]])
    assert outputs["adopted"].structures.columns["candidate"].tolist() == [5, 8, 3, 4, -1]


def test_rows_that_are_no_candidates_any_more_are_kept_but_not_observed(candidates, evaluated):
    away = evaluated.take([0, 1]).with_columns(gap=[9.0, float(evaluated.columns["gap"][1])])
    outputs = adopt_observations(CandidateSetData(candidates), earlier=StructureSetData(away))
    assert outputs["observations"].base.attributes.get("n_observations") == 1
    assert outputs["adopted"].structures.columns["candidate"].tolist() == [-1, 1]
