"""Test grains: crystals turned to a boundary plane and cut."""

import numpy as np
import pytest

from aiida_gbml.science.interfaces.bicrystal import Bicrystal
from aiida_gbml.science.interfaces.boundary import Boundary
from aiida_gbml.science.interfaces.crystal import Crystal

CHARGES = {"Mg": 2.0, "O": -2.0, "Ca": 2.0, "F": -1.0, "Sr": 2.0, "Ti": 4.0}
MGO = Crystal.prototype("rocksalt", ("Mg", "O"), 4.212, {k: CHARGES[k] for k in ("Mg", "O")})
CAF2 = Crystal.prototype("fluorite", ("Ca", "F"), 5.463, {k: CHARGES[k] for k in ("Ca", "F")})
SRTIO3 = Crystal.prototype("perovskite", ("Sr", "Ti", "O"), 3.905, {k: CHARGES[k] for k in ("Sr", "Ti", "O")})


def grain(crystal, plane):
    """Return a grain with a given plane, the lower one of the twist boundary about its normal."""
    sigma = {(0, 0, 1): 5, (1, 1, 0): 3, (1, 1, 1): 3}[plane]
    return Bicrystal(crystal, Boundary.from_sigma(sigma, plane, plane)).lower


@pytest.mark.parametrize(
    ("crystal", "plane", "n_cuts", "n_unpolar"),
    [
        (MGO, (0, 0, 1), 1, 1),  # type I of Tasker: neutral planes
        (MGO, (1, 1, 0), 1, 1),
        (MGO, (1, 1, 1), 2, 0),  # type III: alternating Mg and O planes
        (CAF2, (1, 1, 1), 3, 1),  # type II: neutral when cut between two planes of F
        (CAF2, (0, 0, 1), 2, 0),
        (SRTIO3, (0, 0, 1), 2, 2),  # SrO and TiO2 planes are neutral
        (SRTIO3, (1, 1, 0), 2, 0),  # SrTiO (4+) and O2 (4-)
    ],
)
def test_cuts_are_polar_where_tasker_says_so(crystal, plane, n_cuts, n_unpolar):
    own = grain(crystal, plane)
    assert len(own.cuts) == n_cuts
    assert sum(abs(own.dipole(cut)) < 1e-9 for cut in own.cuts) == n_unpolar


def test_layers_are_the_crystal_itself():
    """Inside a thick slab every atom has the neighbours of rocksalt: 6 unlike and 12 like within 0.8 a."""
    bicrystal = Bicrystal(MGO, Boundary.from_sigma(5, (0, 0, 1), (2, 1, 0)))
    for own in (bicrystal.lower, bicrystal.upper):
        numbers, positions = own.layers(bicrystal.cell, -12.0, 12.0)
        images = np.stack(np.meshgrid(range(-4, 5), range(-4, 5)), axis=-1).reshape(-1, 2) @ bicrystal.cell
        everywhere = (positions[:, None] + np.pad(images, ((0, 0), (0, 1)))).reshape(-1, 3)
        kinds = np.repeat(numbers, len(images))
        for number, site in zip(numbers, positions, strict=True):
            if abs(site[2]) < 8.0:
                distances = np.linalg.norm(everywhere - site, axis=1)
                unlike = (kinds != number) & (distances < 0.8 * MGO.lattice_parameter)
                like = (kinds == number) & (distances < 0.8 * MGO.lattice_parameter) & (distances > 1e-6)
                assert (unlike.sum(), like.sum()) == (6, 12)
                assert distances[unlike] == pytest.approx(MGO.lattice_parameter / 2)


def test_isometries_keep_or_reverse_the_normal():
    own = grain(MGO, (0, 0, 1))
    kept, flipped = list(own.isometries_to(own, False)), list(own.isometries_to(own, True))
    assert (len(kept), len(flipped)) == (8, 8)
    assert all(one.rotation[2, 2] == pytest.approx(1) for one in kept)
    assert all(one.rotation[2, 2] == pytest.approx(-1) for one in flipped)


def test_shifts_along_the_normal_come_in_steps_of_the_lattice():
    own = grain(MGO, (1, 1, 1))
    identity = next(one for one in own.isometries_to(own, False) if np.allclose(one.rotation, np.eye(3)))
    assert identity.shift_at(0.5 * own.spacing) is None
    step = identity.shift_at(own.spacing)
    assert np.hypot(np.linalg.norm(step), own.spacing) > MGO.bond_length
