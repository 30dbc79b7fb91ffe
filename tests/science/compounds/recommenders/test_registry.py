"""The list of recommenders: every module of the folder is in it, under its own name."""

import pytest
from known_compositions import known_set, space_of

from aiida_gbml.science.compounds.recommenders.registry import RECOMMENDERS
from aiida_gbml.science.learning.model_file import ModelFile, rebuild


@pytest.mark.parametrize("kind", sorted(RECOMMENDERS))
def test_a_recommender_has_its_kind_and_plain_settings(kind: str) -> None:
    model = RECOMMENDERS[kind]()
    assert model.kind == kind
    assert type(model)(**model.get_params()).get_params() == model.get_params()


def test_stored_models_are_rebuilt_by_their_kind() -> None:
    content = RECOMMENDERS["popularity"]().fit(known_set(), space_of(3)).to_file().to_bytes()
    kinds = {f"recommender.{kind}": model.from_file for kind, model in RECOMMENDERS.items()}
    assert rebuild(ModelFile.from_bytes(content), kinds).kind == "popularity"
