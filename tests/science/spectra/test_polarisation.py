"""Few directions give what all of them give, and apertures weigh them as published."""

import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.spacegroup import crystal
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.spatial.transform import Rotation

from aiida_gbml.science.spectra.polarisation import (
    PolarisationError,
    eels,
    given,
    isotropic,
    kept_by_lattice,
    powder,
    weight_along_beam,
)
from aiida_gbml.science.spectra.sites import inequivalent_sites
from aiida_gbml.science.spectra.supercell import site_supercell

RUTILE = crystal(
    ["Ti", "O"], [(0, 0, 0), (0.3053, 0.3053, 0)], spacegroup=136, cellpar=[4.594, 4.594, 2.959, 90, 90, 90]
)
SITES = {
    "Oh": (bulk("MgO", "rocksalt", a=4.2), "O", 1),
    "Td": (molecule("CH4"), "C", 1),
    "Kh": (molecule("O"), "O", 1),
    "D3h": (bulk("Be"), "Be", 2),
    "C3v": (molecule("NH3"), "N", 2),
    "C∞v": (molecule("CO"), "C", 2),
    "D2h": (RUTILE, "Ti", 3),
    "Cs": (molecule("CH3CH2OH"), "O", 3),
    "C1": (molecule("H2O2"), "H", 3),
}


@pytest.mark.parametrize("name", SITES)
@drawn(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_the_average_is_a_third_of_the_trace(name: str, seed: int) -> None:
    atoms, element, count = SITES[name]
    turn = Rotation.random(random_state=seed).as_matrix()
    turned = atoms.copy()
    turned.set_cell(atoms.cell.array @ turn.T)
    turned.positions = atoms.positions @ turn.T
    (site,) = inequivalent_sites(turned, element, symprec=5e-3)[-1:]
    assert site.symmetry == name
    random = np.random.default_rng(seed).normal(size=(3, 3))
    response = np.mean([r @ (random + random.T) @ r.T for r in site.rotations], axis=0)
    directions = powder(site.rotations)
    assert len(directions.vectors) == len(directions.weights) == count
    assert np.allclose(np.linalg.norm(directions.vectors, axis=1), 1)
    assert directions.weights.sum() == pytest.approx(1)
    measured = np.einsum("ka,ab,kb->k", directions.vectors, response, directions.vectors)
    assert isotropic(measured[:, None], directions.weights)[0] == pytest.approx(np.trace(response) / 3, abs=1e-6)


def test_without_symmetry_the_directions_are_cartesian() -> None:
    assert np.allclose(powder(np.eye(3)[None]).vectors, np.eye(3))


def test_an_axis_points_upwards() -> None:
    directions = powder(inequivalent_sites(bulk("Be"), "Be")[0].rotations)
    assert np.allclose(directions.vectors, [[0, 0, 1], [1, 0, 0]])
    assert np.allclose(directions.weights, [1 / 3, 2 / 3])


def test_a_supercell_keeps_the_rotations_that_its_lattice_has() -> None:
    magnesia = bulk("MgO", "rocksalt", a=4.2)
    (site,) = inequivalent_sites(magnesia, "O")
    cubic = site_supercell(magnesia, 1, matrix=[[-1, 1, 1], [1, -1, 1], [1, 1, -1]])
    assert len(kept_by_lattice(site.rotations, cubic.atoms.cell.array)) == 48
    long = kept_by_lattice(site.rotations, np.diag([4.2, 4.2, 8.4]))
    assert len(long) == 16
    assert len(powder(long).weights) == 2


def test_vectors_are_normalised() -> None:
    directions = given([[0, 0, 2], [3, 4, 0]])
    assert np.allclose(directions.vectors, [[0, 0, 1], [0.6, 0.8, 0]])
    assert np.allclose(directions.weights, 0.5)


@pytest.mark.parametrize(
    "vectors", [[], [[0, 0, 0]], [[1, 0]], [1, 0, 0], [[1, 0, np.inf]], [["x", 0, 0]], [[1], [1, 2]]]
)
def test_what_is_no_direction_is_refused(vectors: list) -> None:
    with pytest.raises(PolarisationError, match="three finite numbers, not all zero"):
        given(vectors)


def test_the_magic_angle_without_relativity_is_3_97() -> None:
    assert weight_along_beam(3.97, 1.0) == pytest.approx(1 / 3, abs=5e-4)


def test_relativity_makes_the_magic_angle_smaller() -> None:
    # Jouffrey, Schattschneider & Hebert (2004): it comes down to about theta_E at energies of microscopes
    assert weight_along_beam(3.97, 1 + 200 / 511) < weight_along_beam(3.97, 1 + 100 / 511) < 1 / 3


@pytest.mark.parametrize(("aperture", "gamma"), [(0.3, 1.0), (2.0, 1.2), (10.0, 1.4)])
def test_the_share_along_the_beam_is_the_integral_over_the_aperture(aperture: float, gamma: float) -> None:
    # angles in units of theta_E: transfer (theta, 1/gamma²), propagator 1 / (theta² + 1/gamma²)²
    along = quad(lambda t: t * gamma**-4 / (t**2 + gamma**-2) ** 2, 0, aperture)[0]
    across = quad(lambda t: t * t**2 / (t**2 + gamma**-2) ** 2, 0, aperture)[0]
    assert weight_along_beam(aperture, gamma) == pytest.approx(along / (along + across))


def test_a_beam_has_its_share_and_the_rest_is_across() -> None:
    directions = eels([1, 1, 0], 532.0, 200.0, 5.0)
    assert np.allclose(directions.vectors @ directions.vectors.T, np.eye(3))
    assert np.allclose(directions.vectors[0], [0.5**0.5, 0.5**0.5, 0])
    assert directions.weights.sum() == pytest.approx(1)
    assert directions.weights[1] == directions.weights[2]


def test_a_tiny_aperture_sees_along_the_beam_only() -> None:
    assert eels([0, 0, 1], 532.0, 100.0, 1e-4).weights[0] == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        (([0, 0, 0], 532, 200, 5), "not all zero"),
        (([0, 0, 1], 0, 200, 5), "energy loss must be positive, got 0 eV"),
        (([0, 0, 1], 532, -1, 5), "beam energy must be positive, got -1 keV"),
        (([0, 0, 1], 532, 200, float("nan")), "collection semi-angle must be positive, got nan mrad"),
    ],
)
def test_senseless_geometries_are_refused(geometry: tuple, message: str) -> None:
    with pytest.raises(PolarisationError, match=message):
        eels(*geometry)
