"""Compare coincidence rotations with those that pymatgen enumerates."""

import numpy as np
import pytest
from pymatgen.core.interface import GrainBoundaryGenerator

from aiida_gbml.science.interfaces.boundary import Boundary, BoundaryError


def exists(sigma, axis):
    """Whether there is a twist boundary of a sigma about an axis."""
    try:
        return Boundary.from_sigma(sigma, axis, axis).sigma == sigma
    except BoundaryError:
        return False


@pytest.mark.parametrize("axis", [(0, 0, 1), (1, 1, 0), (1, 1, 1), (2, 1, 0)])
def test_the_same_sigmas_exist(axis):
    theirs = GrainBoundaryGenerator.enum_sigma_cubic(60, list(axis))
    ours = [sigma for sigma in range(2, 61) if exists(sigma, axis)]
    assert ours == sorted(sigma for sigma in theirs if sigma > 1)


@pytest.mark.parametrize("axis", [(0, 0, 1), (1, 1, 0), (1, 1, 1)])
def test_the_same_angles_belong_to_a_sigma(axis):
    for sigma, angles in GrainBoundaryGenerator.enum_sigma_cubic(30, list(axis)).items():
        for angle in angles:
            if sigma > 1:
                found = Boundary.from_angle(angle, axis, axis)
                assert found.sigma == sigma
                assert np.isclose(found.angle, angle, atol=1e-3)
