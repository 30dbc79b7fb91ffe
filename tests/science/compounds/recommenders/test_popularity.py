"""Counts, held to those of the dense symmetric tensor and to the formulas of the literature for ternaries."""

import numpy as np
from known_compositions import IONS, all_candidates, known_roles, known_set, space_of

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.recommenders.popularity import PopularityRecommender
from aiida_gbml.science.compounds.recommenders.sparse_tensor import RoleAxes, SparseTensor


def dense(arity: int) -> tuple[Array, RoleAxes]:
    """Return the dense tensor of the known set and its axes."""
    roles = known_roles(known_set(), arity)
    axes = RoleAxes.of(roles, IONS)
    return SparseTensor.of(roles, axes).dense(), axes


def counted(count: Array, places: Array) -> Array:
    """Return the counts at places on the last axis, zero where there is none."""
    return np.where(places < 0, 0.0, count[..., places])


def test_marginals_of_ternaries() -> None:
    tensor, axes = dense(3)
    roles = all_candidates(3)
    first, second = axes.cation_places(roles.cations).T
    ratio, swapped = (axes.ratio_places(roles.coefficients[:, order]) for order in ([0, 1, 2], [1, 0, 2]))
    of_cation, of_anion, of_ratio = tensor.sum((1, 2, 3)), tensor.sum((0, 1, 3)), tensor.sum((0, 1, 2))
    expected = (
        np.log(of_cation[first] + 0.1)
        + np.log(of_cation[second] + 0.1)
        + np.log(of_anion[axes.anion_places(roles.anions)] + 0.1)
        + np.log(counted(of_ratio, ratio) + counted(of_ratio, swapped) + 0.02)
    )
    model = PopularityRecommender().fit(known_set(), space_of(3))
    np.testing.assert_allclose(model.score(roles), expected, rtol=1e-6, atol=1e-5)


def test_pairs_of_ternaries() -> None:
    tensor, axes = dense(3)
    roles = all_candidates(3)
    first, second = axes.cation_places(roles.cations).T
    anion = axes.anion_places(roles.anions)
    ratio, swapped = (axes.ratio_places(roles.coefficients[:, order]) for order in ([0, 1, 2], [1, 0, 2]))
    pairs, frames = tensor.sum(1), tensor.sum((0, 1))
    of_first = np.where(ratio < 0, 0, pairs[first, anion, ratio])
    of_second = np.where(swapped < 0, 0, pairs[second, anion, swapped])
    frame = np.where(ratio < 0, 0, frames[anion, ratio])
    expected = np.log((of_first + 0.003) * (of_second + 0.003) / (frame + 0.01))
    model = PopularityRecommender(paired=True).fit(known_set(), space_of(3))
    np.testing.assert_allclose(model.score(roles), expected, atol=1e-9)


def test_counts_of_quaternaries_are_those_of_the_dense_tensor() -> None:
    tensor, axes = dense(4)
    model = PopularityRecommender(paired=True).fit(known_set(), space_of(4))
    np.testing.assert_array_equal(model.counts_["cation"], tensor.sum((1, 2, 3, 4)))
    np.testing.assert_array_equal(model.counts_["anion"], tensor.sum((0, 1, 2, 4)))
    roles = all_candidates(4).take(np.arange(0, len(all_candidates(4)), 11))
    anion = axes.anion_places(roles.anions)
    expected = np.zeros(len(roles))
    for order in ([0, 1, 2, 3], [1, 0, 2, 3], [2, 0, 1, 3]):
        ratio = axes.ratio_places(roles.coefficients[:, order])
        pairs = tensor.sum((1, 2))[axes.cation_places(roles.cations[:, order[0]]), anion, ratio]
        expected += np.log(np.where(ratio < 0, 0, pairs) + 0.003)
    ratio = axes.ratio_places(roles.coefficients)
    expected -= 2 * np.log(np.where(ratio < 0, 0, tensor.sum((0, 1, 2))[anion, ratio]) + 0.01)
    np.testing.assert_allclose(model.score(roles), expected, atol=1e-9)


def test_a_product_of_two_factors_says_the_same() -> None:
    model = PopularityRecommender().fit(known_set(), space_of(4))
    kernel = model.kernel()
    assert kernel is not None
    assert kernel.rank == 2
    assert PopularityRecommender(paired=True).fit(known_set(), space_of(4)).kernel() is None
