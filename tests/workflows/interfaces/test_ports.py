"""What a search is told and what it gives."""

import pytest
from aiida import orm

from aiida_gbml.calculations.worker import WorkerCalculation
from aiida_gbml.workflows.interfaces.search import GrainBoundarySearchWorkChain

SPEC = GrainBoundarySearchWorkChain.spec()


def test_what_has_to_be_given():
    required = {name for name, port in SPEC.inputs.items() if port.required}
    assert {"structure", "boundary", "strategy", "engine"} <= required
    assert not {"verification", "worker", "earlier", "templates", "budget"} & required


@pytest.mark.parametrize(
    ("name", "value"),
    [("space", {}), ("batch_size", 6), ("max_concurrent", 2), ("asynchronous", False), ("seed", 0)],
)
def test_defaults_are_nodes_made_anew_each_time(name, value):
    first, second = SPEC.inputs[name].default(), SPEC.inputs[name].default()
    assert first is not second
    assert (first.get_dict() if isinstance(first, orm.Dict) else first.value) == value


def test_both_engines_have_the_same_ports():
    engine, verification = (set(SPEC.inputs[name]) for name in ("engine", "verification"))
    assert verification - engine == {"n_basins"}
    assert not engine - verification


def test_a_worker_is_told_its_work_by_the_search():
    assert not {"arrays", "parameters"} & set(SPEC.inputs["worker"])
    assert set(WorkerCalculation.spec().inputs) - set(SPEC.inputs["worker"]) == {"arrays", "parameters"}


def test_only_what_every_search_has_is_a_required_output():
    required = {name for name, port in SPEC.outputs.items() if port.required}
    assert not {"model", "gamma_surface", "verified"} & required
    assert {"observations", "interface", "best_structure", "evaluated"} <= required
