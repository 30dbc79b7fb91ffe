"""From plain inputs to boundaries, candidates and structures."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from searches import BOUNDARY, SPACE

from aiida_gbml.science.interfaces.boundary import BoundaryError
from aiida_gbml.science.interfaces.crystal import CrystalError
from aiida_gbml.science.interfaces.problem import SearchProblem, read_boundary, standard_bulk


@pytest.mark.parametrize("cell", [bulk("Cu", a=3.6), bulk("Cu", a=3.6, cubic=True), bulk("Cu", a=3.6) * (1, 2, 3)])
def test_any_cell_of_a_crystal_has_the_same_conventional_cell(cell):
    found = standard_bulk(cell)
    assert len(found) == 1
    assert found.sizes.tolist() == [4]
    np.testing.assert_allclose(found.cells[0], 3.6 * np.eye(3), atol=1e-9)
    assert found.columns["status"].tolist() == ["new"]


@pytest.mark.parametrize(
    ("atoms", "message"),
    [(bulk("Mg"), "is not cubic: its space group is P6_3/mmc"), (Atoms("Cu"), "periodic in three directions")],
)
def test_what_is_no_cubic_crystal_is_refused(atoms, message):
    with pytest.raises(CrystalError, match=message):
        standard_bulk(atoms)


def test_sigma_and_its_angle_are_the_same_boundary():
    """2 atan(1/2) = 53.13° about [001] is sigma 5."""
    given = {"axis": [0, 0, 1], "plane": [2, 1, 0]}
    assert read_boundary({**given, "angle": 53.13}) == read_boundary({**given, "sigma": 5})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sigma": 4}, "there is no sigma 4 boundary"),
        ({"sigma": -5}, "sigma"),
        ({"plane": [2, 1, 1]}, r"plane \(2 1 1\) neither holds the axis \[0 0 1\]"),
        ({"plane": [0, 0, 0]}, "not all zero"),
        ({"plane": [2.5, 1, 0]}, "three integers"),
        ({"plane": [2, 1]}, "three integers"),
        ({"plane": "210"}, "three integers"),
        ({"plane": 7}, "three integers|wrong type"),
        ({"axis": None}, "three integers|wrong type"),
        ({"sigma": None}, "wrong type"),
        ({"sigma": "five"}, "wrong type"),
        ({"sigma": 5.4}, "wrong type"),
        ({"angle": 53.13}, "either a sigma or an angle"),
        ({"tilt": True}, "unknown setting 'tilt' of the boundary"),
        ({"sigma; rm -rf ~": 5}, "unknown setting 'sigma; rm -rf ~'"),
    ],
)
def test_boundaries_that_do_not_exist_are_refused_in_one_sentence(changes, message):
    with pytest.raises(BoundaryError, match=message) as caught:
        read_boundary({**BOUNDARY, **changes})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("missing", ["sigma", "axis", "plane"])
def test_an_incomplete_boundary_is_refused(missing):
    with pytest.raises(BoundaryError, match="needs an axis, a plane, and either a sigma or an angle"):
        read_boundary({name: value for name, value in BOUNDARY.items() if name != missing})


@pytest.mark.parametrize("changes", [{"angle": "wide"}, {"angle": None}, {"angle": float("nan")}, {"angle": 17.0}])
def test_angles_without_a_coincidence_are_refused(changes):
    with pytest.raises(BoundaryError):
        read_boundary({"axis": [0, 0, 1], "plane": [2, 1, 0], **changes})


def test_built_rows_say_which_candidates_they_are(problem, candidates):
    rows = [5, 0, 11]
    built = problem.build(candidates, rows)
    assert built.columns["candidate"].tolist() == rows
    for name, array in (("translation", candidates.translations), ("gap", candidates.gaps)):
        assert np.array_equal(built.columns[name], array[rows])
    fractions = built.columns["translation_fraction"]
    difference = fractions @ candidates.group.lattice - built.columns["translation"]
    turns = difference @ np.linalg.inv(candidates.group.lattice)
    np.testing.assert_allclose(turns, np.round(turns), atol=1e-9)


def test_the_boundary_lies_where_the_column_says(problem, candidates):
    """Between the highest atom of the lower grain and the lowest of the upper one."""
    built = problem.build(candidates, [0, 1])
    for row, height in enumerate(built.columns["boundary_height"]):
        atoms = problem.bicrystal.build(candidates.translations[row], candidates.gaps[row])
        heights, tags = atoms.positions[:, 2], atoms.get_tags()
        assert heights[tags == 1].max() <= height <= heights[tags == 2].min() + 1e-9


def test_no_rows_make_an_empty_set(problem, candidates):
    empty = problem.build(candidates, [])
    assert len(empty) == 0
    assert empty.columns["translation"].shape == (0, 2)
    assert {"candidate", "gap", "termination", "n_removed", "boundary_height"} <= set(empty.columns)


def test_charges_tell_polar_terminations():
    """Rocksalt (111) planes hold one kind of ion each."""
    boundary = {"sigma": 3, "axis": [1, 1, 1], "plane": [1, 1, 1], "charges": {"Mg": 2, "O": -2}}
    problem = SearchProblem.from_inputs(standard_bulk(bulk("MgO", "rocksalt", a=4.212)), boundary, {"thickness": 6.0})
    assert all(one.polar for one in problem.bicrystal.terminations)


@pytest.mark.parametrize(
    ("boundary", "space", "message"),
    [
        ({"charges": {"Cu": 1}}, {}, "add up to"),
        ({"charges": {"Al": 0}}, {}, "no formal charge is given for Cu"),
        ({"charges": 3}, {}, "charge"),
        ({"charges": {"Cu": "high"}}, {}, "charge"),
        ({}, {"spacing": 0.1}, "unknown setting 'spacing'"),
        ({}, {"translation_spacing": -0.1}, "'translation_spacing' of the search space is out of range"),
        ({}, {"translation_spacing": "fine"}, "wrong type"),
        ({}, {"thickness": -3.0}, "thickness"),
        ({}, {"thickness": float("nan")}, "nan|thickness"),
        ({}, {"geometry": "slap"}, "unknown geometry 'slap'"),
        ({}, {"geometry": "slab", "vacuum": 2.0}, "vacuum of at least"),
        ({}, {"repeat": [0, 1]}, "two positive integers"),
        ({}, {"gaps": []}, "'gaps'"),
        ({}, {"gaps": 0.3}, "wrong type|gaps"),
        ({}, {"gaps": ["wide"]}, "wrong type|gaps"),
        ({}, {"terminations": ["top"]}, "wrong type|termination"),
        ({}, {"max_removed": "two"}, "wrong type"),
    ],
)
def test_wrong_settings_are_refused_in_one_sentence(reference, boundary, space, message):
    with pytest.raises(ValueError, match=message) as caught:
        SearchProblem.from_inputs(reference, {**BOUNDARY, **boundary}, {**SPACE, **space})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"gaps": [0.0], "min_distance_ratio": 0.999}, "closer than 0.999 bonds; give larger gaps"),
        ({"terminations": [7]}, "there is no termination 7"),
        ({"max_removed": 50}, "remove"),
    ],
)
def test_spaces_without_candidates_are_refused(reference, space, message):
    problem = SearchProblem.from_inputs(reference, BOUNDARY, {**SPACE, **space})
    with pytest.raises(ValueError, match=message):
        problem.build(problem.candidates(), range(len(problem.candidates())))


def test_every_candidate_tells_its_closest_pair_and_density(problem, candidates):
    """Both by another route: all distances of the structure, and the excess that the gap adds to the height."""
    rows = [0, 5, len(candidates) - 1]
    built = problem.build(candidates, rows)
    for row, atoms in enumerate(built):
        distances = atoms.get_all_distances(mic=True)
        closest = distances[np.triu_indices(len(atoms), 1)].min()
        assert built.columns["closest_contact"][row] == pytest.approx(closest, abs=1e-9)
        bulk_height = len(atoms) * 3.615**3 / 4 / problem.bicrystal.area
        expected = bulk_height / (bulk_height + 2 * built.columns["gap"][row])
        assert built.columns["density_ratio"][row] == pytest.approx(expected, rel=1e-9)
