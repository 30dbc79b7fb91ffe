"""Leaks are named, and swaps of one element are told from the rest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition import Composition, parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.evaluation.leakage import count_swaps, element_swaps, without_known
from aiida_gbml.science.compounds.evaluation.splits import EvaluationError
from aiida_gbml.science.compounds.ions import IonTable
from aiida_gbml.science.compounds.roles import CoefficientLimits


def made(*formulas: str) -> CompositionSet:
    return CompositionSet.of([parse_formula(text) for text in formulas])


def test_what_is_known_is_removed_and_counted_or_refused() -> None:
    known, later = made("BaTiO3", "NaCl", "KCl", "LiF", "MgO"), made("Ba2Ti2O6", "SrTiO3", "NaCl", "KCl", "LiF")
    left, n_leaked = without_known(known, later)
    assert (left.formulas(), n_leaked) == (["SrTiO3"], 4)
    with pytest.raises(EvaluationError, match=r"4 of the 5 later .* known already \(BaTiO3, NaCl, KCl, \.\.\.\): take"):
        without_known(known, later, "refuse")
    assert without_known(known, made("SrTiO3"), "refuse")[1] == 0
    with pytest.raises(EvaluationError, match="all 1 later compositions are known already"):
        without_known(known, made("NaCl"))


def test_swaps_of_known_compounds() -> None:
    known = made("BaTiO3", "LiGaO2", "ZnCr2S4")
    later = ["SrTiO3", "BaTiS3", "SrZrO3", "BaTi2O5", "LiGaS2", "MgAl2O4", "CdCr2S4", "Zn2CrS4", "TiBa3O", "Ba"]
    swapped = element_swaps(made(*later), known)
    assert [text for text, is_swap in zip(later, swapped, strict=True) if is_swap] == [
        "SrTiO3",
        "BaTiS3",
        "LiGaS2",
        "CdCr2S4",
    ]


COMPOSITIONS = st.lists(
    st.dictionaries(st.sampled_from([3, 8, 9, 11, 16]), st.integers(1, 2), min_size=2, max_size=3).map(Composition.of),
    min_size=1,
    max_size=8,
)


def is_swap(one: Composition, other: Composition) -> bool:
    """Return whether compositions differ in one element and in nothing else."""
    first, second = (set(zip(c.numbers, c.coefficients, strict=True)) for c in (one, other))
    left, right = first - second, second - first
    if len(one.numbers) != len(other.numbers) or len(left) != 1 or len(right) != 1:
        return False
    ((number, amount),), ((replacing, same),) = left, right
    return amount == same and number != replacing


@given(COMPOSITIONS, COMPOSITIONS)
@settings(max_examples=80)
def test_swaps_are_those_of_a_comparison_of_all_pairs(first: list[Composition], second: list[Composition]) -> None:
    known, later = CompositionSet.of(first), CompositionSet.of(second)
    later = later.take(~known.contains(later))
    expected = [any(is_swap(later[row], known[other]) for other in range(len(known))) for row in range(len(later))]
    assert element_swaps(later, known).tolist() == expected


def test_the_number_of_swaps_among_all_candidates() -> None:
    ions = IonTable({11: (1,), 26: (2, 3), 25: (2, 4), 16: (4,)}, {8: 2, 16: 2, 9: 1})
    space = CandidateSpace(ions, 3, CoefficientLimits(3, 6))
    tables = [block.roles() for block in space.blocks()]
    everything = CompositionSet.of([table.composition(row) for table in tables for row in range(len(table))])
    known = everything.take(np.arange(0, len(everything), 17)).joined(made("Na2FeO2", "NiFeO", "NaCl", "LiFe40O50"))
    unknown = everything.take(~known.contains(everything))
    assert count_swaps(known, space) == int(element_swaps(unknown, known).sum()) > 5
    assert count_swaps(made("Na2O", "FeF2"), space) == 0
