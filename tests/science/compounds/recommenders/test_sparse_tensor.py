"""The tensor of known compositions, held to its symmetry and to brute force."""

from itertools import permutations

import numpy as np
import pytest
from known_compositions import IONS, LIMITS, all_candidates, known_roles, known_set, space_of

from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.ions import IonTable
from aiida_gbml.science.compounds.recommenders.sparse_tensor import (
    RoleAxes,
    SparseTensor,
    completions,
    contexts,
    find,
    fixed_signs,
    known_of_lower_arity,
    leading_vectors,
)
from aiida_gbml.science.compounds.roles import CoefficientLimits, RoleTable


def test_the_tensor_is_one_for_known_compositions_in_every_order() -> None:
    roles = known_roles(known_set(), 4)
    axes = RoleAxes.of(roles, IONS)
    tensor = SparseTensor.of(roles, axes)
    dense = tensor.dense()
    assert dense.sum() == len(tensor.places) == 6 * len(roles)
    for order in permutations(range(3)):
        inverse = np.argsort(order)  # the m-th axis of the transposed tensor is the one with the number order[m]
        swapped = axes.ratio_places(axes.ratios[:, [*inverse, 3]])
        assert (swapped >= 0).all()
        np.testing.assert_array_equal(dense, dense.transpose(*order, 3, 4)[..., swapped])
    for row in range(0, len(roles), 7):
        cations = axes.cation_places(roles.cations[row])
        anion, ratio = axes.anion_places(roles.anions[row]), axes.ratio_places(roles.coefficients[row : row + 1])[0]
        cell = (*cations, anion, ratio)
        assert dense[cell] == 1


def test_the_place_of_what_is_not_on_an_axis_is_minus_one() -> None:
    axes = RoleAxes.of(known_roles(known_set(), 3), IONS)
    assert axes.cation_places(np.array([3, 92, 8])).tolist() == [0, -1, -1]
    assert axes.anion_places(np.array([9, 3, 16])).tolist() == [0, -1, 3]
    assert axes.ratio_places(np.array([[39, 40, 40]])).tolist() == [-1]
    assert find(np.zeros(0, int), np.array([4, 5])).tolist() == [-1, -1]


def test_stored_axes_are_the_same_and_others_are_refused() -> None:
    axes = RoleAxes.of(known_roles(known_set(), 3), IONS)
    arrays = axes.to_arrays()
    again = RoleAxes.from_arrays(arrays)
    assert all(np.array_equal(getattr(again, name), getattr(axes, name)) for name in ("cations", "anions", "ratios"))
    with pytest.raises(ValueError, match="kinds"):
        RoleAxes.from_arrays({**arrays, "axis.cations": np.array([300])})


@pytest.mark.parametrize("with_anion", [True, False])
def test_cations_that_can_take_each_others_place_have_equal_contexts(with_anion: bool) -> None:
    formulas = ["Li2MgZrO4", "Na2MgZrO4", "Li2MgZrS4", "Li2MgTiO4"]
    roles = known_roles(CompositionSet.of([parse_formula(formula) for formula in formulas]), 4)
    names = [roles.composition(row).formula for row in range(4)]
    row = {name: index for index, name in enumerate(names)}
    keys = contexts(roles, with_anion)
    lithium = keys[row["Li2MgZrO4"], 0]
    assert keys[row["Na2MgZrO4"], 0] == lithium
    assert (keys[row["Li2MgZrS4"], 0] == lithium) is np.bool_(not with_anion)
    assert keys[row["Li2MgTiO4"], 0] != lithium
    assert lithium not in keys[row["Li2MgZrO4"], 1:]
    zirconium, titanium = keys[row["Li2MgZrO4"], 2], keys[row["Li2MgTiO4"]]
    assert zirconium in titanium


@pytest.mark.parametrize("with_anion", [True, False])
@pytest.mark.parametrize("arity", [2, 3, 4])
def test_completions_are_all_candidates_with_one_of_the_contexts(arity: int, with_anion: bool) -> None:
    roles, everything = known_roles(known_set(n=20), arity), all_candidates(arity)
    keys = np.unique(contexts(roles, with_anion))
    axes = RoleAxes.of(roles, IONS)
    found = completions(keys, axes, space_of(arity), with_anion)
    found = found.take(space_of(arity).mask(found))
    expected = everything.take(np.isin(contexts(everything, with_anion), keys).any(axis=1))
    names = [[table.ionic_formula(row) for row in range(len(table))] for table in (found, expected)]
    assert sorted(names[0]) == sorted(names[1])
    assert len(set(names[0])) == len(names[0]) > len(roles)


def test_the_limits_of_coefficients_decide_the_anion_of_completions() -> None:
    """With P up to 2 as a cation NaP3S2 is no sulphide of P+ but a phosphide of S4+."""
    space = CandidateSpace(IonTable({11: (1,), 19: (1,), 15: (1,), 16: (4,)}, {16: 2, 15: 3}), 3, CoefficientLimits(2))
    roles, _ = RoleTable.of(CompositionSet.of([parse_formula("NaP3S2")]), space.ions, 3, space.limits)
    found = completions(np.unique(contexts(roles)), RoleAxes.of(roles, space.ions), space)
    assert [found.ionic_formula(row) for row in range(len(found))] == ["NaS2P3", "S2KP3"]


def test_lower_arities_are_those_below_the_space() -> None:
    tables = known_of_lower_arity(known_set(), space_of(4))
    assert [table.arity for table in tables] == [2, 3]
    assert known_of_lower_arity(known_set(arities=(4,)), space_of(4)) == []
    assert len(tables[1]) == len(RoleTable.of(known_set(), IONS, 3, LIMITS)[0])


def test_vectors_have_the_sign_that_makes_their_largest_entry_positive() -> None:
    vectors = np.array([[0.1, -0.7, 0.5], [-0.9, 0.7, 0.2], [0.3, -0.1, -0.5]])
    expected = vectors * [-1, -1, 1]
    np.testing.assert_array_equal(fixed_signs(vectors), expected)
    np.testing.assert_array_equal(fixed_signs(-vectors), expected)


def test_leading_vectors_are_those_of_numpy() -> None:
    matrix = np.random.default_rng(0).normal(size=(9, 5))
    gram = matrix @ matrix.T
    values, vectors = np.linalg.eigh(gram)
    leading = leading_vectors(gram, 3)
    np.testing.assert_allclose(gram @ leading, leading * values[::-1][:3], atol=1e-10)
    np.testing.assert_allclose(np.abs(vectors[:, ::-1][:, :3].T @ leading), np.eye(3), atol=1e-10)
    assert leading_vectors(gram, 40).shape == (9, 9)
