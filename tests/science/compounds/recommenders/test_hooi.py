"""Sparse Tucker decomposition, held to tensorly, to dense numpy and to what holds for any such decomposition."""

from itertools import permutations

import numpy as np
import pytest
import tensorly
from tensorly.decomposition import tucker

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.recommenders.hooi import NamedTensor, TuckerFactors, decompose
from aiida_gbml.science.compounds.recommenders.sparse_tensor import SparseTensor


def random_tensor(shape: tuple[int, ...], n: int, seed: int = 0) -> SparseTensor:
    """Return a tensor of some n ones."""
    generator = np.random.default_rng(seed)
    places = np.column_stack([generator.integers(length, size=n) for length in shape])
    return SparseTensor(np.unique(places, axis=0), shape)


def symmetric_tensor(seed: int = 0, length: int = 8) -> SparseTensor:
    """Return a tensor that is symmetric in its first two axes, of which the last one is swapped along."""
    tensor = random_tensor((length, length, 4, 6), 90, seed)
    swapped = tensor.places[:, [1, 0, 2, 3]]
    swapped[:, 3] = swapped[:, 3] ^ 1
    return SparseTensor(np.unique(np.concatenate([tensor.places, swapped]), axis=0), tensor.shape)


def rebuilt(result: TuckerFactors, names: tuple[str, ...], number: int = 0) -> Array:
    """Return the dense tensor of a decomposition."""
    dense: Array = tensorly.tucker_to_tensor((result.cores[number], [result.factors[name] for name in names]))
    return dense


@pytest.mark.parametrize("shape", [(9, 7, 5), (6, 5, 4, 7)])
def test_the_fit_is_that_of_tensorly(shape: tuple[int, ...]) -> None:
    tensor = random_tensor(shape, 60)
    ranks = [3, 2, 3, 4][: len(shape)]
    names = ("first", "second", "third", "fourth")[: len(shape)]
    result = decompose([NamedTensor(tensor, names)], dict(zip(names, ranks, strict=True)), sweeps=60, tolerance=1e-10)
    core, factors = tucker(tensor.dense(), ranks, n_iter_max=200, init="svd", tol=1e-10)
    expected = np.linalg.norm(tensor.dense() - tensorly.tucker_to_tensor((core, factors)))
    error = np.linalg.norm(tensor.dense() - rebuilt(result, names))
    assert error == pytest.approx(expected, rel=1e-5)
    for name, factor in zip(names, factors, strict=True):  # the same subspaces
        cosines = np.linalg.svd(result.factors[name].T @ factor, compute_uv=False)
        np.testing.assert_allclose(cosines, 1.0, atol=1e-4)


def test_what_is_left_is_what_the_core_lacks() -> None:
    tensor = random_tensor((9, 7, 5), 60)
    result = decompose([NamedTensor(tensor, ("a", "b", "c"))], {"a": 4, "b": 3, "c": 2}, sweeps=6, tolerance=0.0)
    error = np.linalg.norm(tensor.dense() - rebuilt(result, ("a", "b", "c"))) ** 2
    assert error == pytest.approx(len(tensor.places) - result.norms[-1] ** 2)
    assert (np.diff(result.norms) > -1e-12).all()
    for factor in result.factors.values():
        np.testing.assert_allclose(factor.T @ factor, np.eye(factor.shape[1]), atol=1e-12)
        assert (np.abs(factor).max(axis=0) == factor.max(axis=0)).all()


def test_equal_axes_of_a_symmetric_tensor_share_a_factor_without_loss() -> None:
    tensor = symmetric_tensor()
    ranks = {"element": 4, "other": 4, "anion": 2, "ratio": 4}
    apart = decompose([NamedTensor(tensor, ("element", "other", "anion", "ratio"))], ranks, 100, 1e-12)
    shared = decompose([NamedTensor(tensor, ("element", "element", "anion", "ratio"))], ranks, 100, 1e-12)
    assert shared.norms[-1] == pytest.approx(apart.norms[-1], rel=0.02)
    dense = rebuilt(shared, ("element", "element", "anion", "ratio"))
    swapped = dense.transpose(1, 0, 2, 3)[..., np.arange(6) ^ 1]
    np.testing.assert_allclose(dense, swapped, atol=1e-6)


def test_full_ranks_give_back_the_tensor() -> None:
    tensor = symmetric_tensor()
    names = ("element", "element", "anion", "ratio")
    result = decompose([NamedTensor(tensor, names)], {"element": 50, "anion": 50, "ratio": 50})
    np.testing.assert_allclose(rebuilt(result, names), tensor.dense(), atol=1e-12)


def test_two_tensors_share_a_factor() -> None:
    one, two = symmetric_tensor(), random_tensor((8, 4, 5), 40)
    names = (("element", "element", "anion", "ratio"), ("element", "anion", "proportion"))
    ranks = {"element": 3, "anion": 2, "ratio": 4, "proportion": 3}
    both = decompose([NamedTensor(one, names[0], 0.5), NamedTensor(two, names[1], 2.0)], ranks, 50, 1e-10)
    assert [core.shape for core in both.cores] == [(3, 3, 2, 4), (3, 2, 3)]
    # At the end the factor is the best one for both tensors, projected on all other factors.
    gram = np.zeros((8, 8))
    for tensor, axes, weight in ((one, names[0], 0.5), (two, names[1], 2.0)):
        projected = tensorly.tenalg.multi_mode_dot(
            tensor.dense(), [both.factors[name].T for name in axes[1:]], modes=list(range(1, len(axes)))
        )
        unfolded = projected.reshape(8, -1)
        gram += weight * unfolded @ unfolded.T
    cosines = np.linalg.svd(both.factors["element"].T @ np.linalg.eigh(gram)[1][:, -3:], compute_uv=False)
    np.testing.assert_allclose(cosines, 1.0, atol=1e-3)
    alone = decompose([NamedTensor(one, names[0])], ranks, 50, 1e-10)
    assert np.linalg.svd(both.factors["element"].T @ alone.factors["element"], compute_uv=False).min() < 0.999


def test_chunks_of_a_large_tensor_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    tensor = symmetric_tensor()
    names = ("element", "element", "anion", "ratio")
    ranks = {"element": 3, "anion": 2, "ratio": 4}
    whole = decompose([NamedTensor(tensor, names)], ranks)
    monkeypatch.setattr("aiida_gbml.science.compounds.recommenders.hooi._CHUNK", 100)
    parts = decompose([NamedTensor(tensor, names)], ranks)
    for name, rank in ranks.items():
        np.testing.assert_allclose(np.abs(parts.factors[name].T @ whole.factors[name]), np.eye(rank), atol=1e-8)


def test_a_permuted_tensor_has_permuted_factors() -> None:
    tensor = random_tensor((5, 6, 7), 60)
    ranks = {"a": 2, "b": 3, "c": 2}
    expected = decompose([NamedTensor(tensor, ("a", "b", "c"))], ranks, 200, 1e-13).norms[-1]
    for order in permutations(range(3)):
        moved = SparseTensor(tensor.places[:, list(order)], tuple(tensor.shape[axis] for axis in order))
        names = tuple("abc"[axis] for axis in order)
        assert decompose([NamedTensor(moved, names)], ranks, 200, 1e-13).norms[-1] == pytest.approx(expected, rel=1e-2)
