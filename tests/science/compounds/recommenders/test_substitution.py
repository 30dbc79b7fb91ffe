"""Substitution of neighbours, held to brute force over all pairs of compositions."""

import numpy as np
import pytest
from known_compositions import all_candidates, known_roles, known_set, space_of
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import cosine_similarity as reference_similarity

from aiida_gbml.science.compounds.composition import SYMBOLS, Composition, parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.recommenders.base import RecommenderError
from aiida_gbml.science.compounds.recommenders.sparse_tensor import contexts
from aiida_gbml.science.compounds.recommenders.substitution import SubstitutionRecommender, matrix, unfolding


def replaced(composition: Composition, old: int, new: int) -> Composition | None:
    """Return a composition with one element in place of another, if it was not there."""
    amounts = dict(zip(composition.numbers, composition.coefficients, strict=True))
    if new in amounts:
        return None
    amounts[new] = amounts.pop(old)
    return Composition.of(amounts)


def test_the_score_is_the_sum_over_known_compositions_with_one_cation_replaced() -> None:
    known = known_set()
    model = SubstitutionRecommender(transfer=False, power=1.0, ridge=None).fit(known, space_of(3))
    taken = {known[row] for row in range(len(known))}
    cations = model.axes_.cations.tolist()
    roles = all_candidates(3)
    for row in range(0, len(roles), 23):
        composition = roles.composition(row)
        expected = 0.0
        for place, old in enumerate(cations):
            if old not in roles.cations[row]:
                continue
            for other, new in enumerate(cations):
                # A cation may take the place of the anion's element only as a cation: the roles must be the same.
                known_one = replaced(composition, old, new)
                if known_one is None or known_one not in taken:
                    continue
                if model.roles_of(known_one).anions[0] == roles.anions[row]:
                    expected += model.similarity_[place, other]
        assert model.score(roles.take(np.array([row])))[0] == pytest.approx(expected, abs=1e-12)


def test_similarities_are_cosines() -> None:
    model = SubstitutionRecommender(transfer=False, power=2.0).fit(known_set(), space_of(3))
    roles = known_roles(known_set(), 3)
    unfolded = matrix(*unfolding(roles, model.axes_), len(model.axes_.cations)).toarray()
    expected = reference_similarity(unfolded) ** 2
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(model.similarity_, expected, atol=1e-12)


def test_elements_that_share_their_surroundings_stand_in_for_each_other() -> None:
    formulas = ["LiAlO2", "NaAlO2", "Li2MgF4", "Na2MgF4", "LiFeO2", "KTiCl4", "KTiF4"]
    known = CompositionSet.of([parse_formula(formula) for formula in formulas])
    model = SubstitutionRecommender().fit(known, space_of(3))
    why = model.explain(parse_formula("NaFeO2"), known)
    assert {analogue.formula for analogue in why.analogues} == {"LiFeO2", "NaAlO2"}
    assert why.analogues[0].formula == "LiFeO2"
    assert [part.name for part in why.factors] == ["substitution of Na", "substitution of Fe"]
    assert why.score > model.explain(parse_formula("KFeO2"), known).score


def test_fewer_elements_teach_the_similarity() -> None:
    known = CompositionSet.of([parse_formula(formula) for formula in ("CaO", "SrO", "CaS", "SrS", "CaTiO3", "LiAlO2")])
    space = space_of(3)
    wanted = parse_formula("SrTiO3")
    assert SubstitutionRecommender(transfer=False).fit(known, space).explain(wanted, known).score == 0
    why = SubstitutionRecommender(transfer=True).fit(known, space).explain(wanted, known)
    assert [analogue.formula for analogue in why.analogues] == ["CaTiO3"]
    assert SYMBOLS[38] in why.factors[0].name


@pytest.mark.parametrize("settings", [{"power": 0}, {"power": -1.0}, {"power": 11.0}, {"ridge": 0.0}])
def test_impossible_settings_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(RecommenderError, match="must be a number above 0"):
        SubstitutionRecommender(**settings).fit(known_set(), space_of(3))  # type: ignore[arg-type]


def test_with_a_ridge_the_known_ones_are_smoothed_by_a_kernel_regression() -> None:
    model = SubstitutionRecommender(transfer=False, ridge=0.7).fit(known_set(), space_of(3))
    roles = known_roles(known_set(), 3)
    unfolded = matrix(*unfolding(roles, model.axes_), len(model.axes_.cations)).toarray()
    kernel = model.similarity_ + np.eye(len(unfolded))
    regression = KernelRidge(alpha=0.7, kernel="precomputed").fit(kernel, unfolded)
    np.testing.assert_allclose(model.weights_ @ unfolded, regression.predict(kernel), atol=1e-8)
    columns = np.searchsorted(model.keys_, contexts(roles))
    rows = model.axes_.cation_places(roles.cations)
    expected = regression.predict(kernel)[rows, columns].sum(axis=1)
    np.testing.assert_allclose(model.score(roles), expected, atol=1e-8)
