"""CP on the ones of a tensor, held to tensorly and to dense least squares."""

import numpy as np
import pytest
import tensorly
from known_compositions import all_candidates, known_set, space_of
from tensorly.cp_tensor import CPTensor
from tensorly.decomposition import parafac

from aiida_gbml.science.compounds.recommenders.base import RecommenderError
from aiida_gbml.science.compounds.recommenders.cp import CpRecommender, decompose
from aiida_gbml.science.compounds.recommenders.sparse_tensor import SparseTensor


def block_tensor() -> SparseTensor:
    """Return a sum of three boxes of ones, which has the rank three."""
    dense = np.zeros((7, 6, 5))
    dense[:3, :2, :2] = 1
    dense[3:5, 2:4, 1:3] = 1
    dense[5:, 4:, 3:] = 1
    return SparseTensor(np.argwhere(dense), dense.shape)


def error(tensor: SparseTensor, factors: list[np.ndarray]) -> float:  # type: ignore[type-arg]
    """Return the distance of a decomposition from its tensor."""
    return float(np.linalg.norm(tensor.dense() - tensorly.cp_to_tensor((None, factors))))


def test_a_tensor_of_low_rank_is_found() -> None:
    tensor = block_tensor()
    assert error(tensor, decompose(tensor, 3, 200, 0.0, seed=1)) < 1e-6


def test_the_fit_is_that_of_tensorly() -> None:
    generator = np.random.default_rng(0)
    places = np.unique(np.column_stack([generator.integers(length, size=70) for length in (8, 7, 6)]), axis=0)
    tensor = SparseTensor(places, (8, 7, 6))
    factors = decompose(tensor, 3, 300, 0.0, seed=0)
    other = parafac(tensor.dense(), 3, n_iter_max=300, init="random", random_state=0, tol=1e-9)
    assert error(tensor, factors) == pytest.approx(error(tensor, other.factors), rel=0.05)
    # Where this one ends tensorly finds nothing better.
    onward = parafac(tensor.dense(), 3, n_iter_max=20, init=CPTensor((np.ones(3), factors)), tol=1e-12)
    assert error(tensor, factors) == pytest.approx(
        np.linalg.norm(tensor.dense() - tensorly.cp_to_tensor(onward)), rel=1e-4
    )


def test_an_update_is_a_dense_least_squares_fit() -> None:
    tensor = block_tensor()
    factors = decompose(tensor, 2, 1, 0.0, seed=0)
    # The last axis was fitted last: its factor is the solution for the others.
    columns = np.einsum("if,jf->ijf", factors[0], factors[1]).reshape(-1, 2)
    solution = np.linalg.lstsq(columns, tensor.dense().reshape(-1, 5), rcond=None)[0]
    np.testing.assert_allclose(columns @ factors[2].T, columns @ solution, atol=1e-8)


def test_factors_of_a_product_have_one_length_and_a_ridge_shortens_them() -> None:
    tensor = block_tensor()
    lengths = [np.linalg.norm(factor, axis=0) for factor in decompose(tensor, 3, 5, 0.0, seed=0)]
    np.testing.assert_allclose(lengths, np.tile(lengths[0], (3, 1)))
    short = [np.linalg.norm(factor, axis=0) for factor in decompose(tensor, 3, 5, 0.5, seed=0)]
    assert np.sum(short) < np.sum(lengths)


@pytest.mark.parametrize("arity", [3, 4])
def test_scores_are_sums_over_all_orders(arity: int) -> None:
    from itertools import permutations

    model = CpRecommender(rank=4).fit(known_set(), space_of(arity))
    tensor = tensorly.cp_to_tensor((None, model.factors_))
    roles = all_candidates(arity)
    expected = np.zeros(len(roles))
    for order in permutations(range(arity - 1)):
        cations = model.axes_.cation_places(roles.cations[:, list(order)])
        ratios = model.axes_.ratio_places(roles.coefficients[:, [*order, arity - 1]])
        values = tensor[(*cations.T, model.axes_.anion_places(roles.anions), ratios)]
        expected += np.where(ratios < 0, 0.0, values)
    np.testing.assert_allclose(model.score(roles), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("settings", [{"rank": 0}, {"rank": 5, "ridge": -1.0}])
def test_impossible_settings_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(RecommenderError, match="got"):
        CpRecommender(**settings).fit(known_set(), space_of(3))  # type: ignore[arg-type]
