"""Test coincidence boundaries against the tables of the literature."""

from math import atan, degrees

import numpy as np
import pytest

from aiida_gbml.science.interfaces.boundary import Boundary, BoundaryError, list_boundaries


@pytest.mark.parametrize(
    ("sigma", "axis", "plane", "angle", "upper"),
    [
        (5, (0, 0, 1), (2, 1, 0), 53.13, (2, -1, 0)),
        (5, (0, 0, 1), (3, 1, 0), 36.87, (3, -1, 0)),
        (13, (0, 0, 1), (5, 1, 0), 22.62, (5, -1, 0)),
        (17, (0, 0, 1), (4, 1, 0), 28.07, (4, -1, 0)),
        (3, (1, -1, 0), (1, 1, 1), 70.53, (1, 1, -1)),
        (3, (1, -1, 0), (1, 1, 2), 109.47, (1, 1, -2)),
        (11, (1, -1, 0), (1, 1, 3), 129.52, (1, 1, -3)),
        (9, (1, -1, 0), (2, 2, 1), 38.94, None),
    ],
)
def test_symmetric_tilt_boundaries_have_the_tabulated_angles(sigma, axis, plane, angle, upper):
    boundary = Boundary.from_sigma(sigma, axis, plane)
    assert boundary.kind == "symmetric tilt"
    assert boundary.is_tilt
    assert sorted(map(abs, boundary.upper_plane)) == sorted(map(abs, boundary.plane))
    if upper:
        assert boundary.angle == pytest.approx(angle, abs=0.005)
        assert boundary.upper_plane == upper


@pytest.mark.parametrize("indices", [(2, 1), (3, 1), (4, 1), (5, 2), (7, 3)])
def test_001_tilt_boundaries_follow_ranganathan(indices):
    """Theta = 2 atan(k/h), sigma = h² + k², halved if even."""
    h, k = indices
    sigma = (h * h + k * k) // (2 if (h + k) % 2 == 0 else 1)
    boundary = Boundary.from_angle(degrees(2 * atan(k / h)), (0, 0, 1), (h, k, 0))
    assert (boundary.sigma, boundary.kind) == (sigma, "symmetric tilt")


def test_rotation_is_exact_and_turns_by_the_angle():
    boundary = Boundary.from_sigma(7, (1, 1, 1), (1, 1, 1))
    rotation = np.array(boundary.rotation, dtype=float)
    assert np.allclose(rotation @ rotation.T, np.eye(3))
    assert np.linalg.det(rotation) == pytest.approx(1)
    assert np.trace(rotation) == pytest.approx(1 + 2 * np.cos(np.radians(boundary.angle)))
    assert all((7 * x).denominator == 1 for row in boundary.rotation for x in row)


def test_both_planes_are_the_same_plane():
    boundary = Boundary.from_sigma(5, (0, 0, 1), (1, 0, 0))
    assert boundary.kind == "asymmetric tilt"
    normal = np.array(boundary.rotation, dtype=float) @ boundary.upper_plane
    assert normal / np.linalg.norm(normal) == pytest.approx((1, 0, 0))


def test_twist_boundaries_are_normal_to_the_axis():
    boundary = Boundary.from_sigma(5, (0, 0, 1), (0, 0, 2))
    assert (boundary.kind, boundary.plane, boundary.is_tilt) == ("twist", (0, 0, 1), False)
    assert boundary.angle == pytest.approx(degrees(2 * atan(1 / 3)))


def test_an_angle_with_two_decimals_is_enough():
    assert Boundary.from_angle(36.87, (0, 0, 1), (3, 1, 0)) == Boundary.from_sigma(5, (0, 0, 1), (3, 1, 0))
    assert Boundary.from_angle(60.0, (1, 1, 1), (1, 1, 1)).sigma == 3
    assert Boundary.from_angle(-36.87, (0, 0, 1), (1, 0, 0)).upper_plane == (4, 3, 0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Boundary.from_sigma(6, (0, 0, 1), (2, 1, 0)), "no sigma 6 boundary .* nearest sigmas are 5, 13, 17"),
        (lambda: Boundary.from_sigma(7, (0, 0, 1), (2, 1, 0)), r"no sigma 7 boundary about \[0 0 1\]"),
        (lambda: Boundary.from_sigma(1, (0, 0, 1), (2, 1, 0)), "sigma is an odd number from 3 to 999, got 1"),
        (lambda: Boundary.from_sigma(-5, (0, 0, 1), (2, 1, 0)), "got -5"),
        (lambda: Boundary.from_sigma(10**12, (0, 0, 1), (2, 1, 0)), "got 1000000000000"),
        (lambda: Boundary.from_sigma(5, (0, 0, 1), (2, 1, 1)), r"\(2 1 1\) neither holds the axis \[0 0 1\]"),
        (lambda: Boundary.from_sigma(5, (0, 0, 0), (2, 1, 0)), r"three integers each.*\(0, 0, 0\)"),
        (lambda: Boundary.from_sigma(5, (0, 0, 1), (2, 1)), r"three integers each"),
        (lambda: Boundary.from_sigma(5, (0, 0, 1), (2.5, 1, 0)), r"three integers each"),
        (lambda: Boundary.from_angle(1.0, (0, 0, 1), (2, 1, 0)), r"at 1.0° about \[0 0 1\]; the nearest are 6.03°"),
    ],
)
def test_boundaries_that_do_not_exist_are_refused_with_a_remedy(make, message):
    with pytest.raises(BoundaryError, match=message):
        make()


def test_list_holds_each_physical_boundary_once():
    """Symmetric tilt boundaries of [001] up to sigma 17: every (h k 0) of that sigma, two planes a sigma."""
    listed = [one for one in list_boundaries(17, axes=[(0, 0, 1)]) if one.kind == "symmetric tilt"]
    planes = {(one.sigma, tuple(sorted(map(abs, one.plane)))) for one in listed}
    expected = {
        (h * h + k * k if (h + k) % 2 else (h * h + k * k) // 2, (0, k, h))
        for h in range(2, 9)
        for k in range(1, h)
        if np.gcd(h, k) == 1
    }
    assert planes == {one for one in expected if one[0] <= 17}
    assert len(planes) == len(listed)
    assert all(one.sigma >= 3 for one in listed)


def test_list_gives_the_usual_angles_of_110_tilt_boundaries():
    """The series of the literature, from (114) at 38.94° to (221) at 141.06°."""
    listed = {
        tuple(sorted(map(abs, one.plane))): one.angle for one in list_boundaries(11, axes=[(1, 1, 0)]) if one.is_tilt
    }
    known = {
        (1, 1, 4): 38.94,
        (1, 1, 3): 50.48,
        (1, 1, 2): 70.53,
        (1, 1, 1): 109.47,
        (2, 3, 3): 129.52,
        (1, 2, 2): 141.06,
    }
    assert listed == pytest.approx(known, abs=0.005)


def test_list_tells_sigma_3_as_it_is_known():
    kinds = [(one.kind, tuple(sorted(map(abs, one.plane)))) for one in list_boundaries(3)]
    assert ("symmetric tilt", (1, 1, 1)) in kinds
    assert ("symmetric tilt", (1, 1, 2)) in kinds
    assert ("twist", (1, 1, 1)) in kinds
    assert len(kinds) == len(set(kinds))


def test_text_names_the_boundary():
    assert str(Boundary.from_sigma(5, (0, 0, 1), (2, 1, 0))) == "sigma 5 (2 1 0) [0 0 1] symmetric tilt, 53.13°"
