"""A search in rounds from outside, made of nodes that no search has made."""

from types import SimpleNamespace

import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ProcessState

from aiida_gbml.workflows.rounds_view import RoundsView

pytestmark = pytest.mark.usefixtures("aiida_profile")


class View(RoundsView):
    """A search whose observations are numbers."""

    LABEL = "PatientWorkChain"
    NOUN = "a patient search"

    @property
    def observations(self):
        return max((node.get_list() for node in self.recorded), key=len, default=[])


@pytest.fixture
def search():
    node = orm.WorkChainNode()
    node.set_process_label("PatientWorkChain")
    return node.store()


def call(search, label, inputs, outputs, status=0):
    node = orm.CalcFunctionNode()
    node.base.links.add_incoming(search, LinkType.CALL_CALC, label)
    for name, data in inputs.items():
        node.base.links.add_incoming(data.store(), LinkType.INPUT_CALC, name)
    node.set_process_state(ProcessState.FINISHED)
    node.set_exit_status(status)
    node.store()
    for name, data in outputs.items():
        data.base.links.add_incoming(node, LinkType.CREATE, name)
        data.store()


def known(values):
    node = orm.List(values)
    node.base.attributes.set("n_observations", len(values))
    return node


def test_other_processes_are_refused(search):
    search.base.attributes.set("process_label", "HastyWorkChain")
    with pytest.raises(ValueError, match=f"process {search.pk} is a HastyWorkChain, not a patient search"):
        View(search)


def test_the_latest_observations_hold_the_earlier_ones(search):
    assert View(search).observations == []
    call(search, "record_0001", {}, {"observations": known([1, 2, 3])})
    call(search, "record_0000", {}, {"observations": known([1])})
    call(search, "adopt", {}, {"observations": known([])})
    call(search, "record_0002", {}, {}, status=301)
    view = View(search)
    assert view.observations == [1, 2, 3]
    assert view.progress == "3 evaluated"
    assert view.evaluated is None


def test_proposals_are_told_with_what_they_knew(search):
    call(search, "propose_0000", {}, {"outlook": orm.Dict({"hope": 1})})
    call(search, "propose_0001", {"observations": known([5, 6])}, {"outlook": orm.Dict({"hope": 2})})
    call(
        search, "propose_0002", {"arrays__observations": known([5, 6, 7])}, {"results__outlook": orm.Dict({"hope": 3})}
    )
    call(search, "propose_0003", {}, {}, status=202)
    assert View(search).outlooks == [(0, {"hope": 1}), (2, {"hope": 2}), (3, {"hope": 3})]


def test_the_most_frequent_reason_comes_first(search, monkeypatch):
    seen = SimpleNamespace(reasons=["", "far", "near", "near"])
    monkeypatch.setattr(View, "observations", seen)
    assert View(search).failures() == [("near", 2), ("far", 1)]
