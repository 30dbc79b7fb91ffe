"""What holds for every recommender, on all that this folder knows."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from known_compositions import IONS, LIMITS, all_candidates, known_roles, known_set, space_of

from aiida_gbml.science.archive import Array
from aiida_gbml.science.compounds.candidates import CandidateSpace
from aiida_gbml.science.compounds.composition import parse_formula
from aiida_gbml.science.compounds.composition_set import CompositionSet
from aiida_gbml.science.compounds.recommenders.base import Recommender, RecommenderError, TrainingRecord
from aiida_gbml.science.compounds.recommenders.cp import CpRecommender
from aiida_gbml.science.compounds.recommenders.ensemble import EnsembleRecommender
from aiida_gbml.science.compounds.recommenders.popularity import PopularityRecommender
from aiida_gbml.science.compounds.recommenders.substitution import SubstitutionRecommender
from aiida_gbml.science.compounds.recommenders.tucker import TuckerRecommender
from aiida_gbml.science.compounds.recommenders.unfolding import (
    NmfRecommender,
    SvdCationRecommender,
    SvdPairRecommender,
)
from aiida_gbml.science.compounds.roles import RoleTable
from aiida_gbml.science.learning.model_file import ModelFile, ModelFileError

MODELS: dict[str, tuple[type[Recommender], dict[str, Any]]] = {
    "popularity": (PopularityRecommender, {}),
    "pairs": (PopularityRecommender, {"paired": True}),
    "svd_cation": (SvdCationRecommender, {"rank": 4}),
    "svd_pair": (SvdPairRecommender, {"rank": 6, "transfer": False}),
    "nmf": (NmfRecommender, {"rank": 3}),
    "nmf of pairs": (NmfRecommender, {"rank": 3, "rows": "pair"}),
    "cp": (CpRecommender, {"rank": 5}),
    "tucker": (TuckerRecommender, {"ranks": (4, 3, 6)}),
    "substitution": (SubstitutionRecommender, {}),
    "ensemble": (EnsembleRecommender, {}),
}
CASES = [pytest.param(name, arity, id=f"{name} of {arity}") for name in MODELS for arity in (2, 3, 4)]


def fitted(name: str, arity: int) -> Recommender:
    """Return a model fitted to the known set."""
    kind, settings = MODELS[name]
    return kind(**settings).fit(known_set(), space_of(arity))


def some(arity: int, n: int = 700) -> RoleTable:
    """Return some candidates."""
    roles: RoleTable = all_candidates(arity)
    return roles.take(np.random.default_rng(1).permutation(len(roles))[:n])


@pytest.mark.parametrize(("name", "arity"), CASES)
def test_a_stored_model_and_a_second_fit_give_the_same_scores_and_bytes(name: str, arity: int) -> None:
    model, roles = fitted(name, arity), some(arity)
    content = model.to_file().to_bytes()
    again = type(model).from_file(ModelFile.from_bytes(content))
    np.testing.assert_array_equal(again.score(roles), model.score(roles))
    assert again.to_file().to_bytes() == content
    assert fitted(name, arity).to_file().to_bytes() == content


@pytest.mark.parametrize(("name", "arity"), CASES)
def test_a_score_does_not_depend_on_the_other_rows(name: str, arity: int) -> None:
    model, roles = fitted(name, arity), some(arity)
    together = model.score(roles)
    for rows in (np.arange(37, 41), np.array([5]), np.arange(len(roles))[::-3]):
        np.testing.assert_array_equal(model.score(roles.take(rows)), together[rows])
    assert len(np.unique(together)) > (1 if arity == 2 else 5)
    assert np.isfinite(together).all()
    assert model.score(roles.take(np.zeros(0, int))).shape == (0,)


@pytest.mark.parametrize(("name", "arity"), CASES)
def test_the_order_of_the_cations_and_of_the_known_compositions_means_nothing(name: str, arity: int) -> None:
    model, roles = fitted(name, arity), some(arity)
    kind, settings = MODELS[name]
    known = known_set()
    shuffled = kind(**settings).fit(known.take(np.random.default_rng(3).permutation(len(known))), space_of(arity))
    np.testing.assert_allclose(shuffled.score(roles), model.score(roles), rtol=1e-4, atol=1e-6)
    kernel = model.kernel()
    if kernel is None:
        return
    np.testing.assert_array_equal(kernel.score(roles), model.score(roles))
    reverse = [*range(arity - 2, -1, -1), arity - 1]
    swapped = RoleTable(roles.cations[:, reverse[:-1]], roles.anions, roles.coefficients[:, reverse])
    np.testing.assert_allclose(kernel.score(swapped), model.score(roles), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "arity"), CASES)
def test_blocks_have_the_scores_of_their_rows(name: str, arity: int) -> None:
    model = fitted(name, arity)
    block = next(iter(space_of(arity).blocks()))
    scores = model.score_block(block)
    assert scores.shape == (len(block.cations), len(block.ratios))
    np.testing.assert_array_equal(scores.ravel(), model.score(block.roles()))


@pytest.mark.parametrize(("name", "arity"), CASES)
def test_what_has_a_score_is_in_the_support(name: str, arity: int) -> None:
    model = fitted(name, arity)
    support = model.support()
    if support is None:
        return
    roles = all_candidates(arity)
    listed = {support.composition(row) for row in range(len(support))}
    assert len(listed) == len(support)
    scored = np.flatnonzero(model.score(roles))
    assert {roles.composition(row) for row in scored.tolist()} <= listed
    inside = support.take(space_of(arity).mask(support))
    candidates = {roles.composition(row) for row in range(len(roles))}
    assert {inside.composition(row) for row in range(len(inside))} <= candidates


@pytest.mark.parametrize(("name", "arity"), CASES)
def test_an_explanation_adds_up(name: str, arity: int) -> None:
    model, known = fitted(name, arity), known_set()
    roles = all_candidates(arity)
    best = roles.composition(int(np.argmax(model.score(roles))))
    why = model.explain(best, known, 10_000)
    assert why.formula == best.formula
    assert why.score == model.score(model.roles_of(best))[0] == model.score(roles).max()
    assert sum(part.value for part in why.factors) == pytest.approx(why.score, rel=1e-5)
    formulas = [analogue.formula for analogue in why.analogues]
    assert formulas
    assert set(formulas) <= set(known.formulas()) - {best.formula}
    assert json.loads(json.dumps(why.to_dict()))["score"] == why.score
    few = model.explain(best, known, 2)
    assert few.analogues == why.analogues[:2]
    assert few.factors == why.factors[:2]
    nobody = model.explain(best, known.take(np.zeros(0, int)))
    assert nobody.analogues == ()
    assert nobody.score == why.score


@pytest.mark.parametrize("arity", [3, 4])
@pytest.mark.parametrize("name", ["svd_cation", "svd_pair", "tucker", "substitution"])
def test_the_known_compositions_add_up_to_the_score(name: str, arity: int) -> None:
    kind, settings = MODELS[name]
    model = kind(**{**settings, "transfer": False}).fit(known_set(), space_of(arity))
    known = known_set()
    roles = all_candidates(arity)
    unknown = np.flatnonzero(~np.isin(keys(roles), keys(known_roles(known, arity))))
    for row in unknown[np.argsort(-model.score(roles.take(unknown)))[:5]]:
        why = model.explain(roles.composition(row), known, 10_000)
        assert sum(analogue.contribution for analogue in why.analogues) == pytest.approx(why.score, rel=1e-4)


def keys(roles: RoleTable) -> Array:
    """Return (n,) texts that tell compositions apart."""
    return np.array([roles.ionic_formula(row) for row in range(len(roles))])


@pytest.mark.parametrize("name", MODELS)
def test_an_element_or_ratio_never_seen_is_scored_without_complaint(name: str) -> None:
    ions = known_set()
    model = fitted(name, 3)
    strangers = RoleTable(
        np.array([[3, 92], [3, 11]], np.uint8), np.array([8, 8], np.uint8), np.array([[2, 1, 2], [5, 37, 21]], np.uint8)
    )
    scores = model.score(strangers)
    assert np.isfinite(scores).all()
    assert scores.max() <= np.median(model.score(known_roles(ions, 3)))
    if name not in {"popularity", "pairs"}:
        assert scores.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", MODELS)
def test_known_compositions_rank_above_most_others(name: str) -> None:
    model = fitted(name, 3)
    known = model.score(known_roles(known_set(), 3))
    assert np.median(known) > np.quantile(model.score(all_candidates(3)), 0.8)


def test_what_a_model_was_trained_on_is_stored() -> None:
    known = known_set()
    file = fitted("cp", 4).to_file()
    training = file.hyperparameters["training"]
    assert training["sha256"] == known.sha256
    assert training["n_known"] == len(known)
    assert training["n_used"] == len(known_roles(known, 4))
    assert (training["licence"], training["source"]) == ("CC0", "drawn for a test")
    assert training["last_seen"] == known.first_seen.max()
    assert TrainingRecord.of(replace(known, age_unit="year"), 1).age_unit == "year"
    assert CandidateSpace.from_dict(file.hyperparameters["space"]) == space_of(4)
    assert file.kind == "recommender.cp"


def test_settings_are_the_arguments_of_the_constructor() -> None:
    model = SvdCationRecommender(rank=7)
    assert model.get_params() == {"rank": 7, "transfer": True}
    assert type(model)(**model.get_params()).get_params() == model.get_params()


def test_bad_input_is_refused_with_a_sentence() -> None:
    model = SubstitutionRecommender()
    with pytest.raises(RecommenderError, match="not fitted"):
        model.score(all_candidates(3))
    with pytest.raises(RecommenderError, match="not fitted"):
        model.to_file()
    with pytest.raises(RecommenderError, match="none of the 1 known"):
        model.fit(CompositionSet.of([parse_formula("FeAl2Ti")]), space_of(3))
    model.fit(known_set(), space_of(3))
    with pytest.raises(RecommenderError, match="3 elements, got 4"):
        model.score(all_candidates(4))
    with pytest.raises(RecommenderError, match="'LiAl7O' is no neutral"):
        model.explain(parse_formula("Al7LiO"), known_set())


@pytest.mark.parametrize("name", MODELS)
def test_a_file_that_does_not_fit_is_refused(name: str) -> None:
    model = fitted(name, 3)
    file = model.to_file()
    with pytest.raises(ModelFileError, match="expected"):
        type(model).from_file(replace(file, kind="recommender.other"))
    for array in sorted(set(file.arrays) - {"places", "axis.anions", "axis.ratios"}):
        cut = {**file.arrays, array: file.arrays[array][:-1]}
        without = {other: content for other, content in file.arrays.items() if other != array}
        for arrays in (cut, without):
            with pytest.raises(ModelFileError, match="does not fit"):
                type(model).from_file(replace(file, arrays=arrays))
    for record in ({}, {**file.hyperparameters, "settings": {"unknown": 1}}, {**file.hyperparameters, "space": {}}):
        with pytest.raises(ModelFileError, match="does not fit"):
            type(model).from_file(replace(file, hyperparameters=record))


def test_the_limits_and_ions_of_the_space_decide_what_is_learned_from() -> None:
    narrow = CandidateSpace(IONS.only(anions=[8]), 3, LIMITS)
    model = PopularityRecommender().fit(known_set(), narrow)
    roles = known_roles(known_set(), 3)
    assert 0 < model.training_.n_used <= np.count_nonzero(roles.anions == 8) < len(roles)
