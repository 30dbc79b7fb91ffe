"""Principal components, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from aiida_gbml.science.compounds.components import ComponentsError, principal_components

MATRIX = np.random.default_rng(3).normal(size=(40, 3)) @ np.random.default_rng(4).normal(size=(3, 9)) + 5


@pytest.mark.parametrize("matrix", [MATRIX, MATRIX[:5]])
def test_they_are_those_of_scikit_learn(matrix: np.ndarray) -> None:
    found = principal_components(matrix, 3, 1.0)
    foreign = PCA(3, svd_solver="full").fit(StandardScaler().fit_transform(matrix))
    np.testing.assert_allclose(found.explained, foreign.explained_variance_ratio_, atol=1e-12)
    signs = np.sign(np.sum(found.loadings * foreign.components_, axis=1))
    np.testing.assert_allclose(found.loadings, foreign.components_ * signs[:, None], atol=1e-9)
    expected = foreign.transform(StandardScaler().fit_transform(matrix)) * signs / np.sqrt(matrix.shape[1])
    np.testing.assert_allclose(found.points, expected, atol=1e-9)


def test_the_share_decides_unless_the_number_does() -> None:
    assert principal_components(MATRIX, 9, 1.0).points.shape == (40, 3)  # nine columns of rank three
    explained = principal_components(MATRIX, 9, 1.0).explained
    assert principal_components(MATRIX, 9, float(explained[0]) + 1e-6).points.shape == (40, 2)
    assert principal_components(MATRIX, 1, 1.0).points.shape == (40, 1)


def test_scale_and_constants_do_not_matter_and_signs_are_fixed() -> None:
    changed = np.column_stack([MATRIX * np.arange(1, 10) - 7, np.full(40, 2.0)])
    ours, other = principal_components(MATRIX, 3, 1.0), principal_components(changed, 3, 1.0)
    np.testing.assert_allclose(other.points, ours.points, atol=1e-9)
    assert np.all(other.loadings[:, 9] == 0)
    assert np.all(ours.loadings[np.arange(3), np.abs(ours.loadings).argmax(axis=1)] > 0)
    assert np.mean(np.sum(ours.points**2, axis=1)) == pytest.approx(1.0)


def test_what_has_no_components_is_refused() -> None:
    with pytest.raises(ComponentsError, match="do not differ in any descriptor"):
        principal_components(np.ones((4, 3)))
    with pytest.raises(ComponentsError, match="finite matrix"):
        principal_components(np.array([[1.0, np.nan], [2.0, 3.0]]))
