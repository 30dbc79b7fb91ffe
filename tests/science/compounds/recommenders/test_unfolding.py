"""Factors of unfoldings, held to dense numpy and to scikit-learn."""

import numpy as np
import pytest
from known_compositions import IONS, all_candidates, known_roles, known_set, space_of
from sklearn.decomposition import NMF, TruncatedSVD

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.recommenders.base import RecommenderError
from aiida_gbml.science.compounds.recommenders.sparse_tensor import RoleAxes, SparseTensor
from aiida_gbml.science.compounds.recommenders.unfolding import (
    NmfRecommender,
    SvdCationRecommender,
    SvdPairRecommender,
    UnfoldingRecommender,
    factor_names,
)
from aiida_gbml.science.compounds.scoring.keys import keys_of_roles

CASES = pytest.mark.parametrize(
    ("model", "with_anion"), [(SvdCationRecommender, True), (SvdPairRecommender, False)], ids=["cation", "pair"]
)


def dense_unfolding(with_anion: bool) -> tuple[Array, RoleAxes]:
    """Return the unfolding of the whole symmetric tensor of ternaries, and its axes."""
    roles = known_roles(known_set(), 3)
    axes = RoleAxes.of(roles, IONS)
    tensor = SparseTensor.of(roles, axes).dense()
    n_cations = len(axes.cations)
    if with_anion:
        return tensor.reshape(n_cations, -1), axes
    return tensor.transpose(0, 2, 1, 3).reshape(n_cations * len(axes.anions), -1), axes


def symmetric_scores(approximation: Array, axes: RoleAxes, with_anion: bool) -> Array:
    """Return the scores of all candidates: the sum over both orders of the cations of a dense tensor."""
    n_cations, n_anions, n_ratios = len(axes.cations), len(axes.anions), len(axes.ratios)
    if with_anion:
        tensor = approximation.reshape(n_cations, n_cations, n_anions, n_ratios)
    else:
        tensor = approximation.reshape(n_cations, n_anions, n_cations, n_ratios).transpose(0, 2, 1, 3)
    roles = all_candidates(3)
    first, second = axes.cation_places(roles.cations).T
    anion = axes.anion_places(roles.anions)
    ratio, swapped = (axes.ratio_places(roles.coefficients[:, order]) for order in ([0, 1, 2], [1, 0, 2]))
    scores: Array = tensor[first, second, anion, ratio] + tensor[second, first, anion, swapped]
    return np.where(ratio < 0, 0.0, scores)


@CASES
@pytest.mark.parametrize("rank", [1, 3, 6])
def test_svd_is_that_of_the_dense_unfolding(model: type[UnfoldingRecommender], with_anion: bool, rank: int) -> None:
    unfolded, axes = dense_unfolding(with_anion)
    left, values, right = np.linalg.svd(unfolded, full_matrices=False)
    expected = symmetric_scores(left[:, :rank] * values[:rank] @ right[:rank], axes, with_anion)
    fitted = model(rank=rank, transfer=False).fit(known_set(), space_of(3))  # type: ignore[call-arg]
    np.testing.assert_allclose(fitted.score(all_candidates(3)), expected, atol=1e-10)


@CASES
def test_svd_is_that_of_scikit_learn(model: type[UnfoldingRecommender], with_anion: bool) -> None:
    unfolded, axes = dense_unfolding(with_anion)
    svd = TruncatedSVD(4, algorithm="arpack", random_state=0)
    expected = symmetric_scores(svd.inverse_transform(svd.fit_transform(unfolded)), axes, with_anion)
    fitted = model(rank=4, transfer=False).fit(known_set(), space_of(3))  # type: ignore[call-arg]
    np.testing.assert_allclose(fitted.score(all_candidates(3)), expected, atol=1e-8)


@pytest.mark.parametrize("rows", ["cation", "pair"])
def test_nmf_is_that_of_scikit_learn_on_the_columns_that_occur(rows: str) -> None:
    with_anion = rows == "cation"
    unfolded, axes = dense_unfolding(with_anion)
    used = unfolded.any(axis=0)
    solver = NMF(3, init="nndsvd", solver="cd", max_iter=200, random_state=0)
    expected = np.zeros_like(unfolded)
    expected[:, used] = solver.fit_transform(unfolded[:, used]) @ solver.components_
    fitted = NmfRecommender(rank=3, rows=rows).fit(known_set(), space_of(3))  # type: ignore[arg-type]
    assert fitted.left_.min() >= 0
    assert fitted.right_.min() >= 0
    # Columns come in another order, which changes the random start a little.
    scores = fitted.score(all_candidates(3))
    assert np.corrcoef(scores, symmetric_scores(expected, axes, with_anion))[0, 1] > 0.98
    model = fitted.left_ @ fitted.right_
    own = np.linalg.norm(model - dense_columns(fitted))
    assert own == pytest.approx(np.linalg.norm(unfolded - expected), rel=0.02)


def dense_columns(model: UnfoldingRecommender) -> Array:
    """Return the (rows, j) unfolding of the known ternaries over the surroundings that occur, in the model's order."""
    from aiida_gbml.science.compounds.recommenders.substitution import matrix, unfolding

    keys, places = unfolding(known_roles(known_set(), 3), model.axes_, model.rows == "cation")
    np.testing.assert_array_equal(keys, model.keys_)
    dense: Array = matrix(keys, places, len(model.left_)).toarray()
    return dense


def test_what_is_learned_of_fewer_elements_changes_the_factors() -> None:
    own = SvdCationRecommender(rank=3, transfer=False).fit(known_set(), space_of(4))
    both = SvdCationRecommender(rank=3, transfer=True).fit(known_set(), space_of(4))
    np.testing.assert_array_equal(own.keys_, both.keys_)
    assert np.abs(own.left_ - both.left_).max() > 1e-3
    alone = known_set(arities=(4,))
    np.testing.assert_array_equal(
        SvdCationRecommender(3, transfer=True).fit(alone, space_of(4)).left_,
        SvdCationRecommender(3, transfer=False).fit(alone, space_of(4)).left_,
    )


def test_a_rank_above_the_number_of_rows_gives_back_the_known_ones() -> None:
    model = SvdCationRecommender(rank=400, transfer=False).fit(known_set(), space_of(3))
    known = known_roles(known_set(), 3)
    np.testing.assert_allclose(model.score(known), 2.0, atol=1e-10)
    is_known = np.isin(keys_of_roles(all_candidates(3)), keys_of_roles(known))
    assert not model.score(all_candidates(3).take(~is_known)).any()  # so that none of them is listed


@pytest.mark.parametrize(
    ("model", "n_factors"), [(SvdCationRecommender(), 5), (SvdPairRecommender(), 20), (NmfRecommender(), 5)]
)
def test_of_few_rows_more_than_the_known_is_told(model: UnfoldingRecommender, n_factors: int) -> None:
    fitted = model.fit(known_set(arities=(3,)), space_of(3))
    assert fitted.left_.shape[1] == n_factors  # of eleven cations, and of forty pairs or more
    is_known = np.isin(keys_of_roles(all_candidates(3)), keys_of_roles(known_roles(known_set(), 3)))
    assert np.count_nonzero(fitted.score(all_candidates(3).take(~is_known)) > 0.01) > 20


@pytest.mark.parametrize("settings", [{"rank": 0}, {"rank": 2.0}, {"rank": 3, "rows": "anion"}])
def test_impossible_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(RecommenderError, match="got"):
        NmfRecommender(**settings).fit(known_set(), space_of(3))  # type: ignore[arg-type]


def test_factors_are_named_after_their_largest_entries() -> None:
    names = factor_names(np.array([[0.1, 0.9], [-0.8, 0.0], [0.5, 0.2]]), ["Li", "Na", "K"], 2)
    assert names == ["factor 1 (Na, K)", "factor 2 (Li, K)"]
