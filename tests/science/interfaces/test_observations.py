"""What a search has seen: rows that make sense, and rows of earlier searches found again on other grids."""

from dataclasses import replace

import numpy as np
import pytest
from searches import BOUNDARY, emt

from aiida_gbml.science.archive import write_arrays
from aiida_gbml.science.interfaces.observations import Observations, ObservationsError, match_candidates, observe
from aiida_gbml.science.interfaces.problem import SearchProblem
from aiida_gbml.science.structure_set import FAILED


def seen(*candidates, energies=None):
    count = len(candidates)
    values = np.arange(count, dtype=float) if energies is None else np.array(energies, dtype=float)
    reasons = np.where(np.isnan(values), "lost atoms", "")
    return Observations(np.array(candidates, dtype=np.int64), values, values / 10, reasons)


def with_spacing(reference, spacing):
    """Return a problem and its candidates on another grid of translations."""
    settings = {"thickness": 5.0, "translation_spacing": spacing}
    problem = SearchProblem.from_inputs(reference, BOUNDARY, settings)
    return problem, problem.candidates()


def test_sums_keep_the_order_and_the_counts():
    both = seen(7, 3) + seen(5, energies=[np.nan])
    assert both.candidates.tolist() == [7, 3, 5]
    assert both.failed.tolist() == [False, False, True]
    assert both.best == 0
    assert len(both) == 3


def test_nothing_is_best_when_nothing_succeeded():
    assert Observations.empty().best is None
    assert seen(1, 2, energies=[np.nan, np.nan]).best is None


def test_bytes_are_deterministic_and_come_back():
    both = seen(7, 3) + seen(5, energies=[np.nan])
    again = Observations.from_bytes(both.to_bytes())
    assert again.to_bytes() == both.to_bytes()
    assert again.reasons.tolist() == ["", "", "lost atoms"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: seen(1, 2) + seen(2), "recorded twice"),
        (lambda: Observations(np.arange(2), np.zeros(2), np.zeros(3), np.full(2, "")), "differ in shape"),
        (lambda: Observations(np.arange(1), np.array([np.nan]), np.zeros(1), np.array([""])), "finite energy or a"),
        (lambda: Observations(np.arange(1), np.array([np.inf]), np.zeros(1), np.array([""])), "finite energy or a"),
        (lambda: Observations(np.arange(1), np.array([1.0]), np.zeros(1), np.array(["lost"])), "finite energy or a"),
        (lambda: replace(seen(1), machine_faults=np.ones(1, bool)), "come without an energy"),
        (lambda: replace(seen(1, energies=[np.nan]), machine_faults=np.ones(1)), "true or false"),
        (lambda: Observations.from_bytes(b"PK not an archive"), "array archive"),
        (lambda: Observations.from_bytes(write_arrays({"candidates": np.zeros(1)})), "energies"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(ObservationsError, match=message):
        make()


def test_failed_rows_are_observed_with_their_reason(evaluated):
    status, reasons = evaluated.columns["status"].copy(), evaluated.columns["reason"].astype("U20")
    status[3], reasons[3] = FAILED, "lost atoms"
    found = observe(evaluated.with_columns(status=status, reason=reasons))
    assert np.flatnonzero(found.failed).tolist() == [3]
    assert np.isnan(found.volumes[3])
    assert found.reasons[3] == "lost atoms"
    assert np.array_equal(np.delete(found.energies, 3), np.delete(evaluated.columns["excess_energy"], 3))


def test_faults_of_the_machine_are_told_apart_and_survive_the_archive(evaluated):
    status, reasons = evaluated.columns["status"].copy(), evaluated.columns["reason"].astype("U20")
    status[[2, 3]], reasons[[2, 3]] = FAILED, ["lost atoms", "out of time"]
    found = observe(evaluated.with_columns(status=status, reason=reasons, machine_fault=np.arange(len(evaluated)) > 2))
    assert np.flatnonzero(found.failed).tolist() == [2, 3]
    assert np.flatnonzero(found.machine_faults).tolist() == [3]  # and none of the rows that succeeded
    both = Observations.from_bytes((Observations.empty() + found).to_bytes())
    assert both.machine_faults.tolist() == found.machine_faults.tolist()


def test_observations_stored_before_faults_were_told_apart_have_none():
    arrays = {name: column for name, column in vars(seen(7, 3)).items() if name != "machine_faults"}
    assert Observations.from_bytes(write_arrays(arrays)).machine_faults.tolist() == [False, False]


def test_rows_that_are_no_candidates_are_not_observed(evaluated):
    found = observe(evaluated.take([0, 1, 2]).with_columns(candidate=[-1, 1, -1]))
    assert found.candidates.tolist() == [1]
    assert found.energies[0] == evaluated.columns["excess_energy"][1]


def test_an_equal_search_knows_every_candidate(candidates, evaluated):
    (matched,) = match_candidates(candidates, [evaluated])
    assert matched.columns["candidate"].tolist() == list(range(len(candidates)))


def test_only_what_the_machine_failed_is_tried_again(candidates, evaluated):
    status, reasons = evaluated.columns["status"].copy(), evaluated.columns["reason"].astype("U20")
    status[[2, 3]], reasons[[2, 3]] = FAILED, ["lost atoms", "out of time"]
    told_apart = evaluated.with_columns(status=status, reason=reasons, machine_fault=reasons == "out of time")
    (matched,) = match_candidates(candidates, [told_apart])
    assert np.flatnonzero(matched.columns["candidate"] < 0).tolist() == [3]
    assert np.flatnonzero(observe(matched).failed).tolist() == [2]
    columns = {name: column for name, column in told_apart.columns.items() if name != "machine_fault"}
    (matched,) = match_candidates(candidates, [replace(told_apart, columns=columns)])
    assert np.flatnonzero(matched.columns["candidate"] < 0).tolist() == [2, 3]


def test_equivalents_of_a_candidate_are_that_candidate(candidates, evaluated):
    """Every image of a translation under the bicrystal symmetry, in any cell of the lattice, is the same boundary."""
    group = candidates.group
    generator = np.random.default_rng(3)
    for image in range(len(group)):
        cells = generator.integers(-3, 4, (len(candidates), 2)) @ group.lattice
        moved = group.images(candidates.translations)[image] + cells
        (matched,) = match_candidates(candidates, [evaluated.with_columns(translation=moved)])
        assert matched.columns["candidate"].tolist() == list(range(len(candidates)))


def test_a_finer_grid_recognises_what_lies_on_both(reference, candidates, evaluated):
    """Half the step: all points of the coarse grid are points of the fine one, with the same unrelaxed energies."""
    coarse = candidates.group.divisions(0.8)
    fine, finer = with_spacing(reference, 0.4)
    assert finer.group.divisions(0.4) == tuple(2 * n for n in coarse)
    (matched,) = match_candidates(finer, [evaluated])
    rows = matched.columns["candidate"]
    assert np.all(rows >= 0)
    assert len(set(rows.tolist())) == len(rows)
    energies = emt(fine.build(finer, rows)).columns["energy"]
    np.testing.assert_allclose(energies, evaluated.columns["energy"], atol=1e-6)


def test_what_is_no_candidate_or_known_already_is_not_observed(candidates, evaluated):
    elsewhere = evaluated.columns["translation"].copy()
    elsewhere[0] += 0.05
    stranger = evaluated.with_columns(translation=elsewhere)
    other_gap = evaluated.with_columns(gap=evaluated.columns["gap"] + 0.01)
    first, second, third = match_candidates(candidates, [stranger, evaluated, other_gap])
    assert first.columns["candidate"].tolist() == [-1, *range(1, len(candidates))]
    assert second.columns["candidate"].tolist() == [0] + [-1] * (len(candidates) - 1)
    assert set(third.columns["candidate"].tolist()) == {-1}
    twice = evaluated.take([4, 4])
    assert match_candidates(candidates, [twice])[0].columns["candidate"].tolist() == [4, -1]
