"""What is no candidate has one reason."""

from __future__ import annotations

import pytest

from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.evaluation.coverage import REASONS, Coverage, never_seen
from aiida_gbml.science.compounds.filters import ElementFilter
from aiida_gbml.science.compounds.ions import IonTable
from aiida_gbml.science.compounds.roles import CoefficientLimits


def made(*formulas: str) -> CompositionSet:
    return CompositionSet.of([parse_formula(text) for text in formulas])


def test_each_composition_is_a_candidate_or_has_a_reason() -> None:
    space = CandidateSpace(
        IonTable.default(), 3, CoefficientLimits(4, 20), ElementFilter.from_dict({"without": ["Pb"]})
    )
    compositions = made(
        "BaTiO3",  # a candidate
        "NaCl",
        "HgXeO3",
        "FeCoNi",
        "LiTiO",
        "Y3Al5O12",
        "PbTiO3",
        "ZnCr2S4",  # a candidate
    )
    found = Coverage.of(compositions, space)
    assert found.rows.tolist() == [0, 7]
    assert [found.roles.ionic_formula(row) for row in range(len(found))] == ["TiBaO3", "Cr2ZnS4"]
    assert found.outside == {
        "number of elements": 1,
        "no ion": 1,
        "no anion": 1,
        "not neutral": 0,
        "coefficient": 1,
        "filter": 1,
    } | {"not neutral": len(compositions) - 2 - 5}
    assert tuple(found.outside) == REASONS
    assert {reason: compositions.take(found.rows_outside(reason)).formulas() for reason in REASONS} == {
        "number of elements": ["NaCl"],
        "no ion": ["HgXeO3"],
        "no anion": ["FeCoNi"],
        "not neutral": ["LiTiO"],
        "coefficient": ["Y3Al5O12"],
        "filter": ["TiPbO3"],
    }


@pytest.mark.parametrize(
    ("formula", "mixed_valence", "reason"),
    [
        ("La6Mo8O33", False, "coefficient"),  # 6 * 3 + 8 * 6 = 2 * 33
        ("La6Mo8O34", False, "not neutral"),
        ("La8Ti24O59", False, "not neutral"),  # 24 + 94: one charge a titanium atom would be a fraction
        ("La8Ti24O59", True, "coefficient"),
        ("La6Mo80O33", True, "not neutral"),
        ("Mo8Xe6O33", False, "no ion"),
    ],
)
def test_a_formula_too_large_to_be_a_candidate_may_be_neutral(formula: str, mixed_valence: bool, reason: str) -> None:
    ions = IonTable.from_dict(
        {"cations": {"La": [3], "Mo": [4, 6], "Ti": [3, 4]}, "anions": {"O": 2}, "mixed_valence": mixed_valence}
    )
    outside = Coverage.of(made(formula), CandidateSpace(ions, 3)).outside
    assert {name: count for name, count in outside.items() if count} == {reason: 1}


def test_ratios_and_elements_that_were_never_seen() -> None:
    space = CandidateSpace(IonTable.default(), 3)
    known = Coverage.of(made("BaTiO3", "ZnCr2S4", "Na2SO4"), space).roles
    later = Coverage.of(made("SrTiO3", "TiBaS3", "Cr2ZnO4", "ZnTi2O5", "BaCrO4", "BaTiSe3"), space)
    ratio, element = never_seen(later.roles, known)
    assert [later.roles.ionic_formula(row) for row in range(6)] == [
        "TiSrO3",
        "TiBaS3",
        "Cr2ZnO4",
        "Ti2ZnO5",
        "CrBaO4",
        "TiBaSe3",
    ]
    assert ratio.tolist() == [False, False, False, True, True, False]
    assert element.tolist() == [True, False, False, False, False, True]
