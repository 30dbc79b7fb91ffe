"""The Tucker model, held to the dense tensor of its factors."""

import numpy as np
import pytest
import tensorly
from known_compositions import all_candidates, known_roles, known_set, space_of

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.recommenders.base import RecommenderError
from aiida_gbml.science.compounds.recommenders.tucker import TuckerKernel, TuckerRecommender
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.compounds.scoring.keys import keys_of_roles


def fitted(arity: int, transfer: bool = False, ranks: tuple[int, int, int] = (4, 3, 6)) -> TuckerRecommender:
    """Return a model of the known set."""
    return TuckerRecommender(ranks, transfer=transfer).fit(known_set(), space_of(arity))


def dense_scores(model: TuckerRecommender, roles: RoleTable) -> Array:
    """Return the scores by the whole tensor, summed over all orders of the cations."""
    from itertools import permutations

    n_cations = roles.arity - 1
    factors = [*[model.cation_factors_] * n_cations, model.anion_factors_, model.ratio_factors_]
    tensor = tensorly.tucker_to_tensor((model.core_, factors))
    total = np.zeros(len(roles))
    for order in permutations(range(n_cations)):
        cations = model.axes_.cation_places(roles.cations[:, list(order)])
        ratios = model.axes_.ratio_places(roles.coefficients[:, [*order, n_cations]])
        values = tensor[(*cations.T, model.axes_.anion_places(roles.anions), ratios)]
        total += np.where(ratios < 0, 0.0, values)
    return total


@pytest.mark.parametrize("transfer", [False, True])
@pytest.mark.parametrize("arity", [2, 3, 4])
def test_scores_are_those_of_the_dense_tensor(arity: int, transfer: bool) -> None:
    model = fitted(arity, transfer)
    roles = all_candidates(arity)
    np.testing.assert_allclose(model.score(roles), dense_scores(model, roles), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("arity", [3, 4])
def test_full_ranks_know_the_known_and_nothing_else(arity: int) -> None:
    known = known_set(n=8)
    model = TuckerRecommender((11, 4, 100 if arity == 3 else 40), transfer=False).fit(known, space_of(arity))
    roles = known_roles(known, arity)
    orders = {3: 2, 4: 6}[arity]
    assert len(model.axes_.ratios) <= 100
    np.testing.assert_allclose(model.score(roles), orders, rtol=1e-4)
    everything = all_candidates(arity)
    assert np.count_nonzero(model.score(everything) > 0.01) == len(roles)


def test_of_few_cations_more_than_the_known_is_told() -> None:
    known = known_set(arities=(3,))
    model = TuckerRecommender().fit(known, space_of(3))
    assert model.cation_factors_.shape == (11, 5)
    is_known = np.isin(keys_of_roles(all_candidates(3)), keys_of_roles(known_roles(known, 3)))
    assert np.count_nonzero(model.score(all_candidates(3).take(~is_known)) > 0.01) > 20


def test_a_ratio_never_seen_has_neither_a_score_nor_analogues() -> None:
    known = known_set(n=20)
    model = TuckerRecommender((4, 3, 6)).fit(known, space_of(3))
    roles = all_candidates(3)
    row = int(np.flatnonzero(model.axes_.ratio_places(roles.coefficients) < 0)[0])
    why = model.explain(roles.composition(row), known)
    assert (why.score, why.analogues) == (0.0, ())


def test_rows_do_not_depend_on_how_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    model = fitted(4)
    roles = all_candidates(4)
    kernel = model.kernel()
    assert isinstance(kernel, TuckerKernel)
    whole = kernel.rows(roles.cations, roles.anions)
    monkeypatch.setattr("aiida_gbml.science.compounds.recommenders.tucker._CHUNK", 50)
    np.testing.assert_array_equal(kernel.rows(roles.cations, roles.anions), whole)
    for row in (0, 17, 400):
        one = kernel.rows(roles.cations[row : row + 1], roles.anions[row : row + 1])
        np.testing.assert_array_equal(one[0], whole[row])


def test_rows_are_sums_in_a_fixed_order_on_every_processor() -> None:
    model = fitted(3)
    kernel = model.kernel()
    assert isinstance(kernel, TuckerKernel)
    core, anions, cations = (part.tolist() for part in (model.core_, model.anion_factors_, model.cation_factors_))
    for x, c, a, d in [(0, 0, 0, 0), (1, 5, 2, 3), (3, 10, 3, 5), (2, 7, 1, 4)]:
        with_anion = [0.0] * len(core)
        for first in range(len(core)):
            for b, factor in enumerate(anions[x]):
                with_anion[first] += factor * core[first][a][b][d]
        total = 0.0
        for first, factor in enumerate(cations[c]):
            total += factor * with_anion[first]
        assert kernel._first[x, c, a, d] == 2 * total


def test_fewer_elements_share_the_factors() -> None:
    both, alone = fitted(4, transfer=True), fitted(4, transfer=False)
    cosines = np.linalg.svd(both.cation_factors_.T @ alone.cation_factors_, compute_uv=False)
    assert cosines.min() < 0.999
    assert both.core_.shape == alone.core_.shape == (4, 4, 4, 3, 6)


@pytest.mark.parametrize("ranks", [(4, 3), (4, 0, 6), (4.0, 3, 6), (200, 50, 400)])
def test_impossible_ranks_are_refused(ranks: tuple[int, ...]) -> None:
    with pytest.raises(RecommenderError, match="ranks"):
        TuckerRecommender(ranks).fit(known_set(), space_of(3))  # type: ignore[arg-type]
