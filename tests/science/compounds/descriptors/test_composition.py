"""Fractions of elements."""

import numpy as np
import pytest

from aiida_gbml.science.compounds.descriptors.composition import (
    FRACTION_NAMES,
    STOICHIOMETRY_NAMES,
    fractions,
    stoichiometry,
)
from aiida_gbml.science.compounds.descriptors.compounds import Compounds
from aiida_gbml.science.compounds.elements import ElementError


def test_fractions_are_of_atoms() -> None:
    values = fractions(Compounds.of_compositions(np.array([[8, 22, 56], [14, 0, 0]]), np.array([[3, 1, 1], [1, 0, 0]])))
    assert values.shape == (2, len(FRACTION_NAMES))
    assert values[0, FRACTION_NAMES.index("fraction(O)")] == pytest.approx(0.6)
    assert values.sum(axis=1) == pytest.approx([1, 1])


def test_an_element_without_a_column_is_named() -> None:
    with pytest.raises(ElementError, match="atomic number 110"):
        fractions(Compounds.of_compositions(np.array([[110]]), np.array([[1]])))


def test_the_stoichiometry_is_that_of_the_reduced_formula() -> None:
    numbers, amounts = np.array([[8, 22, 56], [11, 17, 0], [14, 0, 0]]), np.array([[6, 2, 2], [4, 4, 0], [2, 0, 0]])
    values = stoichiometry(Compounds.of_compositions(numbers, amounts))
    table = dict(zip(STOICHIOMETRY_NAMES, values.T, strict=True))
    assert table["n_elements"].tolist() == [3, 2, 1]
    assert np.exp(table["log_atoms"]) == pytest.approx([5, 2, 1])
    assert table["largest_fraction"] == pytest.approx([0.6, 0.5, 1])
    assert table["norm_2"] == pytest.approx([np.sqrt(0.36 + 0.08), np.sqrt(0.5), 1])
    assert table["norm_3"] == pytest.approx([np.cbrt(0.216 + 0.016), np.cbrt(0.25), 1])


def test_amounts_that_are_not_whole_are_kept() -> None:
    values = stoichiometry(Compounds.of_compositions(np.array([[8, 12]]), np.array([[0.5, 1.5]])))
    assert np.exp(values[0, 1]) == pytest.approx(2)
