"""What a search has found, in plain values."""

import json

import numpy as np
import pytest
from ase.build import bulk

from aiida_gbml.science.interfaces.observations import Observations
from aiida_gbml.science.interfaces.problem import SearchProblem, standard_bulk
from aiida_gbml.science.interfaces.strategies import Strategy
from aiida_gbml.science.interfaces.summary import best_row, describe_best, describe_boundary, gamma_surface
from aiida_gbml.science.structure_set import FAILED


def first(observations, count):
    return Observations(
        *(getattr(observations, name)[:count] for name in ("candidates", "energies", "volumes", "reasons"))
    )


def test_the_best_row_is_the_lowest_that_succeeded(evaluated):
    energies = evaluated.columns["excess_energy"]
    order = np.argsort(energies)
    assert best_row(evaluated) == order[0]
    status = evaluated.columns["status"].copy()
    status[order[0]] = FAILED  # its energy is still there, and does not count
    assert best_row(evaluated.with_columns(status=status)) == order[1]


def test_without_any_success_there_is_no_best_row(evaluated):
    with pytest.raises(ValueError, match="no evaluation succeeded"):
        best_row(evaluated.with_columns(status=[FAILED] * len(evaluated)))


def test_a_boundary_is_described_in_the_words_of_the_field(problem):
    """Sigma 5 (210) [001]: 2 atan(1/2) about the axis; the periods are a sqrt(5) and half of a centred rectangle."""
    described = describe_boundary(problem)
    expected = {"sigma": 5, "type": "symmetric tilt", "rotation_axis": [0, 0, 1], "gb_plane": [2, 1, 0]}
    assert expected.items() <= described.items()
    assert described["rotation_angle"] == pytest.approx(np.degrees(2 * np.arctan(0.5)))
    assert described["area"] == pytest.approx(np.sqrt(5) * 3.615 * 3.615 / 2)
    assert described["lattice_parameter"] == pytest.approx(3.615)
    assert (described["pretty_formula"], described["elements"], described["n_boundaries"]) == ("Cu", ["Cu"], 2)
    assert json.loads(json.dumps(described)) == described


def test_formulas_of_compounds_are_written_as_usual():
    fluorite = standard_bulk(bulk("CaF2", "fluorite", a=5.46))
    problem = SearchProblem.from_inputs(fluorite, {"sigma": 5, "axis": [0, 0, 1], "plane": [2, 1, 0]}, {})
    described = describe_boundary(problem)
    assert (described["pretty_formula"], described["elements"]) == ("CaF2", ["Ca", "F"])


def test_the_best_is_described_by_its_own_row(evaluated):
    described = describe_best(evaluated, 4)
    assert described["gb_energy"] == evaluated.columns["excess_energy"][4]
    assert described["translation"] == evaluated.columns["translation"][4].tolist()
    assert described["n_atoms"] == 14
    assert json.loads(json.dumps(described)) == described


def test_a_slab_has_no_excess_volume_to_describe(evaluated):
    unknown = evaluated.with_columns(excess_volume=np.full(len(evaluated), np.nan))
    assert "excess_volume" not in describe_best(unknown, 0)


def test_a_kriging_search_predicts_every_candidate(candidates, observations):
    """At what was observed the prediction is the observation, with no deviation; elsewhere there is one."""
    known = first(observations, 20)
    search = Strategy().search(candidates, known, seed=0)
    surface = gamma_surface(search, candidates)
    assert len(surface["mean"]) == len(candidates)
    scale = np.ptp(known.energies)
    low = np.argsort(known.energies)[:10]  # the highest ones are capped
    np.testing.assert_allclose(surface["mean"][low], known.energies[low], atol=0.02 * scale)
    assert surface["deviation"][:20].max() < surface["deviation"][20:].max()
    assert np.array_equal(surface["translations"], candidates.translations)
