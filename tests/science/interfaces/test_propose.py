"""What a search evaluates next, and that a worker says the same."""

import numpy as np
import pytest
from searches import BOUNDARY, SPACE

from aiida_gbml.science.interfaces.observations import Observations, ObservationsError
from aiida_gbml.science.interfaces.propose import propose, run, starting_points
from aiida_gbml.science.strict_json import read_json
from aiida_gbml.science.structure_set import FAILED, StructureSet, StructureSetError

COLUMNS = ("candidates", "energies", "volumes", "reasons")


def parameters(**changes):
    return {"boundary": BOUNDARY, "space": SPACE, "strategy": {}, "batch_size": 4, "seed": 5, "budget": 20, **changes}


def rows(observations, chosen):
    return Observations(*(getattr(observations, name)[list(chosen)] for name in COLUMNS))


@pytest.fixture
def ask(candidates, reference):
    def asked(known=None, pending=(), templates=(), **changes):
        observed = Observations.empty() if known is None else known
        given = parameters(**changes)
        return propose(candidates, reference, observed, given, pending=pending, templates=templates)

    return asked


def chosen(proposal):
    return proposal.structures.columns["candidate"].tolist()


def test_a_round_holds_as_many_new_candidates_as_were_asked_for(ask, observations):
    known = rows(observations, range(8))
    proposal = ask(known)
    assert len(set(chosen(proposal))) == 4
    assert not set(chosen(proposal)) & set(range(8))
    assert proposal.stop_reason is None


def test_the_same_seed_proposes_the_same(ask, observations):
    known = rows(observations, [3, 9, 20, 1, 7, 13])
    assert ask(known).structures.to_bytes() == ask(known).structures.to_bytes()
    orders = {tuple(chosen(ask(strategy={"method": "random"}, seed=seed))) for seed in range(5)}
    assert len(orders) == 5


def test_a_search_goes_where_the_energy_is_low(ask, observations):
    """Half the candidates known: what is asked for next lies, on average, below what is left."""
    half = range(0, len(observations), 2)
    left = set(range(len(observations))) - set(half)
    asked = chosen(ask(rows(observations, half), budget=40))
    assert observations.energies[asked].mean() < np.mean(observations.energies[list(left)])


def test_rounds_under_way_are_not_proposed_again(ask, observations):
    known = rows(observations, range(6))
    first = ask(known)
    second = ask(known, pending=[first.structures])
    assert not set(chosen(first)) & set(chosen(second))


def test_the_budget_counts_what_is_known_and_under_way(ask, observations):
    known = rows(observations, range(6))
    under_way = ask(known, budget=11)
    last = ask(known, budget=11, pending=[under_way.structures])
    assert len(last.structures) == 1
    none = ask(rows(observations, range(11)), budget=11)
    assert (len(none.structures), none.stop_reason) == (0, "budget spent")


def test_when_everything_is_known_there_is_nothing_left(ask, observations):
    over = ask(observations, budget=None)
    assert (len(over.structures), over.stop_reason) == (0, "all candidates evaluated")
    assert over.outlook == {"stop_reason": "all candidates evaluated", "expected_regret": 0.0}


@pytest.mark.parametrize("method", ["random", "exhaustive"])
def test_searches_that_learn_nothing_ask_for_all_at_once(ask, candidates, method):
    assert len(ask(strategy={"method": method}, budget=15).structures) == 15
    everything = chosen(ask(strategy={"method": method}, budget=None))
    assert sorted(everything) == list(range(len(candidates)))


def test_expected_regret_is_told_once_there_is_a_model(ask, observations):
    assert ask(rows(observations, range(3))).expected_regret is None
    assert ask(rows(observations, range(10))).expected_regret > 0
    assert ask(rows(observations, range(10)), strategy={"method": "random"}).expected_regret is None


def test_nothing_is_told_when_all_evaluations_have_failed(ask):
    known = Observations(np.arange(6), np.full(6, np.nan), np.full(6, np.nan), np.full(6, "lost atoms"))
    proposal = ask(known)
    assert len(proposal.structures) == 4
    assert proposal.outlook == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"budget": -1},
        {"batch_size": 0},
        {"strategy": {"method": "annealing"}},
        {"boundary": {**BOUNDARY, "sigma": 4}},
        {"space": {"thickness": -1}},
    ],
)
def test_wrong_parameters_are_refused(ask, changes):
    with pytest.raises(ValueError, match=r"\w+"):
        ask(**changes)


# Starting points from other boundaries


def test_the_best_of_an_equal_boundary_are_its_starting_points(candidates, evaluated):
    best = np.argsort(evaluated.columns["excess_energy"])[:3].tolist()
    assert starting_points(candidates, [evaluated]) == best


def test_equivalents_lead_to_the_same_starting_points(candidates, evaluated):
    group = candidates.group
    for image in range(len(group)):
        fractions = group.fractional(group.images(candidates.translations)[image])
        moved = evaluated.with_columns(translation_fraction=fractions)
        assert starting_points(candidates, [moved]) == starting_points(candidates, [evaluated])


def test_failed_rows_are_no_templates(candidates, evaluated):
    status = evaluated.columns["status"].copy()
    best = np.argsort(evaluated.columns["excess_energy"])
    status[best[0]] = FAILED
    assert starting_points(candidates, [evaluated.with_columns(status=status)]) == best[1:4].tolist()


def test_a_template_of_another_cell_is_aligned_by_fractions(candidates, evaluated):
    """A grid point stretched with its cell; a gap that is nobody's goes to the nearest."""
    row = 11
    template = evaluated.take([row]).with_columns(
        gap=evaluated.columns["gap"][[row]] + 0.1, translation=3 * evaluated.columns["translation"][[row]]
    )
    assert starting_points(candidates, [template]) == [row]


def test_starting_points_come_first_and_once(ask, candidates, evaluated):
    expected = starting_points(candidates, [evaluated, evaluated])
    assert len(expected) == 3
    assert chosen(ask(templates=[evaluated, evaluated]))[:3] == expected


# The task of a worker


def test_the_worker_proposes_the_same(ask, candidates, reference, observations, evaluated):
    known = rows(observations, range(6))
    under_way = ask(known).structures
    archives = {
        "candidates": candidates.to_bytes(),
        "reference": reference.to_bytes(),
        "observations": known.to_bytes(),
        "pending_0000": under_way.to_bytes(),
        "template_other": evaluated.to_bytes(),
    }
    outputs = run(archives, parameters())
    expected = ask(known, pending=[under_way], templates=[evaluated])
    assert outputs["proposal"] == expected.structures.to_bytes()
    assert read_json(outputs["outlook"]) == expected.outlook


def test_a_first_proposal_needs_no_observations(ask, candidates, reference):
    outputs = run({"candidates": candidates.to_bytes(), "reference": reference.to_bytes()}, parameters())
    assert StructureSet.from_bytes(outputs["proposal"]).columns["candidate"].tolist() == chosen(ask())


def test_damaged_archives_are_refused(candidates, reference, observations):
    archives = {
        "candidates": candidates.to_bytes(),
        "reference": reference.to_bytes(),
        "observations": observations.to_bytes(),
    }
    for name in archives:
        damaged = {**archives, name: archives[name][:-40]}
        with pytest.raises((ObservationsError, StructureSetError, ValueError)):
            run(damaged, parameters())
