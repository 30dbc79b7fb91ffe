"""Directions of polarisation from settings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ase.build import bulk

from aiida_gbml.science.spectra.directions import describe_polarisations, directions_of_site, read_polarisations
from aiida_gbml.science.spectra.polarisation import PolarisationError
from aiida_gbml.science.spectra.sites import inequivalent_sites

EELS = {"mode": "eels", "beam": [0, 0, 1], "energy_loss": 532.0, "beam_energy": 200.0, "collection_semiangle": 8.0}


def test_a_cubic_site_needs_one_direction_unless_its_cell_is_not_cubic() -> None:
    atoms = bulk("MgO", "rocksalt", a=4.21)
    rotations = inequivalent_sites(atoms, "O")[0].rotations
    assert len(directions_of_site({"mode": "powder"}, rotations, atoms.cell.array).vectors) == 1
    tetragonal = np.diag([4.21, 4.21, 8.42])
    assert len(directions_of_site({"mode": "powder"}, rotations, tetragonal).vectors) == 2


def test_a_mesh_of_k_points_may_be_less_symmetric_than_the_cell() -> None:
    """Γ-centred meshes of a body-centred cubic lattice are cubic with equal numbers along its three vectors only."""
    atoms = bulk("Fe", "bcc", a=2.87)
    rotations = inequivalent_sites(atoms, "Fe")[0].rotations
    counts = [
        len(directions_of_site({"mode": "powder"}, rotations, atoms.cell.array, mesh).vectors)
        for mesh in ((4, 4, 4), (4, 4, 5))
    ]
    assert counts == [1, 3]


def test_vectors_are_taken_as_they_are_but_for_their_length() -> None:
    polarisations = read_polarisations({"mode": "vectors", "vectors": [[0, 0, 2], [1, 1, 0]]})
    assert polarisations is not None
    np.testing.assert_allclose(polarisations.vectors, [[0, 0, 1], [0.5**0.5, 0.5**0.5, 0]])
    np.testing.assert_allclose(polarisations.weights, [0.5, 0.5])


def test_energy_loss_collects_all_directions_about_the_beam() -> None:
    polarisations = read_polarisations(EELS)
    assert polarisations is not None
    assert polarisations.weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(polarisations.vectors[0], [0, 0, 1])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "mode"),
        ({"mode": "circular"}, "circular"),
        ({"mode": ["powder"]}, "mode"),
        ({"mode": "powder", "vectors": [[1, 0, 0]]}, "nothing else"),
        ({"mode": "vectors"}, "have vectors"),
        ({"mode": "vectors", "vectors": [[0, 0, 0]]}, "not all zero"),
        ({**EELS, "beam_energy": "200 keV"}, "must be numbers"),
        ({**EELS, "beam": [0, 0, 0]}, "not all zero"),
    ],
)
def test_settings_that_tell_no_direction_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(PolarisationError, match=message):
        read_polarisations(settings)


def test_settings_are_described_in_words() -> None:
    assert describe_polarisations({"mode": "powder"}) == "powder"
    assert describe_polarisations({"mode": "vectors", "vectors": [[0, 0, 1]]}) == "along (0 0 1)"
    assert describe_polarisations(EELS) == "electron energy loss, beam (0 0 1) of 200 keV, collected within 8 mrad"
