"""Builders of a search from a protocol."""

import pytest
from aiida import orm
from ase.build import bulk
from searches import BOUNDARY, EmtEvaluationWorkChain

from aiida_gbml.science.interfaces.candidates import SearchSpace
from aiida_gbml.science.interfaces.strategies import Strategy
from aiida_gbml.workflows.interfaces.protocol import SearchProtocol
from aiida_gbml.workflows.interfaces.search import GrainBoundarySearchWorkChain

pytestmark = pytest.mark.usefixtures("aiida_profile", "emt_engine")

PROTOCOLS = ("fast", "balanced", "stringent")


def build(*, verification=False, **given):
    copper = orm.StructureData(ase=bulk("Cu"))
    engines = [EmtEvaluationWorkChain.get_builder_from_protocol(None, None) for _ in range(2)]
    second = {"verification": engines[1]} if verification else {}
    return GrainBoundarySearchWorkChain.get_builder_from_protocol(copper, BOUNDARY, engines[0], **second, **given)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_describes_a_search_that_can_be_made(protocol):
    settings = SearchProtocol.get_protocol_inputs(protocol)
    SearchSpace.from_dict(settings["space"])
    Strategy.from_dict(settings["strategy"])
    builder = build(protocol=protocol)
    assert builder.budget.value == settings["budget"]


def test_better_protocols_look_closer():
    settings = [SearchProtocol.get_protocol_inputs(one) for one in PROTOCOLS]
    budgets = [one["budget"] for one in settings]
    spacings = [SearchSpace.from_dict(one["space"]).translation_spacing for one in settings]
    assert budgets == sorted(budgets)
    assert spacings == sorted(spacings, reverse=True)


def test_overrides_are_absolute_and_leave_the_rest():
    builder = build(overrides={"seed": 7, "space": {"gaps": [0.5]}, "engine": {"mode": "static"}})
    assert builder.seed.value == 7
    assert builder.space["gaps"] == [0.5]
    assert builder.space["thickness"] == SearchProtocol.get_protocol_inputs()["space"]["thickness"]
    assert builder.engine.mode.value == "static"


def test_without_a_budget_every_candidate_may_be_evaluated():
    assert "budget" not in build(overrides={"budget": None})._inputs(prune=True)


def test_the_engine_keeps_its_inputs_but_not_those_of_one_evaluation():
    builder = build()
    assert builder.engine.workflow.value == "gbml.evaluation.emt"
    assert builder.engine.level_of_theory.value == "effective-medium theory"
    assert set(builder.engine.inputs) == {"least_distance", "max_failed_fraction"}


def test_there_is_a_verification_only_with_a_second_engine():
    assert "verification" not in build()._inputs(prune=True)
    with_second = build(verification=True, overrides={"verification": {"n_basins": 5}})
    assert with_second.verification.n_basins.value == 5
    assert with_second.verification.constraints["cell"] == "fixed"


def test_an_unknown_protocol_is_refused():
    with pytest.raises(ValueError, match="quick"):
        build(protocol="quick")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"bugdet": 3}, "there is no setting 'bugdet' to override, known are asynchronous, "),
        ({"engine": {"code": "lmp"}}, "there is no setting 'engine.code' to override"),
        ({"budget": 2.7}, "'budget' must be a whole number, got 2.7"),
        ({"budget": "many"}, "'budget' must be a whole number, got 'many'"),
        ({"seed": True}, "'seed' must be a whole number, got True"),
        ({"asynchronous": "no"}, "'asynchronous' must be true or false, got 'no'"),
        ({"max_failed_fraction": "half"}, "'max_failed_fraction' must be a number, got 'half'"),
        ({"space": [0.3]}, "'space' must be a mapping"),
    ],
)
def test_wrong_overrides_are_refused_and_not_rounded_or_ignored(overrides, message):
    with pytest.raises(ValueError, match=message):
        build(overrides=overrides)
