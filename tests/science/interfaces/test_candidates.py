"""Test search spaces and candidate sets."""

import json

import numpy as np
import pytest

from aiida_gbml.science.archive import read_arrays, write_arrays
from aiida_gbml.science.interfaces.bicrystal import Bicrystal
from aiida_gbml.science.interfaces.boundary import Boundary
from aiida_gbml.science.interfaces.candidates import CandidateError, CandidateSet, SearchSpace, enumerate_candidates
from aiida_gbml.science.interfaces.crystal import Crystal

COPPER = Crystal.prototype("fcc", "Cu", 3.615)
MGO = Crystal.prototype("rocksalt", ("Mg", "O"), 4.212)
SIGMA5 = Boundary.from_sigma(5, (0, 0, 1), (2, 1, 0))
ANY_CONTACT = {"min_distance_ratio": 0.0}


def candidates(crystal=COPPER, boundary=SIGMA5, **settings):
    return enumerate_candidates(Bicrystal(crystal, boundary), SearchSpace.from_dict(settings))


def test_counts_before_and_after_the_reduction():
    """Sigma 5 (210): the centring halves and the mirrors quarter the grid, up to points on mirrors."""
    found = candidates(translation_spacing=0.1, gaps=[0.5], repeat=[1, 1], **ANY_CONTACT)
    assert found.multiplicities.sum() == found.n_before
    assert 3.5 < found.n_before / len(found) < 4
    rectangular = Bicrystal(COPPER, SIGMA5, repeat=(1, 2))
    doubled = enumerate_candidates(rectangular, SearchSpace(translation_spacing=0.1, gaps=(0.5,), **ANY_CONTACT))
    assert doubled.n_before == 2 * found.n_before
    assert len(doubled) == len(found)


def test_a_finer_coincidence_counts_the_whole_cell():
    """At a sigma 5 twist boundary the cell holds 25 cells of non-identical displacements."""
    twist = Boundary.from_sigma(5, (0, 0, 1), (0, 0, 1))
    found = candidates(boundary=twist, gaps=[0.5], **ANY_CONTACT)
    assert found.n_before == 25 * found.multiplicities.sum()


def test_all_combinations_are_there():
    found = candidates(gaps=[0.2, 0.9], max_removed=1, **ANY_CONTACT)
    columns = (found.translations.round(6), found.gaps, found.terminations, found.n_removed)
    assert len(np.unique(np.column_stack(columns), axis=0)) == len(found)
    points = np.unique(found.translations.round(6), axis=0)
    assert len(found) == 4 * len(points)


def test_overlapping_starts_are_left_out():
    every, sane = candidates(gaps=[0.1], **ANY_CONTACT), candidates(gaps=[0.1], min_distance_ratio=0.7)
    bicrystal = Bicrystal(COPPER, SIGMA5)
    fine = bicrystal.contacts(every.translations, every.gaps) >= 0.7 * COPPER.bond_length
    assert 0 < np.sum(fine) < len(every)
    assert np.array_equal(sane.translations, every.translations[fine])
    assert np.array_equal(sane.multiplicities, every.multiplicities[fine])


def test_removing_the_closest_atoms_mends_an_overlap():
    found = candidates(gaps=[0.1], max_removed=1, min_distance_ratio=0.7)
    bicrystal = Bicrystal(COPPER, SIGMA5)
    removed = found.n_removed == 1
    assert removed.sum() > np.sum(~removed)
    for translation in found.translations[removed][:10]:
        atoms = bicrystal.build(translation, 0.1, n_removed=1)
        assert bicrystal.contact_of(atoms, 0.1) >= 0.7 * COPPER.bond_length


def test_an_impossible_space_is_refused():
    with pytest.raises(CandidateError, match=r"closer than 0.999 bonds; give larger gaps"):
        candidates(gaps=[0.0], min_distance_ratio=0.999)


def test_terminations_are_the_stoichiometric_ones_or_those_named():
    twin = Boundary.from_sigma(3, (1, -1, 0), (1, 1, 1))
    assert set(candidates(MGO, twin).terminations) == {0}
    assert set(candidates(MGO, twin, terminations=[2, 0, 1]).terminations) == {0, 1, 2}
    assert set(candidates(MGO, twin, terminations=[1]).terminations) == {1}
    with pytest.raises(CandidateError, match="no termination 5; this boundary has 3"):
        candidates(MGO, twin, terminations=[5])


def test_order_is_reproducible():
    assert candidates().to_bytes() == candidates().to_bytes()


def test_bytes_and_back():
    found = candidates(max_removed=1)
    copy = CandidateSet.from_bytes(found.to_bytes())
    assert copy.to_bytes() == found.to_bytes()
    assert copy.n_before == found.n_before
    assert np.array_equal(copy.group.rotations, found.group.rotations)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"nothing", "no readable archive"), (write_arrays({"gaps": np.zeros(3)}), "lacks the array")],
)
def test_damaged_bytes_are_refused(content, message):
    with pytest.raises(CandidateError, match=message):
        CandidateSet.from_bytes(content)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("gaps", lambda array: array[:3], "has the shape"),
        ("gaps", lambda array: array * np.nan, "'gaps' holds values that are not finite"),
        ("terminations", lambda array: array.astype(float), "'terminations' holds values of the wrong type"),
        ("multiplicities", lambda array: array.astype(str), "'multiplicities' holds values of the wrong type"),
        ("n_before", lambda array: array[:0], "no readable archive"),
        ("group.lattice", lambda array: array * np.nan, "has the area nan"),
        ("group.shifts", lambda array: array[:0], "expected the shapes"),
    ],
)
def test_arrays_have_to_agree(name, change, message):
    arrays = read_arrays(candidates().to_bytes())
    with pytest.raises(CandidateError, match=message):
        CandidateSet.from_bytes(write_arrays(arrays | {name: change(arrays[name])}))


def test_space_is_plain_json():
    space = SearchSpace(gaps=(0.1, 0.5), repeat=(1, 2))
    assert SearchSpace.from_dict(json.loads(json.dumps(space.to_dict()))) == space


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"spacing": 0.3}, "unknown setting 'spacing' .* known are translation_spacing"),
        ({"translation_spacing": -0.3}, "'translation_spacing' .* out of range: -0.3"),
        ({"translation_spacing": 1e-9}, "'translation_spacing' .* out of range"),
        ({"gaps": []}, r"'gaps' .* out of range: \(\)"),
        ({"gaps": [-0.1]}, "'gaps' .* out of range"),
        ({"gaps": [float("nan")]}, "'gaps' .* out of range"),
        ({"gaps": 0.3}, "wrong type"),
        ({"gaps": ["wide"]}, "wrong type"),
        ({"max_removed": -1}, "'max_removed' .* out of range"),
        ({"max_removed": "two"}, "wrong type"),
        ({"min_distance_ratio": 1.5}, "'min_distance_ratio' .* out of range"),
    ],
)
def test_senseless_spaces_are_refused(settings, message):
    with pytest.raises(CandidateError, match=message):
        SearchSpace.from_dict(settings)
