"""Test the exact algebra of lattices."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiida_gbml.science.interfaces.boundary import Boundary
from aiida_gbml.science.interfaces.lattice import (
    LatticeError,
    apply,
    basis,
    basis_along,
    coordinates,
    dot,
    hermite,
    intersection,
    lattice_sum,
    primitive,
    rational,
    reduce_plane,
    split_by_plane,
)

HALF = Fraction(1, 2)
FCC = rational([(0, HALF, HALF), (HALF, 0, HALF), (HALF, HALF, 0)])
BCC = rational([(-HALF, HALF, HALF), (HALF, -HALF, HALF), (HALF, HALF, -HALF)])
integers = st.integers(-9, 9)


def volume(rows):
    """Return the exact volume of three rows."""
    a, b, c = rows
    normal = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    return abs(dot(normal, c))


def is_in(vector, rows):
    """Whether a vector belongs to a lattice, by floats."""
    coefficients = np.linalg.lstsq(np.array(rows, dtype=float).T, np.array(vector, dtype=float), rcond=None)[0]
    return np.allclose(coefficients, np.round(coefficients), atol=1e-9)


@given(st.lists(st.lists(integers, min_size=3, max_size=3), min_size=1, max_size=5))
def test_hermite_form_is_reached_by_unimodular_steps(rows):
    form, unimodular = hermite(rows)
    assert np.array_equal(np.array(unimodular) @ np.array(rows), np.array(form))
    assert round(abs(np.linalg.det(np.array(unimodular, dtype=float)))) == 1
    leading = [next((j for j, x in enumerate(row) if x), 3) for row in form]
    filled = [column for column in leading if column < 3]
    assert leading == sorted(leading)
    assert len(set(filled)) == len(filled)


@pytest.mark.parametrize("lattice", [FCC, BCC, rational(np.eye(3, dtype=int).tolist())])
@pytest.mark.parametrize(
    ("sigma", "axis", "plane"),
    [
        (3, (1, -1, 0), (1, 1, 1)),
        (5, (0, 0, 1), (2, 1, 0)),
        (7, (1, 1, 1), (1, 1, 1)),
        (11, (1, -1, 0), (1, 1, 3)),
        (29, (0, 0, 1), (5, 2, 0)),
    ],
)
def test_sigma_is_the_index_of_coincidence_and_of_complete_shift(lattice, sigma, axis, plane):
    """Grimmer 1976: one site in sigma coincides, and the DSC lattice is sigma times denser than the crystal's."""
    rotation = Boundary.from_sigma(sigma, axis, plane).rotation
    turned = tuple(apply(rotation, vector) for vector in lattice)
    coincidence, shifts = intersection(lattice, turned), lattice_sum(lattice, turned)
    assert volume(coincidence) == sigma * volume(lattice)
    assert volume(lattice) == sigma * volume(shifts)
    assert all(is_in(vector, lattice) and is_in(vector, turned) for vector in coincidence)
    assert all(is_in(vector, shifts) for vector in lattice + turned)


def test_a_basis_is_found_among_too_many_generators():
    generators = rational([(1, 0, 0), (0, 1, 0), (0, 0, 1), (0, HALF, HALF), (HALF, 0, HALF), (HALF, HALF, 0)])
    found = basis(generators)
    assert volume(found) == volume(FCC)
    assert all(is_in(vector, FCC) for vector in found)


@given(st.tuples(integers, integers), st.tuples(integers, integers))
def test_reduced_basis_holds_the_shortest_vectors(first, second):
    if first[0] * second[1] == first[1] * second[0]:
        return
    reduced = reduce_plane(rational([first, second]))
    span = [
        (p * p + q * q)
        for m, n in product(range(-20, 21), repeat=2)
        if (m, n) != (0, 0)
        for p, q in [(m * first[0] + n * second[0], m * first[1] + n * second[1])]
    ]
    assert dot(reduced[0], reduced[0]) <= min(span)
    assert abs(dot(reduced[0], reduced[1])) * 2 <= dot(reduced[0], reduced[0])
    area = reduced[0][0] * reduced[1][1] - reduced[0][1] * reduced[1][0]
    assert abs(area) == abs(first[0] * second[1] - first[1] * second[0])


def test_basis_along_a_direction_spans_the_same_lattice():
    in_plane, _ = split_by_plane(FCC, (2, 1, 0))
    along, other = basis_along((-1, 2, 0), in_plane)
    assert along == rational([(-1, 2, 0)])[0]
    columns = [coordinates(vector, in_plane) for vector in (along, other)]
    assert abs(columns[0][0] * columns[1][1] - columns[0][1] * columns[1][0]) == 1
    assert abs(dot(along, other)) * 2 <= dot(along, along)


@pytest.mark.parametrize(
    ("lattice", "plane", "spacing", "area"),
    [
        (FCC, (1, 1, 1), 3**-0.5, 3**0.5 / 4),
        (FCC, (2, 1, 0), 5**-0.5 / 2, 5**0.5 / 2),
        (FCC, (3, 1, 0), 10**-0.5 / 2, 10**0.5 / 2),
        (BCC, (1, 1, 0), 2**-0.5, 2**-0.5),
        (BCC, (1, 1, 1), 3**-0.5 / 2, 3**0.5),
    ],
)
def test_lattice_planes_have_the_textbook_spacing_and_density(lattice, plane, spacing, area):
    in_plane, step = split_by_plane(lattice, plane)
    assert all(dot(vector, plane) == 0 for vector in in_plane)
    normal = np.array(plane) / np.linalg.norm(plane)
    assert abs(np.array(step, dtype=float) @ normal) == pytest.approx(spacing)
    vectors = np.array(in_plane, dtype=float)
    assert np.linalg.norm(np.cross(*vectors)) == pytest.approx(area)


def test_primitive_vectors_are_coprime():
    assert primitive((Fraction(1, 2), 0, Fraction(-1, 4))) == (2, 0, -1)
    with pytest.raises(LatticeError, match="no direction"):
        primitive((0, 0, 0))


def test_parallel_rows_have_no_coordinates():
    with pytest.raises(LatticeError, match="parallel"):
        coordinates((1, 0, 0), rational([(1, 0, 0), (2, 0, 0)]))
