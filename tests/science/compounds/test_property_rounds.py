"""Rounds of a search over compounds: what goes out, what comes back, and what the database holds at the end."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk
from searches import emt

from aiida_gbml.science.compounds.objective import Objective
from aiida_gbml.science.compounds.property_observations import PropertyObservations
from aiida_gbml.science.compounds.property_rounds import (
    believed,
    describe_search,
    next_round,
    observe,
    with_observations,
)
from aiida_gbml.science.compounds.property_search import PropertySearchSettings, make_search
from aiida_gbml.science.structure_set import StructureSet

METALS = ("Cu", "Ag", "Au", "Ni", "Pd", "Pt", "Al")
CANDIDATES = StructureSet.from_ase(
    [bulk(metal, "fcc", a=a) for metal in METALS for a in (3.6, 4.0, 4.4)],
    structure_label=np.array([f"{metal} {a}" for metal in METALS for a in (3.6, 4.0, 4.4)]),
    energy=np.full(21, np.nan),
    status=np.full(21, "new"),
)
OBJECTIVE = Objective("energy_per_atom")
POINTS = np.column_stack([CANDIDATES.numbers / 80, np.linalg.det(CANDIDATES.cells) / 20])
TRUE = emt(CANDIDATES).columns["energy"]


def test_a_search_in_rounds_finds_the_lowest() -> None:
    seen, rounds = PropertyObservations.empty(), []
    settings = PropertySearchSettings(n_initial=4)
    for _ in range(20):
        search = make_search(POINTS, OBJECTIVE, settings, seen, seed=1, budget=12)
        proposal, outlook = next_round(search, CANDIDATES, 4)
        if "stop_reason" in outlook:
            break
        assert set(proposal.columns) == {"structure_label", "candidate"}
        evaluated, new = observe(emt(proposal), OBJECTIVE)
        rounds.append(evaluated)
        seen = seen + new
    assert outlook["stop_reason"] == "budget spent"
    assert len(proposal) == 0
    assert len(rounds) == 3
    np.testing.assert_allclose(seen.values, TRUE[seen.candidates])
    assert np.sort(TRUE)[2] >= seen.values.min()  # among the best three of twenty-one


def test_random_searches_ask_for_everything_at_once() -> None:
    search = make_search(POINTS, OBJECTIVE, PropertySearchSettings(method="random"), PropertyObservations.empty())
    proposal, outlook = next_round(search, CANDIDATES, 2)
    assert len(proposal) == 21
    assert outlook == {}


def rows(*numbers: int) -> StructureSet:
    return CANDIDATES.take(numbers).with_columns(candidate=np.array(numbers))


def test_what_is_not_evaluated_has_failed_and_says_why() -> None:
    evaluated, seen = observe(rows(3, 5), OBJECTIVE)
    assert set(seen.reasons) == {"not evaluated: the engine ended without a result"}
    assert evaluated.columns["status"].tolist() == ["failed", "failed"]
    assert seen.machine_faults.tolist() == [True, True]
    _, seen = observe(emt(rows(3, 5)), OBJECTIVE)
    assert seen.failed.tolist() == [False, False]
    _, seen = observe(emt(rows(0)).with_columns(gap=[np.nan]), Objective("gap"))
    assert seen.reasons.tolist() == ["the engine gave no finite 'gap'"]
    with pytest.raises(ValueError, match="no property 'gap'"):
        observe(emt(rows(0)), Objective("gap"))


def test_what_the_machine_failed_is_neither_good_nor_bad() -> None:
    lost = rows(3, 5).with_columns(status=["failed"] * 2, reason=["x"] * 2, machine_fault=[True, False])
    evaluated, seen = observe(lost, OBJECTIVE)
    assert seen.machine_faults.tolist() == evaluated.columns["machine_fault"].tolist() == [True, False]
    search = make_search(POINTS, OBJECTIVE, PropertySearchSettings(), seen)
    assert list(search.observed) == [5]
    assert not search.available[3]
    proposal, _ = next_round(search, CANDIDATES.with_columns(machine_fault=np.ones(21, bool)), 2)
    assert "machine_fault" not in proposal.columns  # what an earlier search says does not go to the engine


def test_the_database_remembers_and_the_next_search_knows() -> None:
    evaluated, seen = observe(emt(rows(2, 7, 4)), OBJECTIVE)
    database = with_observations(CANDIDATES, seen, OBJECTIVE, evaluated)
    assert database.rows("ok").tolist() == [2, 4, 7]
    np.testing.assert_allclose(database.columns["energy_per_atom"][[2, 4, 7]], TRUE[[2, 4, 7]])
    assert np.isnan(database.columns["energy_per_atom"][0])
    np.testing.assert_array_equal(database.positions, CANDIDATES.positions)
    proposal, _ = next_round(make_search(POINTS, OBJECTIVE, PropertySearchSettings(), seen, budget=30), database, 2)
    assert set(proposal.columns) == {"structure_label", "candidate"}  # no stale value goes to the engine


def test_the_summary_names_the_best_and_counts() -> None:
    given = PropertyObservations(np.array([1]), TRUE[[1]], np.array([""]), np.array([True]))
    evaluated, seen = observe(emt(rows(2, 7, 4)), OBJECTIVE)
    atoms, summary = describe_search(CANDIDATES, given + seen, OBJECTIVE, evaluated)
    best = int((given + seen).candidates[np.argmin((given + seen).values)])
    assert summary["best_candidate"] == best
    assert summary["best_label"] == CANDIDATES.columns["structure_label"][best]
    assert summary["best_formula"] == str(atoms.symbols)
    assert (summary["n_given"], summary["n_evaluated"], summary["n_failed"]) == (1, 3, 0)
    assert summary["unit"] == "eV/atom"
    order = (given + seen).candidates.tolist()
    assert summary["found_after"] == order.index(best)
    with pytest.raises(ValueError, match="no value of the property is known"):
        describe_search(CANDIDATES, PropertyObservations.empty(), OBJECTIVE, None)


def test_beliefs_hold_what_was_seen() -> None:
    _, seen = observe(emt(rows(*range(0, 21, 2))), OBJECTIVE)
    arrays = believed(make_search(POINTS, OBJECTIVE, PropertySearchSettings(), seen), OBJECTIVE)
    assert np.all(arrays["lower"] <= arrays["mean"] + 1e-12)
    assert np.all(arrays["mean"] <= arrays["upper"] + 1e-12)
    assert arrays["is_known"].tolist() == [row % 2 == 0 for row in range(21)]
    widths = arrays["upper"] - arrays["lower"]
    assert widths[1::2].mean() > 2 * widths[::2].mean()
    random = make_search(POINTS, OBJECTIVE, PropertySearchSettings(method="random"), seen)
    assert believed(random, OBJECTIVE) == {}


def test_a_target_is_written_out_in_the_summary() -> None:
    _, seen = observe(emt(rows(2, 7)), Objective("volume_per_atom", "target", 15.0))
    _, summary = describe_search(CANDIDATES, seen, Objective("volume_per_atom", "target", 15.0), None)
    assert summary["goal"] == "close to 15"
    assert summary["unit"] == "Å³/atom"
