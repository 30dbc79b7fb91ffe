"""Angular descriptors against scipy, sums over pairs, Steinhardt's values, and rotations."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from scipy import special
from scipy.spatial.transform import Rotation

from aiida_gbml.science.compounds.descriptors.angular import (
    angular_fourier_series,
    bond_order,
    power_spectrum,
    smooth_power_spectrum,
    spherical_harmonics,
)
from aiida_gbml.science.compounds.descriptors.neighbours import find_neighbours
from aiida_gbml.science.compounds.descriptors.radial import gaussians
from aiida_gbml.science.structure_set import StructureSet

GENERATOR = np.random.default_rng(0)
CLUSTER = Atoms("C5", positions=GENERATOR.normal(scale=1.5, size=(5, 3)))
CENTRES, ETA, CUTOFF = np.array([1.5, 2.5]), 2.0, 6.0


def neighbours(*atoms, cutoff=CUTOFF):
    return find_neighbours(StructureSet.from_ase(atoms), cutoff)


def test_harmonics_are_those_of_scipy() -> None:
    vectors = np.vstack([GENERATOR.normal(size=(40, 3)), [[0, 0, 2.0], [0, 0, -3.0], [1, 0, 0]]])
    polar = np.arccos(vectors[:, 2] / np.linalg.norm(vectors, axis=1))
    azimuth = np.arctan2(vectors[:, 1], vectors[:, 0])
    for momentum, found in enumerate(spherical_harmonics(vectors, 6)):
        for order in range(momentum + 1):
            if hasattr(special, "sph_harm_y"):
                expected = special.sph_harm_y(momentum, order, polar, azimuth)
            else:
                expected = special.sph_harm(order, momentum, azimuth, polar)
            assert np.allclose(found[:, order], expected, atol=1e-12)


def test_the_power_spectrum_is_a_sum_over_pairs_of_neighbours() -> None:
    found = neighbours(CLUSTER)
    radial = gaussians(found.distances, CENTRES, ETA, CUTOFF)
    spectrum = power_spectrum(found, radial, 5)
    series = angular_fourier_series(found, CENTRES, ETA, CUTOFF, 5).reshape(5, 2, 6)
    for atom in range(5):
        own = found.centre == atom
        unit = found.vectors[own] / found.distances[own, None]
        cosines = np.clip(unit @ unit.T, -1, 1)
        for shell in range(2):
            pairs = np.outer(radial[own, shell], radial[own, shell])
            for momentum in range(6):
                legendre = special.eval_legendre(momentum, cosines)
                assert spectrum[atom, shell, momentum] == pytest.approx(np.sum(pairs * legendre), abs=1e-9)
                fourier = np.cos(momentum * np.arccos(cosines))
                assert series[atom, shell, momentum] == pytest.approx(np.sum(pairs * fourier), abs=1e-7)
    root = smooth_power_spectrum(found, CENTRES, ETA, CUTOFF, 5)
    assert np.allclose(root.reshape(5, 2, 6) ** 2, spectrum)


@pytest.mark.parametrize(
    ("crystal", "q4", "q6"),
    [
        (bulk("Cu", "fcc", a=3.6), 0.1909, 0.5745),
        (bulk("Po", "sc", a=3.35), 0.7638, 0.3536),
    ],
)
def test_bond_order_parameters_are_those_of_steinhardt(crystal, q4, q6) -> None:
    """Steinhardt, Nelson & Ronchetti, Phys. Rev. B 28, 784 (1983), table I: first neighbours only."""
    found = bond_order(neighbours(crystal), 6, width=0.05)
    assert found[0, 3] == pytest.approx(q4, abs=1e-4)
    assert found[0, 5] == pytest.approx(q6, abs=1e-4)
    assert np.allclose(found[0, [0, 2, 4]], 0, atol=1e-9)  # odd orders vanish at a centre of inversion


def test_an_atom_without_neighbours_is_zero_and_not_undefined() -> None:
    lonely = neighbours(Atoms("Ar", cell=[50] * 3, pbc=True), bulk("Cu"))
    for values in (bond_order(lonely, 4, 0.25), smooth_power_spectrum(lonely, CENTRES, ETA, CUTOFF, 3)):
        assert np.all(values[0] == 0)
        assert np.all(np.isfinite(values))
        assert np.any(values[1] > 0)


def test_rotations_change_nothing() -> None:
    turned = CLUSTER.copy()
    turned.positions = turned.positions @ Rotation.random(random_state=0).as_matrix().T + 3
    for function in (
        lambda pairs: bond_order(pairs, 6, 0.25),
        lambda pairs: angular_fourier_series(pairs, CENTRES, ETA, CUTOFF, 4),
    ):
        assert np.allclose(function(neighbours(CLUSTER)), function(neighbours(turned)))
