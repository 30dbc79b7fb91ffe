"""A search from outside."""

import numpy as np
import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import run_get_node
from hosts import surface_builder

from aiida_gbml.workflows.compounds.potential_surface_view import PotentialSurfaceView

pytestmark = pytest.mark.usefixtures("aiida_profile", "emt_engine")


@pytest.fixture(scope="module")
def search(aiida_profile, emt_engine):
    """Return a search of which some evaluations have failed."""
    return run_get_node(surface_builder({"least_distance": 1.4}))[1]


def pretend(search, inputs=None, **summary):
    """Store what another search has left, with the inputs of a real one but for some."""
    node = orm.WorkChainNode()
    node.set_process_label("PotentialSurfaceWorkChain")
    for name in ("structure", "mobile", "grid", "supercell"):
        given = (inputs or {}).get(name, search.inputs[name])
        node.base.links.add_incoming(given.store(), LinkType.INPUT_WORK, name)
    node.store()
    known = {"n_points": 21, "n_evaluated": 21, "level_of_theory": search.outputs.summary["level_of_theory"]}
    orm.Dict({**known, **summary}).store().base.links.add_incoming(node, LinkType.RETURN, "summary")


def test_it_tells_what_was_found(search):
    view = PotentialSurfaceView(search)
    assert view.state == "finished"
    assert len(view.observations) == view.summary["n_evaluated"] == len(view.evaluated)
    assert view.sites[0]["energy"] == 0.0
    assert view.surface["path_energies"].max() == pytest.approx(view.summary["barrier"])
    assert view.failures() == [("atoms overlap: a pair is closer than 1.4 Å", view.summary["n_failed"])]


def test_the_course_ends_with_the_barrier(search):
    course = PotentialSurfaceView(search).course
    assert np.all(np.diff(course[:, 0]) > 0)
    assert course[-1, 1] == pytest.approx(search.outputs.summary["barrier"])
    assert course[-1, 2] >= 0.5


def test_the_exhaustive_barrier_is_that_of_the_same_surface(search):
    view = PotentialSurfaceView(search)
    before = view.exhaustive_barrier()
    pretend(search, {"supercell": orm.List([1, 1, 7])}, barrier=0.1)
    pretend(search, {"mobile": orm.Str("He")}, barrier=0.2)
    pretend(search, barrier=0.3, level_of_theory="a better one")
    pretend(search, barrier=0.4, n_evaluated=20)
    pretend(search, barrier=None)
    assert view.exhaustive_barrier() == before
    pretend(search, barrier=0.5)
    assert view.exhaustive_barrier() == 0.5


def test_a_search_that_has_not_begun_has_found_nothing():
    node = orm.WorkChainNode()
    node.set_process_label("PotentialSurfaceWorkChain")
    view = PotentialSurfaceView(node.store())
    assert view.failures() == []
    assert view.summary == view.surface == {}
    assert view.evaluated is None
    assert view.sites == []
    assert len(view.course) == len(view.observations) == 0


def test_other_processes_are_refused():
    node = orm.WorkChainNode()
    node.set_process_label("OtherWorkChain")
    with pytest.raises(ValueError, match="is a OtherWorkChain, not a search of a potential-energy surface"):
        PotentialSurfaceView(node.store())
