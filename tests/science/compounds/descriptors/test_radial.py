"""Shells of neighbours in the face-centred lattice."""

import numpy as np
import pytest
from ase.build import bulk

from aiida_gbml.science.compounds.descriptors.neighbours import find_neighbours
from aiida_gbml.science.compounds.descriptors.radial import (
    cutoff_function,
    gaussians,
    radial_distribution,
    shell_histogram,
)
from aiida_gbml.science.structure_set import StructureSet

COPPER = find_neighbours(StructureSet.from_ase([bulk("Cu", a=4.0)]), 6.0)


def test_the_cutoff_is_smooth() -> None:
    assert cutoff_function(np.array([0.0, 2.5, 5.0, 7.0]), 5.0) == pytest.approx([1, 0.5, 0, 0])


def test_the_shells_of_the_face_centred_lattice() -> None:
    # 12, 6, 24, 12, 24 neighbours at a √(k/2).
    edges = 4.0 * np.sqrt(np.arange(1, 6) / 2) - 0.01
    assert shell_histogram(COPPER, edges).tolist() == [[12, 6, 24, 12]]
    assert shell_histogram(COPPER, np.array([0.5, 1.0, 1.5])).tolist() == [[0, 0]]


def test_a_distance_on_an_edge_belongs_to_the_shell_above() -> None:
    nearest = float(COPPER.distances.min())
    assert shell_histogram(COPPER, np.array([nearest - 1, nearest, nearest + 0.1]))[0, 0] == 0


def test_the_radial_distribution_is_its_definition() -> None:
    centres, eta, cutoff = np.array([2.0, 2.9, 4.1]), 5.0, 5.5
    near = COPPER.distances[COPPER.distances < cutoff]
    expected = [
        np.sum(np.exp(-eta * (near - centre) ** 2) * (1 + np.cos(np.pi * near / cutoff)) / 2) for centre in centres
    ]
    assert np.allclose(radial_distribution(COPPER, centres, eta, cutoff), [expected])
    assert gaussians(np.array([1.0, 2.0]), centres, eta, cutoff).shape == (2, 3)
