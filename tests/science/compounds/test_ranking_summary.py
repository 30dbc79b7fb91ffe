"""Tests of aiida_gbml.science.compounds.ranking_summary."""

from __future__ import annotations

import pytest
from ranked import ranking_of

from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.ranking_summary import summarise_ranking
from aiida_gbml.science.strict_json import write_json

KNOWN = CompositionSet.of([parse_formula(text) for text in ("SrTiO3", "MgO", "KrO2", "CuAu3Sr", "MgAl2O4")])


def test_a_summary_counts_what_was_known_and_what_came_first() -> None:
    ranking = ranking_of(["BaTiO3", "CaTiO3", "NaAlS2"], [0.9, 0.5, 0.1])
    summary = summarise_ranking(ranking, KNOWN, KNOWN.take([0, 1]))
    assert (summary["n_scored"], summary["n_listed"], summary["arity"]) == (100, 3, 3)
    assert (summary["n_known"], summary["n_known_of_arity"], summary["n_known_inside"]) == (5, 3, 2)
    assert summary["known_outside"]["number of elements"] == 2
    assert summary["first"] == ["BaTiO3", "CaTiO3", "NaAlS2"]
    # calcium and barium are beside strontium; nothing of the ratio 1:1:2 is known
    assert summary["nearest_known_of_first_100"] == ["SrTiO3", "SrTiO3", ""]
    assert summary["anions_of_first_100"] == {"O": 2, "S": 1}
    assert summary["n_elements_in_first_100"] == 7
    assert summary["mean_probability_of_first_100"] == pytest.approx(0.5)
    assert summary["n_excluded"] == 2
    write_json(summary)


def test_a_model_without_probabilities_expects_nothing() -> None:
    assert summarise_ranking(ranking_of(["BaTiO3"]), KNOWN)["mean_probability_of_first_100"] is None
