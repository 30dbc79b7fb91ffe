"""The default recommender: its parts add up, it holds to what is known, and its probabilities are kept."""

import numpy as np
import pytest
from known_compositions import IONS, LIMITS, all_candidates, known_roles, known_set, space_of

from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.recommenders import tensor_ridge
from aiida_gbml.science.compounds.recommenders.base import RecommenderError
from aiida_gbml.science.compounds.recommenders.ensemble import WEIGHTS, EnsembleRecommender
from aiida_gbml.science.compounds.recommenders.substitution import SubstitutionRecommender
from aiida_gbml.science.compounds.recommenders.unfolding import SvdPairRecommender
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.compounds.scoring.keys import among, keys_of_roles
from aiida_gbml.science.learning.model_file import ModelFile, ModelFileError


def fitted(arity: int = 3, **settings: object) -> EnsembleRecommender:
    return EnsembleRecommender(**settings).fit(known_set(), space_of(arity))  # type: ignore[arg-type]


@pytest.mark.parametrize("arity", [2, 3, 4])
def test_scores_are_sums_of_members_equal_at_their_common_rank(arity: int) -> None:
    model = fitted(arity, held_out=0.0)
    roles = all_candidates(arity)
    members = model.member_scores(roles)
    assert list(members) == list(WEIGHTS)
    np.testing.assert_allclose(sum(members.values()), model.score(roles), rtol=1e-6, atol=1e-9)
    unknown = ~among(keys_of_roles(roles), np.sort(keys_of_roles(known_roles(known_set(), arity))))
    inside = among(keys_of_roles(roles), np.sort(keys_of_roles(model.support())))
    total = sum(WEIGHTS.values())
    for name, scores in members.items():
        rest = np.sort(scores[inside & unknown])[::-1]
        if arity != 3:  # too few for a rank that all members reach
            continue
        assert rest[min(1000, len(rest) // 10) - 1] == pytest.approx(WEIGHTS[name] / total, rel=1e-5)


def test_one_member_alone_ranks_as_the_model_itself() -> None:
    roles = all_candidates(3)
    for name, model in (("substitution", SubstitutionRecommender()), ("svd_pair", SvdPairRecommender())):
        alone = fitted(weights={name: 2.0}, held_out=0.0)
        scores = model.fit(known_set(), space_of(3)).score(alone.support())
        factor = alone.score(alone.support()).max() / scores.max()
        np.testing.assert_allclose(alone.score(alone.support()), factor * scores, rtol=1e-5, atol=1e-9)
        assert model.score(roles).max() > 0


def test_most_elements_take_the_regression_of_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fitted(3, held_out=0.0)
    monkeypatch.setattr(tensor_ridge, "MOST_CELLS", 100)
    small = fitted(3, held_out=0.0)
    support = whole.support()
    np.testing.assert_array_equal(small.support().coefficients, support.coefficients)
    one, other = whole.score(support), small.score(support)
    assert not np.array_equal(one, other)
    assert np.corrcoef(one, other)[0, 1] > 0.9


def test_members_of_a_family_are_recommended_with_their_analogues() -> None:
    pairs = [(one, other) for one in ("Li", "Na", "K") for other in ("Al", "Fe")]
    others = ["MgTiO3", "CaTiO3", "SrTiO3", "Li2MgF4", "Na2MgF4", "Mg2TiO4", "LiF", "NaF", "KF"]
    formulas = [f"{one}{other}O2" for one, other in pairs if (one, other) != ("Na", "Fe")] + others
    known = CompositionSet.of([parse_formula(formula) for formula in formulas])
    model = EnsembleRecommender().fit(known, space_of(3))
    assert model.probability is None  # too few to hold any out
    roles = all_candidates(3)
    taken = {known[row] for row in range(len(known))}
    ranked = [roles.composition(row) for row in np.argsort(-model.score(roles), kind="stable")[:30].tolist()]
    best = next(composition for composition in ranked if composition not in taken)
    assert best == parse_formula("NaFeO2")
    why = model.explain(best, known)
    assert {analogue.formula for analogue in why.analogues[:3]} <= {"LiFeO2", "KFeO2", "NaAlO2"}
    assert sum(part.value for part in why.factors) == pytest.approx(why.score, rel=1e-6)


def test_probabilities_rise_with_the_score_and_are_stored() -> None:
    drawn = known_set(n=300)  # whose ages follow the atomic numbers
    ages = np.random.default_rng(0).permutation(len(drawn))
    known = CompositionSet(drawn.numbers, drawn.coefficients, drawn.ids, ages)
    model = EnsembleRecommender().fit(known, space_of(3))
    assert model.probability is not None
    assert model.calibration_ is not None
    scores = np.sort(model.score(all_candidates(3)))
    chances = model.probability(scores)
    assert np.all(np.diff(chances) >= 0)
    assert 0 <= chances[0] < model.calibration_.base_rate < chances[-1] <= 1
    again = EnsembleRecommender.from_file(ModelFile.from_bytes(model.to_file().to_bytes()))
    assert again.probability is not None
    np.testing.assert_array_equal(again.probability(scores), chances)
    assert again.member_scores(all_candidates(3)).keys() == WEIGHTS.keys()
    assert len(again.ion_vectors()["cations"].numbers) == 11


def test_each_held_out_one_stands_for_as_many_known_ones_as_were_not_held_out() -> None:
    known = known_set(n=300)
    ages = known.first_seen[RoleTable.of(known, IONS, 3, LIMITS)[1]]
    n_held_out = np.count_nonzero(ages >= np.quantile(ages, 0.8))
    calibration = EnsembleRecommender().fit(known, space_of(3)).calibration_
    assert calibration is not None
    assert calibration.n_held < n_held_out  # some have no score at all
    odds = [values / (1 - values) for values in (calibration.known_at, calibration.reported_at)]
    np.testing.assert_allclose(odds[0] / odds[1], len(ages) / n_held_out, rtol=0.01)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_year_of_most_known_ones_is_not_held_out_as_a_whole(share: float) -> None:
    known = known_set(arities=(3,), n=300)
    years = np.where(np.arange(len(known)) < share * len(known), 2019, 2020)
    aged = CompositionSet(known.numbers, known.coefficients, known.ids, years, age_unit="year")
    model = EnsembleRecommender(weights={"substitution": 1.0}).fit(aged, space_of(3))
    assert model.calibration_ is not None
    assert 0.05 * len(known) < model.calibration_.n_held <= 0.2 * len(known)


def test_without_ages_a_random_part_is_held_out_by_its_seed() -> None:
    known = known_set(n=300)
    ageless = CompositionSet(known.numbers, known.coefficients, known.ids, np.full(len(known), -1))
    models = [EnsembleRecommender(seed=seed).fit(ageless, space_of(3)) for seed in (0, 0, 1)]
    contents = [model.to_file().to_bytes() for model in models]
    assert contents[0] == contents[1] != contents[2]
    shuffled = ageless.take(np.random.default_rng(0).permutation(len(ageless)))
    other = EnsembleRecommender(seed=0).fit(shuffled, space_of(3)).calibration_
    assert models[0].calibration_ is not None
    assert other is not None
    assert other.n_held == models[0].calibration_.n_held


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"weights": {"magic": 1.0}}, "weights"),
        ({"weights": {"ridge": -1.0}}, "weights"),
        ({"weights": {}}, "weights"),
        ({"weights": {"ridge": "much"}}, "weights"),
        ({"weights": 3}, "weights"),
        ({"seed": None}, "seed"),
        ({"penalty": 0.0}, "penalty"),
        ({"held_out": 0.9}, "held_out"),
        ({"calibration": "guess"}, "isotonic"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, object], text: str) -> None:
    with pytest.raises(ValueError, match=text) as caught:
        fitted(**settings)
    assert isinstance(caught.value, RecommenderError)


@pytest.mark.parametrize("name", ["parts", "support.cations", "similarity", "kernel", "members"])
def test_damaged_arrays_are_refused(name: str) -> None:
    file = fitted(held_out=0.0).to_file()
    for change in (
        {name: file.arrays[name][:-1]},
        {name: file.arrays[name][::-1]} if name == "support.cations" else {},
    ):
        if change:
            with pytest.raises(ModelFileError):
                EnsembleRecommender.from_file(ModelFile(**{**vars(file), "arrays": {**file.arrays, **change}}))
