"""Ridge regression on the tensor, held to scikit-learn on all of its cells, and to SVD."""

import numpy as np
import pytest
from known_compositions import all_candidates, known_roles, known_set, space_of
from sklearn.kernel_ridge import KernelRidge

from aiida_gbml.science.compounds.recommenders import tensor_ridge
from aiida_gbml.science.compounds.recommenders.element_kernel import anion_kernel, cation_kernel, smoother
from aiida_gbml.science.compounds.recommenders.sparse_tensor import RoleAxes, SparseTensor
from aiida_gbml.science.compounds.recommenders.substitution import SubstitutionRecommender
from aiida_gbml.science.compounds.recommenders.tensor_ridge import fits_memory, place_scores, ridge_scores
from aiida_gbml.science.compounds.roles import RoleTable


@pytest.mark.parametrize("arity", [2, 3])
def test_it_is_kernel_ridge_regression_of_all_cells(arity: int) -> None:
    known = known_set()
    roles, wanted = known_roles(known, arity), all_candidates(arity)
    axes = RoleAxes.of(roles, space_of(arity).ions)
    kernels = (cation_kernel(known, [roles], axes), anion_kernel(roles, axes))
    dense = SparseTensor.of(roles, axes).dense()
    kernel = kernels[1]
    for _ in range(arity - 1):
        kernel = np.kron(kernels[0], kernel)
    cells = dense.reshape(-1, dense.shape[-1])
    fitted = KernelRidge(alpha=0.8, kernel="precomputed").fit(kernel, cells).predict(kernel).reshape(dense.shape)
    places = SparseTensor.of(wanted, axes).places[: len(wanted)]
    expected = np.where(places[:, -1] < 0, 0.0, fitted[tuple(places.T)])
    np.testing.assert_allclose(ridge_scores(roles, wanted, axes, kernels, 0.8), expected, atol=2e-6)


def test_three_cations_keep_the_symmetry_and_without_likeness_there_is_only_what_is_known() -> None:
    roles, wanted = known_roles(known_set(), 4), all_candidates(4)
    axes = RoleAxes.of(roles, space_of(4).ions)
    scores = ridge_scores(roles, wanted, axes, (np.eye(11), np.eye(4)), 1.0)
    taken = {roles.composition(row) for row in range(len(roles))}
    assert {wanted.composition(row) for row in np.flatnonzero(scores > 1e-6).tolist()} == taken
    np.testing.assert_allclose(scores[scores > 1e-6], 0.5, rtol=1e-5)
    order = [2, 0, 1]
    turned = RoleTable(wanted.cations[:, order], wanted.anions, wanted.coefficients[:, [*order, 3]])
    known = known_set()
    kernels = (cation_kernel(known, [roles], axes), anion_kernel(roles, axes))
    np.testing.assert_allclose(
        ridge_scores(roles, turned, axes, kernels, 1.0), ridge_scores(roles, wanted, axes, kernels, 1.0), atol=1e-6
    )


@pytest.mark.parametrize("arity", [2, 3, 4])
def test_the_regression_of_one_place_is_a_sum_over_known_compositions(arity: int) -> None:
    known = known_set()
    roles, wanted = known_roles(known, arity), all_candidates(arity)
    axes = RoleAxes.of(roles, space_of(arity).ions).without_ratios()
    smoothing = smoother(cation_kernel(known, [roles], axes), 0.3)
    reference = SubstitutionRecommender(transfer=False).fit(known, space_of(arity))
    reference.weights_ = smoothing
    np.testing.assert_allclose(place_scores(roles, wanted, axes, smoothing), reference.score(wanted), atol=1e-12)


def test_elements_and_ratios_never_seen_have_no_score() -> None:
    known = known_set()
    roles = known_roles(known, 3)
    axes = RoleAxes.of(roles, space_of(3).ions)
    kernels = (cation_kernel(known, [roles], axes), anion_kernel(roles, axes))
    strangers = RoleTable(
        np.array([[3, 92], [3, 11]], np.uint8), np.array([8, 8], np.uint8), np.array([[2, 1, 2], [5, 37, 21]], np.uint8)
    )
    assert ridge_scores(roles, strangers, axes, kernels, 1.0).tolist() == [0.0, 0.0]
    assert place_scores(roles, strangers, axes, smoother(kernels[0], 1.0)).tolist() == [0.0, 0.0]


def test_what_is_too_large_is_known_before(monkeypatch: pytest.MonkeyPatch) -> None:
    axes = RoleAxes.of(known_roles(known_set(), 3), space_of(3).ions)
    assert fits_memory(axes, 4)
    monkeypatch.setattr(tensor_ridge, "MOST_CELLS", 11**3 * 4 - 1)
    assert fits_memory(axes, 3)
    assert not fits_memory(axes, 4)
