"""Tests of aiida_gbml.calculations.summarise_ranking."""

from __future__ import annotations

import pytest
from ranked import ranking_of

from aiida_gbml.calculations.summarise_ranking import summarise_ranking
from aiida_gbml.data.composition_set import CompositionSetData
from aiida_gbml.data.ranking import RankingData
from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet

pytestmark = pytest.mark.usefixtures("aiida_profile")


def test_a_report_is_plain() -> None:
    known = CompositionSetData(CompositionSet.of([parse_formula("SrTiO3")]))
    report = summarise_ranking(RankingData(ranking_of(["BaTiO3"])), known)["report"]
    assert (report["first"], report["n_known_inside"], report["n_excluded"]) == (["BaTiO3"], 1, 0)
