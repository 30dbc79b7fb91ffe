"""Similarity of elements, held to counting by hand and to scikit-learn."""

import numpy as np
import pytest
from ase.data import atomic_numbers
from known_compositions import known_roles, known_set, space_of
from sklearn.kernel_ridge import KernelRidge

from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.recommenders.element_kernel import (
    anion_kernel,
    cation_kernel,
    shared_surroundings,
    smoother,
)
from aiida_gbml.science.compounds.recommenders.sparse_tensor import RoleAxes


def of(*formulas: str) -> CompositionSet:
    """Return the set of some formulas."""
    return CompositionSet.of([parse_formula(formula) for formula in formulas])


def test_surroundings_are_shared_by_elements_with_the_same_rest() -> None:
    # Na, K and Rb in _Cl; Na and K in _2O; the rest stand alone. Na2O and NaCl share nothing but the sodium.
    shared = shared_surroundings(of("NaCl", "KCl", "RbCl", "Na2O", "K2O", "MgO", "NaAu2", "KAu3"))
    sodium, potassium, rubidium, magnesium = (atomic_numbers[symbol] for symbol in ("Na", "K", "Rb", "Mg"))
    assert shared[sodium, potassium] == pytest.approx(1 / np.log(4) + 1 / np.log(3))
    assert shared[sodium, rubidium] == pytest.approx(1 / np.log(4))
    assert shared[sodium, magnesium] == 0
    assert shared[atomic_numbers["Cl"], atomic_numbers["O"]] == 0  # one beside NaCl, the other beside Na2O
    np.testing.assert_array_equal(shared, shared.T)


def test_intermetallics_and_large_compositions_count_and_the_largest_do_not() -> None:
    shared = shared_surroundings(of("CeAu2Si2", "PrAu2Si2", "CaNaAlSiF9O", "SrNaAlSiF9O"))
    assert shared[atomic_numbers["Ce"], atomic_numbers["Pr"]] > 0
    assert shared[atomic_numbers["Ca"], atomic_numbers["Sr"]] == 0


@pytest.mark.parametrize("arity", [2, 3, 4])
def test_kernels_are_positive_definite(arity: int) -> None:
    known, space = known_set(), space_of(arity)
    roles = known_roles(known, arity)
    axes = RoleAxes.of(roles, space.ions)
    for kernel, size in ((cation_kernel(known, [roles], axes), 11), (anion_kernel(roles, axes), 4)):
        assert kernel.shape == (size, size)
        np.testing.assert_allclose(kernel, kernel.T, atol=1e-14)
        assert np.linalg.eigvalsh(kernel).min() > 0.1
        assert kernel.max() <= 1


def test_elements_of_a_family_are_alike() -> None:
    known = of("LiAlO2", "NaAlO2", "KAlO2", "LiFeO2", "NaFeO2", "MgTiO3", "CaTiO3", "LiF", "NaF", "MgO", "CaO")
    space = space_of(3)
    roles = known_roles(known, 3)
    axes = RoleAxes.of(roles, space.ions)
    kernel = cation_kernel(known, [roles], axes)
    lithium, sodium, magnesium, calcium = axes.cation_places(np.array([3, 11, 12, 20]))
    assert min(kernel[lithium, sodium], kernel[magnesium, calcium]) > kernel[lithium, magnesium]


def test_the_smoother_is_kernel_ridge_regression() -> None:
    generator = np.random.default_rng(0)
    root = generator.normal(size=(6, 6))
    kernel, target = root @ root.T, generator.normal(size=(6, 3))
    expected = KernelRidge(alpha=0.7, kernel="precomputed").fit(kernel, target).predict(kernel)
    np.testing.assert_allclose(smoother(kernel, 0.7) @ target, expected)
